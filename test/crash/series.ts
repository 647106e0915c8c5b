/**
 * `kill -9` of a server, again and again, at moments that chance chooses, under calls that go on; each next start
 * follows at once on the same folder and the same port. At the end the store and the callers are asked whether
 * invariants 1 and 2 held.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { abandonedMs, sweep } from '../../functions/sweeper/app.ts'
import type { DemoCredentials } from '../../scripts/demo/credentials.ts'
import { startDemoUpstream } from '../../scripts/demo/upstream.ts'
import { freePort } from '../../scripts/port.ts'
import { systemClock } from '../../shared/adapters/world.ts'
import type { Store } from '../../shared/ports/store.ts'
import { type Started, start } from '../world/process.ts'
import { rawClient } from '../world/raw-client.ts'
import { type Chance, chance } from './chance.ts'
import { databaseOf, isWaiting, openStore, readCopy, stagingOf } from './data.ts'
import { type LogLook, type LogWatch, watchLog } from './log-watch.ts'
import { momentOf } from './moments.ts'
import { giveBudgets, tellBefore } from './prepare.ts'
import { driftOf, metersOf, openCalls, type Stage } from './stages.ts'
import { startTraffic, type Traffic, type UnderWay } from './traffic.ts'
import { judge, type Verdict } from './verdict.ts'

export interface Settings {
  /** At least; more where the machine is so slow that no kill has met a call yet, or no call has ended. */
  readonly kills: number
  /** Long streams under way at once, at least 10; half as many short calls come and go beside them. */
  readonly streams: number
  /** Whole; chooses the moments and what is called. */
  readonly seed: number
  readonly onKill?: (kill: Kill) => void
}

export interface Kill {
  readonly number: number
  /** `27 ms after ready` */
  readonly moment: string
  readonly underWay: UnderWay
  /** Calls that this kill left open, by how far they had come. Those that earlier ones left are not counted again. */
  readonly left: ReadonlyMap<Stage, number>
  /** How far the sequencer was with a commit, and the tree that it left. */
  readonly log: LogLook
}

export interface Findings extends Verdict {
  readonly kills: readonly Kill[]
  /** Tokens that the upstream produced, delivered or not. */
  readonly produced: number
  /** What callers were told: calls by their entry, ends of calls, access tokens. */
  readonly acknowledged: { readonly calls: number; readonly ends: number; readonly tokens: number }
  readonly answers: ReadonlyMap<string, number>
  /** At the end: leaves of the tree, and entries in the table. */
  readonly log: Pick<LogLook, 'size' | 'entries'>
  /** The data folder, kept where a violation was found. */
  readonly kept?: string
}

const leaseS = 3
/** Some milliseconds before the first byte, and a reply slow enough that the long ones outlive the server. */
const script = { first_token_ms: 30, pace_ms: 50, tokens: 2_000 }

interface Series {
  readonly settings: Settings
  readonly data: string
  readonly environment: Readonly<Record<string, string>>
  readonly leaseMs: number
  readonly draw: Chance
  readonly credentials: DemoCredentials
  readonly meters: readonly string[]
  readonly violations: string[]
  readonly servers: Started[]
  readonly log: LogWatch
}

export async function crashSeries(settings: Settings): Promise<Findings> {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-crash-'))
  const data = join(folder, 'data')
  await mkdir(data, { mode: 0o700 })
  const upstream = await startDemoUpstream({ port: 0 })
  const since = Date.now()
  const port = await freePort()
  const endpoints = { openai: `${upstream.url}/v1`, anthropic: upstream.url }
  const environment = {
    SALLYPORT_DATA: data,
    SALLYPORT_PORT: String(port),
    SALLYPORT_DEMO_UPSTREAM_PORT: '0',
    // Where it was when the story was told.
    SALLYPORT_DEMO_PROVIDER_PORT: '0',
    SALLYPORT_LEASE_S: String(leaseS),
    SALLYPORT_UPSTREAM_OPENAI: endpoints.openai,
    SALLYPORT_UPSTREAM_ANTHROPIC: endpoints.anthropic,
  }
  const servers: Started[] = []
  let traffic: Traffic | undefined
  const killAll = (): void => {
    for (const server of servers) server.process.kill('SIGKILL')
  }
  process.once('exit', killAll)
  try {
    await fetch(`${upstream.url}/demo/script`, { method: 'POST', body: JSON.stringify(script) })
    const credentials = await tellBefore(environment, endpoints)
    const preparing = openStore(data)
    const meters = await giveBudgets(preparing, settings, credentials)
    preparing.close()
    const draw = chance(settings.seed)
    const violations: string[] = []
    // That of which staged commits are waited for.
    await mkdir(stagingOf(data), { recursive: true })
    const log = await watchLog(data, violations)
    const series: Series = {
      settings,
      data,
      environment,
      leaseMs: leaseS * 1000,
      draw,
      credentials,
      meters: Object.values(meters),
      violations,
      servers,
      log,
    }
    traffic = startTraffic(credentials, settings.streams, draw)
    const kills: Kill[] = []
    const counted = new Set<string>()
    const met = (): boolean => kills.some(({ left }) => left.has('reserved'))
    while (kills.length < settings.kills || !met() || traffic.underWay().ended === 0) {
      const kill = await killOnce(series, traffic, kills.length + 1, counted)
      kills.push(kill)
      settings.onKill?.(kill)
    }
    await traffic.stop()
    await recover(series)

    const stats = await (await fetch(`${upstream.url}/demo/stats`)).json()
    const { tokens_produced: produced } = stats as { tokens_produced: number }
    const store = openStore(data)
    await sweepOld(store, series.violations)
    const { told } = traffic
    const where = { meterOf: { cedar: meters.cedar, prairie: meters.prairie }, meters: series.meters }
    const verdict = await judge(store, where, told, { produced, since })
    store.close()
    const tree = await lookAtTree(series)
    const found = [...violations, ...verdict.violations]
    if (found.length === 0) await rm(folder, { recursive: true })
    const ends = [...told.calls.values()].filter(({ end }) => end).length
    return {
      ...verdict,
      violations: found,
      kills,
      produced,
      acknowledged: { calls: told.calls.size, ends, tokens: told.tokens.size },
      answers: told.answers,
      log: tree,
      ...(found.length > 0 && { kept: data }),
    }
  } finally {
    killAll()
    process.off('exit', killAll)
    await upstream.close()
    // Where it failed, that was told above or is what ends the series.
    await traffic?.stop().catch(() => undefined)
  }
}

