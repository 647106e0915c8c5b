/**
 * Goes into every process of a function, for what ministack's runtime of Node.js lacks: response streams, collected
 * here into one answer, and a prompt answer of a handler that logs nothing.
 */
const { PassThrough } = require('node:stream')
const { finished } = require('node:stream/promises')

const preludes = new WeakMap()

globalThis.awslambda = {
  HttpResponseStream: {
    from(stream, prelude) {
      preludes.set(stream, prelude)
      return stream
    },
  },
  streamifyResponse: handler => async (event, context) => {
    const chunks = []
    const stream = new PassThrough()
    stream.setContentType = type => preludes.set(stream, { headers: { 'content-type': type } })
    stream.on('data', chunk => chunks.push(chunk))
    const ended = finished(stream)
    // Heeded below: until then a broken stream is no unhandled rejection.
    ended.catch(() => {})
    await handler(event, stream, context)
    stream.end()
    await ended
    const body = Buffer.concat(chunks)
    const prelude = preludes.get(stream)
    return prelude ? answer(event, prelude, body) : body.toString()
  },
}

/** To API Gateway a proxy response; to whoever calls the function itself, or its URL, the bytes of a stream. */
function answer(event, { statusCode = 200, cookies, ...prelude }, body) {
  if (event?.httpMethod === undefined)
    return `${JSON.stringify({ statusCode, cookies, ...prelude })}${'\0'.repeat(8)}${body}`
  const multiValueHeaders = { ...prelude.multiValueHeaders, ...(cookies && { 'set-cookie': cookies }) }
  return { statusCode, ...prelude, multiValueHeaders, body: body.toString() }
}

// After an answer ministack waits 50 ms for lines of its log, unless there is one.
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
