#!/usr/bin/env node
import { once } from 'node:events'
import { homedir } from 'node:os'
import { setTimeout as wait } from 'node:timers/promises'
import { run } from './program.ts'

const interruption = new AbortController()
// A second signal finds no handler and ends the process at once.
process.once('SIGINT', () => interruption.abort())
// Whoever read the output has enough: `sallyport log tail | head`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})

process.exitCode = await run(process.argv.slice(2), {
  env: process.env,
  home: homedir(),
  stdin: process.stdin,
  interactive: process.stdin.isTTY === true,
  async write(data) {
    if (!process.stdout.write(data)) await once(process.stdout, 'drain')
  },
  say: text => process.stderr.write(text),
  sleep: ms => wait(ms, undefined, { signal: interruption.signal }).catch(() => {}),
  interrupted: interruption.signal,
})
