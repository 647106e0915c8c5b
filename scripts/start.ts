/** `npm start`: everything in one process on loopback. Shows the main job once, then stays up. */

import { showMainJob } from './demo/main-job.ts'
import { type DemoUpstream, startDemoUpstream } from './demo/upstream.ts'
import { type Config, readConfig } from './embedded/config.ts'
import { openSallyport, type Sallyport } from './embedded/sallyport.ts'
import { seed } from './seed.ts'

/** How long requests under way may go on after SIGTERM. */
const graceMs = 30_000

async function start(config: Config): Promise<void> {
  const upstream = config.demo ? await startDemoUpstream({ port: config.demoUpstreamPort }) : undefined
  const sallyport = await openSallyport(config)
  const { issuer, store } = sallyport
  stopOnSignal(sallyport, upstream)
  if (!upstream) {
    console.log(`ready ${issuer}`)
    return
  }
  const endpoints = {
    openai: config.upstreamOpenai ?? `${upstream.url}/v1`,
    anthropic: config.upstreamAnthropic ?? upstream.url,
  }
  const credentials = await seed(store, { data: config.data, issuer, endpoints }, Date.now())
  console.log(`ready ${issuer}`)
  await showMainJob(credentials, issuer, config.data, line => console.log(line)).catch(error => {
    console.error(`The main job could not be shown: ${reason(error)}`)
  })
}

function stopOnSignal(sallyport: Sallyport, upstream: DemoUpstream | undefined): void {
  let stopping = false
  const stop = async (): Promise<void> => {
    if (stopping) process.exit(130)
    stopping = true
    await sallyport.close(graceMs)
    await upstream?.close()
    process.exit(0)
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
}

const config = readConfigOrExit()
start(config).catch((error: NodeJS.ErrnoException & { port?: number }) => {
  const variable = error.port === config.port ? 'SALLYPORT_PORT' : 'SALLYPORT_DEMO_UPSTREAM_PORT'
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