function run({ environment, servers }: Series): { server: Started; ready: Promise<string> } {
  const server = start(environment)
  servers.push(server)
  const ready = server.line(/^ready /)
  // It rejects when the server is killed before.
  ready.catch(() => undefined)
  return { server, ready }
}

async function killOnce(
  series: Series,
  traffic: Traffic,
  number: number,
  counted: Set<string>,
): Promise<Kill> {
  const { violations, meters, data } = series
  const { server, ready } = run(series)
  const moment = await momentOf(series, number, ready)
  const early = await Promise.race([server.ended, moment.come])
  const underWay = traffic.underWay()
  await server.kill()
  if (early !== undefined)
    throw new Error(`the server ended by itself with ${early}: ${server.err.join('\n')}`)
  judgeLog(server, number, violations)

  const left = new Map<Stage, number>()
  const log = await readCopy(data, async (store, file) => {
    const found = await metersOf(store, meters)
    for (const meter of found)
      if (driftOf(meter) !== 0)
        violations.push(`after kill ${number}, ${meter.id} drifts by ${driftOf(meter)}`)
    for (const [eid, stage] of await openCalls(store, found)) {
      const one = `${eid} ${stage}`
      if (counted.has(one)) continue
      counted.add(one)
      left.set(stage, (left.get(stage) ?? 0) + 1)
    }
    return series.log.look(`after kill ${number}`, file, moment.caughtUp ? 'earlier' : 'none')
  })
  return { number, moment: moment.text, underWay, left, log }
}

/** What the server prints there is an error or an alarm, but that the demo's own call may be refused as others are. */
function judgeLog(server: Started, number: number, violations: string[]): void {
  for (const line of server.err)
    if (!/^The main job could not be shown: .*"code":"(streams_exhausted|store_unavailable)"/.test(line))
      violations.push(`before kill ${number} the server said: ${line}`)
}

/**
 * The last start: with nobody calling, every lease ends, and every mark that stands beside an outcome goes. Then it
 * serves, and stops when it is told to.
 */
async function recover(series: Series): Promise<void> {
  const { credentials, meters } = series
  const { server, ready } = run(series)
  await ready
  const store = openStore(series.data)
  for (let looks = 0; ; looks++) {
    const found = await metersOf(store, meters)
    const open = await openCalls(store, found)
    const leases = found.some(meter => Object.keys(meter.leases).length > 0)
    if (!leases && [...open.values()].every(stage => stage === 'recorded')) break
    if (looks === 600) {
      series.violations.push(`a minute later there is left: ${JSON.stringify([...open])}`)
      break
    }
    await sleep(100)
  }
  store.close()
  const [partner] = credentials.partners
  if (partner === undefined) throw new Error('no partner')
  const { status } = await rawClient(credentials.issuer, partner).chat()
  if (status !== 200) series.violations.push(`after the last start a call is answered with ${status}`)
  server.process.kill('SIGTERM')
  const ended = await server.ended
  if (ended !== 0) series.violations.push(`the last server ended with ${ended}`)
  judgeLog(server, series.servers.length, series.violations)
}

/**
 * What died between its intent and its reservation comes to nothing once no call can be as old: a sweep of that
 * time, with nothing running, is the last thing that a call can wait for.
 */
async function sweepOld(store: Store, violations: string[]): Promise<void> {
  // Ids stand on a grid of ten seconds.
  const later = (): number => Date.now() + abandonedMs + 20_000
  await sweep({
    store,
    clock: { ...systemClock, now: later },
    telemetry: {
      count: () => undefined,
      alarm: name => violations.push(`the last sweep alarmed: ${name}`),
      error: (message, error) => violations.push(`the last sweep failed: ${message}: ${error}`),
    },
  })
}

/** When nothing more is called or swept, each entry gets its place, and what is served is the tree that is there. */
async function lookAtTree(series: Series): Promise<LogLook> {
  const { data, log, violations, credentials } = series
  // Without the demo, which calls at each start.
  const environment = { ...series.environment, SALLYPORT_DEMO: '0' }
  const { server, ready } = run({ ...series, environment })
  await ready
  const store = openStore(data)
  for (let looks = 0; (await isWaiting(store)) && looks < 600; looks++) await sleep(100)
  store.close()
  await log.compare(async path => {
    const response = await fetch(`${credentials.issuer}/log/${path}`)
    return response.ok ? Buffer.from(await response.arrayBuffer()) : undefined
  })
  server.process.kill('SIGTERM')
  if ((await server.ended) !== 0) violations.push('the server that only sequenced did not end well')
  judgeLog(server, series.servers.length, violations)
  return log.look('at the end', databaseOf(data), 'all')
}
