/**
 * The runtime of a Node.js function: loads its handler and asks the Runtime API for work. A response stream is
 * collected and leaves as one answer, because LocalStack streams none.
 */
import { existsSync } from 'node:fs'
import http from 'node:http'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { finished } from 'node:stream/promises'
import { pathToFileURL } from 'node:url'

const { env } = process
const [host, port] = env.AWS_LAMBDA_RUNTIME_API.split(':')
const streaming = Symbol.for('aws.lambda.runtime.handler.streaming')
const preludeType = 'application/vnd.awslambda.http-integration-response'

// LocalStack keeps the other end, and never writes: it closes when LocalStack ends, however that happens.
process.stdin.on('end', () => process.exit()).resume()

// Before a function can put something else in its place.
const write = process.stdout.write.bind(process.stdout)

// `fetch` would give up the wait for work after 300 s, and with it a warm environment.
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })

/** `{ status, headers, text }` */
const ask = (method, path, body, headers = {}) =>
  new Promise((resolve, reject) => {
    const payload = body === undefined ? undefined : Buffer.from(body)
    const length = payload ? { 'content-length': payload.length } : {}
    const request = http.request(
      { host, port, agent, method, path: `/2018-06-01/runtime${path}`, headers: { ...headers, ...length } },
      response => {
        const chunks = []
        response
          .on('data', chunk => chunks.push(chunk))
          .on('error', reject)
          .on('end', () =>
            resolve({
              status: response.statusCode,
              headers: response.headers,
              text: Buffer.concat(chunks).toString(),
            }),
          )
      },
    )
    request.setNoDelay(true)
    request.on('error', reject)
    request.end(payload)
  })

const told = error =>
  JSON.stringify({
    errorType: error?.name ?? 'Error',
    errorMessage: error?.message ?? String(error),
    trace: (error?.stack ?? '').split('\n'),
  })

globalThis.awslambda = {
  streamifyResponse: handler => Object.assign(handler, { [streaming]: true }),
  HttpResponseStream: {
    from(stream, prelude) {
      stream.setContentType(preludeType)
      stream.write(JSON.stringify(prelude))
      stream.write(new Uint8Array(8))
      return stream
    },
  },
}

const handler = await load(env._HANDLER).catch(async error => {
  console.error(error)
  await ask('POST', '/init/error', told(error))
  process.exit(1)
})

for (;;) {
  // When LocalStack has gone, or has no more work for it.
  const next = await ask('GET', '/invocation/next').catch(() => process.exit())
  if (next.status !== 200) process.exit()
  const id = next.headers['lambda-runtime-aws-request-id']
  env._X_AMZN_TRACE_ID = next.headers['lambda-runtime-trace-id']
  write('\0begin\n')
  const [path, ...answer] = await run(JSON.parse(next.text), contextOf(next.headers))
  // Lines of a log that come after this belong to the next invocation.
  write('\0end\n')
  await ask('POST', `/invocation/${id}/${path}`, ...answer).catch(() => process.exit())
}

async function load(spec) {
  const [, module, name] = /^(.*)\.([^.]+)$/.exec(spec)
  const root = env.LAMBDA_TASK_ROOT
  const file = ['.mjs', '.cjs', '.js'].map(end => join(root, module + end)).find(existsSync)
  if (!file) throw named('Runtime.ImportModuleError', `Cannot find module '${module}'`)
  const loaded = await import(pathToFileURL(file).href)
  const found = loaded[name] ?? loaded.default?.[name]
  if (typeof found !== 'function')
    throw named('Runtime.HandlerNotFound', `${spec} is undefined or not exported`)
  // As the runtime of Node 24 refuses it.
  if (found.length > 2 && !found[streaming])
    throw named('Runtime.CallbackHandlerDeprecated', `${spec} takes a callback`)
  return found
}

async function run(event, context) {
  try {
    if (handler[streaming]) return ['response', await collect(event, context)]
    return ['response', JSON.stringify((await handler(event, context)) ?? null)]
  } catch (error) {
    console.error(error)
    return ['error', told(error), { 'Lambda-Runtime-Function-Error-Type': error?.name ?? 'Error' }]
  }
}

/** What a handler writes, whole; with a prelude, as an answer to API Gateway. */
async function collect(event, context) {
  let contentType
  const chunks = []
  const stream = new PassThrough()
  stream.setContentType = type => {
    contentType = type
  }
  stream.on('data', chunk => chunks.push(chunk))
  const ended = finished(stream)
  // Heeded below: until then a broken stream is no unhandled rejection.
  ended.catch(() => {})
  await handler(event, stream, context)
  stream.end()
  await ended
  const all = Buffer.concat(chunks)
  if (contentType !== preludeType) return all
  const gap = all.indexOf(Buffer.alloc(8))
  const { cookies, ...prelude } = JSON.parse(all.subarray(0, gap).toString())
  return JSON.stringify({
    ...prelude,
    ...(cookies && cookiesFor(event, cookies, prelude)),
    ...bodyOf(all.subarray(gap + 8)),
  })
}

/** Payload version 2.0 is that of a function URL; a REST API has only headers. */
function cookiesFor(event, cookies, prelude) {
  if (event.version === '2.0') return { cookies }
  return { multiValueHeaders: { ...prelude.multiValueHeaders, 'set-cookie': cookies } }
}

/** A REST API decodes base64 for its binary media types only: text goes as text. */
function bodyOf(bytes) {
  try {
    return { body: new TextDecoder('utf-8', { fatal: true }).decode(bytes), isBase64Encoded: false }
  } catch {
    return { body: bytes.toString('base64'), isBase64Encoded: true }
  }
}

function contextOf(headers) {
  const deadline = Number(headers['lambda-runtime-deadline-ms'])
  return {
    awsRequestId: headers['lambda-runtime-aws-request-id'],
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    functionName: env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
  }
}

function named(name, message) {
  return Object.assign(new Error(message), { name })
}
