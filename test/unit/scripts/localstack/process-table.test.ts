import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterEach, expect, test } from 'vitest'
import { endProcessesWith, processesWith } from '../../../../scripts/localstack/process-table.ts'

const children: ChildProcess[] = []
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})

const forever = 'setInterval(() => {}, 1e6)'

/** A process with this mark in its command line. */
async function started(mark: string, source = `console.log(); ${forever}`): Promise<number> {
  const child = spawn(process.execPath, ['-e', source, '--', mark], { stdio: ['ignore', 'pipe', 'inherit'] })
  children.push(child)
  await once(child.stdout, 'data')
  return child.pid ?? 0
}

test('a process is found by a whole argument', async () => {
  const mark = `--instance=/made up/${process.pid}`
  const pid = await started(mark)
  await started(`${mark}5`)
  expect(processesWith(` ${mark} `).map(one => one.pid)).toEqual([pid])
})

test('all are ended, with those that are still being started', async () => {
  const mark = `--instance=/starts/${process.pid}`
  const next = `['-e', '${forever}', '--', '${mark}']`
  const start = `spawn(process.execPath, ${next}, { detached: true, stdio: 'ignore' })`
  const source = `const { spawn } = require('node:child_process'); setInterval(() => ${start}, 20)`
  await started(mark, `console.log(); ${source}`)
  while (processesWith(` ${mark} `).length < 3) await new Promise(resolve => setTimeout(resolve, 5))
  expect(await endProcessesWith([` ${mark} `])).toBe(true)
  expect(processesWith(` ${mark} `)).toEqual([])
  expect(await endProcessesWith([` ${mark} `])).toBe(false)
})
