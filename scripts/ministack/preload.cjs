/** Goes into every process of a function: after an answer ministack waits 50 ms for lines of its log, unless there is one. */
const write = process.stdout.write
const writeError = process.stderr.write
let logged = false
process.stderr.write = function (...args) {
  logged = true
  return writeError.apply(this, args)
}
process.stdout.write = function (...args) {
  if (!logged && String(args[0]).startsWith('{')) writeError.call(process.stderr, '.\n')
  logged = false
  return write.apply(this, args)
}
