#!/usr/bin/env node
import { once } from 'node:events'
import { homedir } from 'node:os'
import { setTimeout as wait } from 'node:timers/promises'
import { startBrowser } from './browser.ts'
import { launch } from './launch.ts'
import { run } from './program.ts'

const interruption = new AbortController()
const signals = ['SIGINT', 'SIGTERM'] as const
function interrupt(): void {
  interruption.abort()
  // Who waits for input would wait on.
  process.stdin.destroy()
}
// A second signal finds no handler and ends the process at once.
for (const signal of signals) process.once(signal, interrupt)
/** As a program ends by SIGPIPE. Never 0: of a verification, `| head` may have cut off what it found. */
const pipeClosed = 141
// Whoever read the output has enough: `sallyport log tail | head`.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(pipeClosed)
    throw error
  })

process.exitCode = await run(process.argv.slice(2), {
  env: process.env,
  home: homedir(),
  stdin: process.stdin,
  interactive: process.stdin.isTTY === true,
  watched: process.stderr.isTTY === true,
  async write(data) {
    if (!process.stdout.write(data)) await once(process.stdout, 'drain')
  },
  say: text => process.stderr.write(text),
  now: () => Date.now(),
  sleep: (ms, signal) =>
    wait(ms, undefined, {
      signal: AbortSignal.any([interruption.signal, ...(signal ? [signal] : [])]),
    }).catch(() => {}),
  browse: startBrowser,
  launch(command, variables) {
    for (const signal of signals) process.off(signal, interrupt)
    return launch(command, { ...process.env, ...variables })
  },
  interrupted: interruption.signal,
})
