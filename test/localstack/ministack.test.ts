/** An instance of ministack: over TLS, beside another one, killed, stopped. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { processesWith } from '../../scripts/localstack/process-table.ts'
import { type Ministack, startMinistack } from '../../scripts/ministack/instance.ts'
import { listenersOf } from './listeners.ts'

const folder = mkdtempSync(join(tmpdir(), 'sallyport-ministack-'))
const processes = (name: string) => processesWith(` --instance=${join(folder, name)} `)
afterAll(() => rmSync(folder, { recursive: true }))

async function status({ endpoint }: Ministack, certificate: string): Promise<number | undefined> {
  const asked = request(`${endpoint}/_ministack/health`, {
    ca: readFileSync(certificate),
    agent: false,
  }).end()
  const [response] = await once(asked, 'response')
  response.resume()
  return response.statusCode
}

describe('two side by side', () => {
  let one: Ministack
  let other: Ministack
  beforeAll(async () => {
    one = await startMinistack(join(folder, 'one'))
    other = await startMinistack(join(folder, 'other'))
  })
  afterAll(async () => {
    await one.stop()
    await other.stop()
  })

  test('each answers with its own certificate', async () => {
    expect(await status(one, one.certificate)).toBe(200)
    expect(await status(other, other.certificate)).toBe(200)
    await expect(status(one, other.certificate)).rejects.toThrow('self-signed certificate')
  })

  test('each has one port, on loopback, and none has 443', () => {
    for (const [name, { endpoint }] of [
      ['one', one],
      ['other', other],
    ] as const)
      expect(listenersOf(processes(name).map(({ pid }) => pid))).toEqual([new URL(endpoint).host])
  })

  test('one that is stopped leaves no process, and the other alone', async () => {
    await one.stop()
    expect(processes('one')).toEqual([])
    expect(await status(other, other.certificate)).toBe(200)
  })

  test('one that was killed can be stopped, and started again', async () => {
    for (const { pid } of processes('other')) process.kill(pid, 'SIGKILL')
    await other.stop()
    expect(processes('other')).toEqual([])
    other = await startMinistack(join(folder, 'other'))
    expect(await status(other, other.certificate)).toBe(200)
  })
})

test('nothing stays when its owner is killed', async () => {
  const script = join(import.meta.dirname, '../../scripts/ministack/instance.ts')
  const source = `import { startMinistack } from '${script}'
    await startMinistack('${join(folder, 'orphan')}')
    console.log('ready'); setInterval(() => {}, 1e6)`
  const owner = spawn(process.execPath, ['--input-type=module', '-e', source], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(owner.stdout, 'data')
  expect(processes('orphan').length).toBe(1)
  owner.kill('SIGKILL')
  while (processes('orphan').length > 0) await new Promise(resolve => setTimeout(resolve, 10))
})
