/**
 * `npm run localstack -- up|deploy|down|reset`: a LocalStack on this machine, without Docker. Each may be repeated.
 * SALLYPORT_AWS_ENDPOINT names one that runs already, a container for instance: it is used, and neither started nor
 * stopped.
 */
import { mkdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import { parseArgs } from 'node:util'
import { signIns } from './demo/sign-ins.ts'
import { clientEnvironment } from './localstack/client-environment.ts'
import {
  defaultPort,
  type Instance,
  instanceFolder,
  runningInstance,
  startInstance,
  stopInstance,
} from './localstack/instance.ts'

const usage = `npm run localstack -- <command> [--port ${defaultPort}]

  up       install LocalStack, once, and start it
  deploy   up, then Sallyport on it, with the demo's story
  down     stop it; what was deployed goes with it
  reset    down, then up`

const stack = 'Sallyport'
const folder = instanceFolder('default')
const foreign = process.env.SALLYPORT_AWS_ENDPOINT || undefined
const say = (line: string): void => console.log(line)

async function up(port: number | undefined): Promise<Instance> {
  if (foreign !== undefined) return adopt(foreign)
  const instance = await startInstance({ folder, port: port ?? defaultPort, say })
  if (port !== undefined && port !== 0 && portOf(instance) !== port)
    throw new Error(`LocalStack runs already, at ${instance.endpoint}: npm run localstack -- down`)
  say(`LocalStack  ${instance.endpoint}`)
  say(`its log     ${relative('', instance.log)}`)
  return instance
}

/** A URL does not tell the port that its scheme has anyway. */
const portOf = ({ endpoint }: Instance): number => Number(new URL(endpoint).port || 80)

async function deploy(port: number | undefined): Promise<void> {
  const { endpoint } = await up(port)
  const log = join(folder, 'deploy.log')
  say(`Deploying; the log is ${relative('', log)}`)
  // With the SDK and the bundler these take longer to load than any other command to run.
  const { deployEmulated } = await import('./aws/emulated.ts')
  const { openStack } = await import('./aws/stack.ts')
  const { runDemo, tellDemo, tellDemoElsewhere } = await import('./localstack/demo.ts')
  const env = clientEnvironment(endpoint)
  const issuer = await deployEmulated({ target: 'localstack', stack, env, log })
  const { store, close } = await openStack(stack)
  const place = { store, folder, issuer }
  const told =
    foreign === undefined ? runDemo(place).then(where => tellDemo(place, where)) : tellDemoElsewhere(place)
  const profile = await told.finally(close)
  const sallyport = `npx sallyport --profile ${relative('', profile)}`
  const body = '{"model":"aurora-preview","max_tokens":20,"messages":[{"role":"user","content":"Hello"}]}'
  say(`Sallyport   ${issuer}`)
  say(`Try it:     ${sallyport} quota`)
  if (foreign !== undefined) {
    say('Its model is asked at http://127.0.0.1:8789, where `npm start` has a demo upstream.')
    say('Its people cannot sign in: their provider ran while they told the story.')
    return
  }
  say(`            ${sallyport} curl /openai/v1/chat/completions -d '${body}'`)
  say(`Sign in:    SALLYPORT_ENDPOINT=${issuer} npx sallyport auth login`)
  say(`            as ${signIns} (all made up)`)
}

async function down(): Promise<void> {
  if (foreign !== undefined) throw new Error(`${foreign} is not ours to stop: SALLYPORT_AWS_ENDPOINT is set.`)
  say((await stopInstance(folder, say)) ? 'LocalStack is stopped.' : 'LocalStack was not running.')
}

async function adopt(address: string): Promise<Instance> {
  if (!URL.canParse(address)) throw new Error(`SALLYPORT_AWS_ENDPOINT: ${address} is not a URL.`)
  const endpoint = new URL(address).origin
  if (!/^https?:\/\/[^/]+$/.test(endpoint))
    throw new Error(`SALLYPORT_AWS_ENDPOINT: write it as http://127.0.0.1:4566, not ${endpoint}.`)
  const health = `${endpoint}/_localstack/health`
  const answer = await fetch(health, { signal: AbortSignal.timeout(10_000) }).catch((error: Error) => ({
    ok: false,
    status: String(error.cause ?? error),
  }))
  if (!answer.ok)
    throw new Error(`SALLYPORT_AWS_ENDPOINT: ${health} does not answer as LocalStack does: ${answer.status}`)
  mkdirSync(folder, { recursive: true })
  say(`LocalStack  ${endpoint} (SALLYPORT_AWS_ENDPOINT)`)
  return { endpoint, folder, log: '' }
}

async function run(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { port: { type: 'string' } },
    allowPositionals: true,
  })
  const port = values.port === undefined ? undefined : Number(values.port)
  if (port !== undefined && !(Number.isInteger(port) && port >= 0 && port <= 65_535))
    throw new Error(`--port ${values.port}: a port is a number up to 65535; 0 takes any free one.`)
  const [command, ...more] = positionals
  if (more.length === 0 && command === 'up') {
    await up(port)
    say('Next:       npm run localstack -- deploy')
    if (foreign === undefined) say('Stop it:    npm run localstack -- down')
  } else if (more.length === 0 && command === 'deploy') await deploy(port)
  else if (more.length === 0 && command === 'down') await down()
  else if (more.length === 0 && command === 'reset') {
    const former = runningInstance(folder)
    await down()
    await up(port ?? (former && portOf(former)))
  } else throw new Error(`Which command?\n\n${usage}`)
}

run(process.argv.slice(2)).catch((error: Error) => {
  console.error(error.message)
  process.exitCode = 1
})
