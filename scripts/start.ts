/** `npm start`: everything in one process on loopback. Shows the main job once, then stays up. */
import { join } from 'node:path'
import { keys } from '../shared/domain/keys.ts'
import type { Store } from '../shared/ports/store.ts'
import { showMainJob } from './demo/main-job.ts'
import { people } from './demo/people.ts'
import { startDemoProvider } from './demo/provider.ts'
import { developerId } from './demo/story.ts'
import { startDemoUpstream } from './demo/upstream.ts'
import { type Config, readConfig } from './embedded/config.ts'
import { openSallyport, type Sallyport } from './embedded/sallyport.ts'
import { seed } from './seed.ts'

/** How long requests under way may go on after SIGTERM. */
const graceMs = 30_000

async function start(config: Config): Promise<void> {
  const upstream = config.demo ? await startDemoUpstream({ port: config.demoUpstreamPort }) : undefined
  const sallyport = await openSallyport(config)
  const { issuer, store } = sallyport
  const parts: { close(): Promise<void> }[] = upstream ? [upstream] : []
  stopOnSignal(sallyport, parts)
  if (!upstream) {
    console.log(`ready ${issuer}`)
    return
  }
  const provider = await startDemoProvider({
    port: await providerPort(store, config),
    issuerOfSallyport: issuer,
    people,
    keys: join(config.data, 'demo', 'provider-keys.json'),
  })
  parts.push(provider)
  const endpoints = {
    openai: config.upstreamOpenai ?? `${upstream.url}/v1`,
    anthropic: config.upstreamAnthropic ?? upstream.url,
  }
  const where = { data: config.data, issuer, endpoints, provider: provider.issuer }
  const credentials = await seed(store, where)
  console.log(`ready ${issuer}`)
  await showMainJob(credentials, issuer, config.data, line => console.log(line)).catch(error => {
    console.error(`The main job could not be shown: ${reason(error)}`)
  })
}

/** People are who they are at their provider's address: that of the first start is kept. */
async function providerPort(store: Store, { demoProviderPort }: Config): Promise<number> {
  const [known] = await store.get([keys.organisation(developerId)])
  const port = Number(new URL(known?.provider?.issuer ?? 'http://127.0.0.1:0').port)
  if (port === 0 || demoProviderPort === port) return demoProviderPort
  if (demoProviderPort === 0) return port
  throw new Error(
    `the demo's people sign in at port ${port} since the first start: set SALLYPORT_DEMO_PROVIDER_PORT=${port}, or begin with another SALLYPORT_DATA.`,
  )
}

function stopOnSignal(sallyport: Sallyport, parts: readonly { close(): Promise<void> }[]): void {
  let stopping = false
  const stop = async (): Promise<void> => {
    if (stopping) process.exit(130)
    stopping = true
    await sallyport.close(graceMs)
    await Promise.all(parts.map(part => part.close()))
    process.exit(0)
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
}

const config = readConfigOrExit()
const variables = [
  [config.port, 'SALLYPORT_PORT'],
  [config.demoUpstreamPort, 'SALLYPORT_DEMO_UPSTREAM_PORT'],
] as const
start(config).catch((error: NodeJS.ErrnoException & { port?: number }) => {
  const variable = variables.find(([port]) => port === error.port)?.[1] ?? 'SALLYPORT_DEMO_PROVIDER_PORT'
  console.error(
    error.code === 'EADDRINUSE'
      ? `Port ${error.port} is taken: choose another with ${variable}.`
      : `Sallyport could not start: ${error.message}`,
  )
  process.exit(1)
})

/** `fetch` hides what happened in the cause. */
function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message
}

function readConfigOrExit(): Config {
  try {
    return readConfig(process.env)
  } catch (error) {
    console.error((error as Error).message)
    process.exit(2)
  }
}
