/** An instance of LocalStack: started, used, killed, stopped. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type Instance,
  runningInstance,
  startInstance,
  stopInstance,
} from '../../scripts/localstack/instance.ts'
import { processesWith } from '../../scripts/localstack/process-table.ts'
import { listenersOf } from './listeners.ts'

const folder = mkdtempSync(join(tmpdir(), 'sallyport-localstack-'))
const start = (): Promise<Instance> => startInstance({ folder, port: 0, owned: true })
const processes = () => processesWith(` --instance=${folder} `)
const pidOf = (what: string): number => processes().find(one => one.command.includes(what))?.pid ?? 0
const ended = async (): Promise<void> => {
  while (processes().length > 0) await new Promise(resolve => setTimeout(resolve, 10))
}
afterAll(async () => {
  await stopInstance(folder)
  rmSync(folder, { recursive: true })
})

describe('an instance that was started', () => {
  let instance: Instance
  beforeAll(async () => {
    instance = await start()
  })

  test('answers', async () => {
    const health = await fetch(`${instance.endpoint}/_localstack/health`)
    expect(await health.json()).toMatchObject({ version: '2026.3.0' })
  })

  test('has tables from the first call on', async () => {
    const answer = await fetch(instance.endpoint, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': 'DynamoDB_20120810.ListTables',
        authorization: 'AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/dynamodb/aws4_request',
      },
      body: '{}',
    })
    expect(await answer.json()).toEqual({ TableNames: [] })
  })

  test('listens on loopback only', () => {
    const listeners = listenersOf(processes().map(({ pid }) => pid))
    expect(listeners).toContain(new URL(instance.endpoint).host)
    expect(listeners.map(one => one.split(':')[0])).toEqual(['127.0.0.1', '127.0.0.1'])
  })

  test('is the one that a second start returns', async () => {
    const before = processes()
    expect(await start()).toEqual(instance)
    expect(processes()).toEqual(before)
    expect(runningInstance(folder)).toEqual(instance)
  })

  test('has its port to itself: another that asks for it is told so', async () => {
    const other = join(folder, 'other')
    const port = Number(new URL(instance.endpoint).port)
    await expect(startInstance({ folder: other, port, owned: true })).rejects.toThrow(
      `Port ${port} is taken by another program`,
    )
    expect(processesWith(` --instance=${other} `)).toEqual([])
  })

  test('leaves no process when it is stopped', async () => {
    expect(await stopInstance(folder)).toBe(true)
    expect(processes()).toEqual([])
    expect(runningInstance(folder)).toBeUndefined()
    expect(await stopInstance(folder)).toBe(false)
  })
})

describe('nothing stays', () => {
  test('of an instance whose LocalStack was killed', async () => {
    await start()
    process.kill(pidOf('localstack_host'), 'SIGKILL')
    await ended()
    expect(runningInstance(folder)).toBeUndefined()
  })

  test('of an instance whose LocalStack hangs, once it is stopped', async () => {
    await start()
    process.kill(pidOf('localstack_host'), 'SIGSTOP')
    expect(await stopInstance(folder)).toBe(true)
    expect(processes()).toEqual([])
  })

  test('of an instance whose owner was killed', async () => {
    const script = join(import.meta.dirname, '../../scripts/localstack/instance.ts')
    const source = `import { startInstance } from '${script}'
      await startInstance({ folder: '${folder}', port: 0, owned: true })
      console.log('ready'); setInterval(() => {}, 1e6)`
    const owner = spawn(process.execPath, ['--input-type=module', '-e', source], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(owner.stdout, 'data')
    expect(processes().length).toBe(2)
    owner.kill('SIGKILL')
    await ended()
  })
})

test('without its tables LocalStack does not go on', async () => {
  const { log } = await start()
  process.kill(pidOf('LoopbackDynamoDb'), 'SIGKILL')
  await ended()
  expect(readFileSync(log, 'utf8')).toContain('DynamoDB Local ended with -9')
})
