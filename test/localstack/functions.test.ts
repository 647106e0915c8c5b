/** Functions on LocalStack, which are processes here. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import {
  CreateFunctionCommand,
  InvokeCommand,
  LambdaClient,
  waitUntilFunctionActiveV2,
} from '@aws-sdk/client-lambda'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Instance, sandboxesOf, startInstance, stopInstance } from '../../scripts/localstack/instance.ts'

const source = `
const { appendFileSync } = require('node:fs')
exports.quick = async () => process.pid
exports.begins = async ({ file }) => {
  appendFileSync(file, 'begun\\n')
  await new Promise(() => setInterval(() => {}, 1e6))
}
exports.logs = async () => { for (let n = 1; n <= 200; n++) console.log('line', n) }
exports.callback = (event, context, callback) => callback(null, 'done')
exports.streams = awslambda.streamifyResponse(async (event, stream, context) => {
  const prelude = { statusCode: 201, headers: { 'content-type': 'text/event-stream' }, cookies: ['a=1'] }
  const response = awslambda.HttpResponseStream.from(stream, prelude)
  for (const part of ['data: one\\n\\n', 'data: zwölf\\n\\n']) {
    response.write(part)
    await new Promise(resolve => setTimeout(resolve, 5))
  }
  response.end()
})
exports.breaks = awslambda.streamifyResponse(async (event, stream) => {
  stream.write('half')
  stream.destroy(new Error('broken off'))
})
`

const folder = mkdtempSync(join(tmpdir(), 'sallyport-functions-'))
let instance: Instance
let client: LambdaClient
beforeAll(async () => {
  instance = await startInstance({ folder, port: 0, owned: true })
  client = new LambdaClient({
    endpoint: instance.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  })
})
afterAll(async () => {
  await stopInstance(folder)
  rmSync(folder, { recursive: true })
})

async function create(name: string): Promise<void> {
  await client.send(
    new CreateFunctionCommand({
      FunctionName: name,
      Handler: `index.${name}`,
      Runtime: 'nodejs24.x',
      Role: 'arn:aws:iam::000000000000:role/any',
      Timeout: 20,
      Code: { ZipFile: zipOf('index.js', Buffer.from(source)) },
    }),
  )
  await waitUntilFunctionActiveV2({ client, maxWaitTime: 10, minDelay: 0.05 }, { FunctionName: name })
}

async function call(name: string, event: object = {}) {
  const {
    FunctionError,
    Payload,
    LogResult = '',
  } = await client.send(
    new InvokeCommand({ FunctionName: name, Payload: JSON.stringify(event), LogType: 'Tail' }),
  )
  return {
    error: FunctionError,
    result: JSON.parse(Buffer.from(Payload ?? []).toString()),
    log: Buffer.from(LogResult, 'base64').toString(),
  }
}

const pidOf = (name: string): number =>
  sandboxesOf(instance).find(({ functionName }) => functionName === name)?.pid ?? 0

describe('a function whose process is killed', () => {
  test('in a call fails that call, which is not made again, and serves the next', async () => {
    await create('begins')
    const file = join(folder, 'begun')
    const begun = (): string => readFileSync(file, { encoding: 'utf8', flag: 'a+' })
    for (const calls of [1, 2]) {
      const answer = call('begins', { file })
      while (begun() !== 'begun\n'.repeat(calls)) await new Promise(resolve => setTimeout(resolve, 5))
      process.kill(pidOf('begins'), 'SIGKILL')
      expect(await answer).toMatchObject({
        error: 'Unhandled',
        result: { errorType: 'Runtime.ExitError', errorMessage: expect.stringContaining('SIGKILL') },
      })
      expect(begun()).toBe('begun\n'.repeat(calls))
    }
  })

  test('between two calls serves the next as if nothing were', async () => {
    await create('quick')
    for (let n = 0; n < 10; n++) {
      const { error, result } = await call('quick')
      expect({ error, result }).toEqual({ error: undefined, result: pidOf('quick') })
      process.kill(result, 'SIGKILL')
    }
  })
})

test('all lines of a call are in its log, in order', async () => {
  await create('logs')
  for (let n = 0; n < 3; n++) {
    const lines = (await call('logs')).log.split('\n').filter(line => line.startsWith('line'))
    expect(lines).toEqual(Array.from({ length: lines.length }, (_, i) => `line ${i + 201 - lines.length}`))
    expect(lines.length).toBeGreaterThan(150)
  }
})

test('a response stream arrives whole, as an answer to API Gateway', async () => {
  await create('streams')
  expect((await call('streams', { httpMethod: 'GET' })).result).toEqual({
    statusCode: 201,
    headers: { 'content-type': 'text/event-stream' },
    multiValueHeaders: { 'set-cookie': ['a=1'] },
    body: 'data: one\n\ndata: zwölf\n\n',
    isBase64Encoded: false,
  })
})

test('a response stream that breaks off is an error', async () => {
  await create('breaks')
  expect(await call('breaks')).toMatchObject({
    error: 'Unhandled',
    result: { errorType: 'Error', errorMessage: 'broken off' },
  })
})

test('a handler that takes a callback is refused, as by the runtime of Node 24', async () => {
  await create('callback')
  expect(await call('callback')).toMatchObject({
    error: 'Unhandled',
    result: { errorType: 'Runtime.CallbackHandlerDeprecated' },
  })
})

/** An archive of one stored file: PKWARE APPNOTE 4.3.7, 4.3.12 and 4.3.16. */
function zipOf(name: string, content: Buffer): Buffer {
  const entry = Buffer.alloc(26)
  entry.writeUInt16LE(20, 0)
  entry.writeUInt32LE(crc32(content), 10)
  entry.writeUInt32LE(content.length, 14)
  entry.writeUInt32LE(content.length, 18)
  entry.writeUInt16LE(name.length, 22)
  const local = Buffer.concat([Buffer.from('PK\x03\x04'), entry, Buffer.from(name), content])
  const more = Buffer.alloc(14)
  const central = Buffer.concat([Buffer.from('PK\x01\x02\x14\x00'), entry, more, Buffer.from(name)])
  const end = Buffer.alloc(18)
  end.writeUInt16LE(1, 4)
  end.writeUInt16LE(1, 6)
  end.writeUInt32LE(central.length, 8)
  end.writeUInt32LE(local.length, 12)
  return Buffer.concat([local, central, Buffer.from('PK\x05\x06'), end])
}
