import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { openSqliteStore } from '../../shared/adapters/embedded/sqlite-store.ts'
import { indexes, keys } from '../../shared/domain/keys.ts'
import { type Limits, type Meter, reservedNow } from '../../shared/domain/meter.ts'
import type { Store } from '../../shared/ports/store.ts'
import { entriesOf } from '../../test/world/entries.ts'
import { upstreams } from '../demo/story.ts'
import type { Bench, Row, Settings } from './bench.ts'
import { type Caller, chatPath, createCaller } from './caller.ts'
import { type Answer, chatBody, type Load, openLoad, sendAll } from './load.ts'
import { loadNow } from './results.ts'
import { closeAll, type Open, startGate, startUpstream } from './servers.ts'
import { quantile } from './statistics.ts'

export const atOnce: Bench = {
  name: 'at-once',
  title: '200 calls at once on a meter of 10,000 tokens: none over, and nearly all of it can be used.',
  run,
}

const total = 10_000
const limits: Limits = { total, rpm: 6_000_000, burst: 1_000_000, streams: 64 }
const calls = 200
/** Longer than it takes to judge them all: no reservation ends before the last call is refused or admitted. */
const thinkMs = 1_000
const body = chatBody('document', 20)

interface Wave {
  /** Milliseconds of each answer. */
  readonly admitted: readonly number[]
  readonly refused: readonly number[]
  /** Tokens. */
  readonly over: number
  readonly stuck: number
  /** Share of the total. */
  readonly usable: number
}

/**
 * Waves, each on a full meter and a server of its own, with the store on disk.
 *
 * - Over: what used and reserved tokens together come to beyond the total at any look at the meter while calls
 *   are under way, or what all recorded charges come to beyond it; whichever is more.
 * - Usable: the share of the total that is used in the end. When all calls of the wave have settled, further
 *   calls like them are made one after the other until one is refused. A reservation that was lost counts
 *   against it, and so does what is left but less than one more call would reserve.
 */
async function run(settings: Settings): Promise<readonly Row[]> {
  const waves: Wave[] = []
  const count = Math.max(1, Math.round(5 * settings.scale))
  for (let i = 1; i <= count; i++) {
    settings.print(`wave ${i} of ${count}`)
    waves.push(await wave())
  }
  const load = loadNow()
  const row = (what: string, value: number, unit: string, target?: Row['target']): Row => ({
    what,
    value,
    unit,
    ...(target && { target }),
    load,
  })
  const none = { at: 'most', value: 0 } as const
  const answers = (which: 'admitted' | 'refused', q: number): number =>
    quantile(
      waves.flatMap(one => one[which]),
      q,
    )
  const admitted = waves.map(one => one.admitted.length)
  const thinking = `upstream thinks for ${thinkMs} ms`
  return [
    row('over the total, in the worst wave', Math.max(...waves.map(one => one.over)), 'tokens', none),
    row('usable after settling, in the worst wave', Math.min(...waves.map(one => one.usable)) * 100, '%', {
      at: 'least',
      value: 95,
    }),
    row(
      'reserved after settling, in the worst wave',
      Math.max(...waves.map(one => one.stuck)),
      'tokens',
      none,
    ),
    row('admitted at once, in the wave with the fewest', Math.min(...admitted), 'calls'),
    row('admitted at once, in the wave with the most', Math.max(...admitted), 'calls'),
    row('time to a refusal, p50', answers('refused', 0.5), 'ms'),
    row('time to a refusal, p99', answers('refused', 0.99), 'ms'),
    row(`time to a reply, p50, ${thinking}`, answers('admitted', 0.5), 'ms'),
    row(`time to a reply, p99, ${thinking}`, answers('admitted', 0.99), 'ms'),
  ]
}

async function wave(): Promise<Wave> {
  const patient = await startUpstream({ thinkMs, chunkMs: 0 })
  const open: Open[] = [patient]
  try {
    const quick = await startUpstream({ thinkMs: 0, chunkMs: 0 })
    open.push(quick)
    const gate = await startGate({ store: 'disk', upstream: patient.told.url, partner: 'prairie', limits })
    open.push(gate)
    const { issuer, partner, meter: meterId, data } = gate.told
    const load = openLoad(issuer + chatPath, calls)
    open.push(load)
    const store = openSqliteStore(join(data, 'sallyport.db'), Object.values(indexes))
    open.push(store)

    const caller = createCaller(gate.told)
    const meter = (): Promise<Meter> => meterOf(store, meterId)
    const looking = lookAt(meter)
    const answers = await sendAll(load, await ask(caller, calls), { width: calls })
    const peak = await looking.end()
    const stuck = reservedNow(await meter())
    await store.write({
      kind: 'update',
      key: keys.model(partner.model),
      change: { set: [[['upstreams'], upstreams({ openai: quick.told.url, anthropic: quick.told.url })]] },
    })
    await useUp(load, caller)
    const { used } = await meter()
    const entries = await entriesOf(store, partner.id)
    const charged = entries.reduce((sum, { entry }) => sum + (entry.charge ?? 0), 0)
    if (charged !== used) throw new Error(`${used} tokens are used and ${charged} are recorded`)
    const times = (admitted: boolean): number[] =>
      answers.filter(answer => isAdmitted(answer) === admitted).map(({ wholeMs }) => wholeMs)
    return {
      admitted: times(true),
      refused: times(false),
      over: Math.max(0, peak - total, charged - total),
      stuck,
      usable: used / total,
    }
  } finally {
    await closeAll(open)
  }
}

const ask = async (caller: Caller, count: number) =>
  (await caller.headers(count)).map(headers => ({ headers, body }))

async function meterOf(store: Store, id: string): Promise<Meter> {
  const [meter] = await store.get([keys.meter(id)])
  if (meter === undefined) throw new Error(`there is no meter ${id}`)
  return meter
}

/** Looks at the meter all the time; ends with the most that was used and reserved together. */
function lookAt(meter: () => Promise<Meter>): { end(): Promise<number> } {
  let looking = true
  const look = async (): Promise<number> => {
    let peak = 0
    while (looking) {
      const seen = await meter()
      peak = Math.max(peak, seen.used + reservedNow(seen))
      await sleep(5)
    }
    return peak
  }
  const peak = look()
  return {
    end: () => {
      looking = false
      return peak
    },
  }
}

/** One call after the other until there is no budget for one more. */
async function useUp(load: Load, caller: Caller): Promise<void> {
  for (;;)
    for (const call of await ask(caller, 100)) {
      const answer = await load.send(call)
      if (!isAdmitted(answer)) return
    }
}

/** Refused for the meter is the other answer there may be. Throws for any other. */
function isAdmitted({ status, pieces }: Answer): boolean {
  if (status === 200) return true
  const text = Buffer.concat(pieces).toString('utf8')
  const { error } = JSON.parse(text) as { error?: { sallyport?: { code: string } } }
  if (!['budget_exhausted', 'streams_exhausted'].includes(error?.sallyport?.code ?? ''))
    throw new Error(`A call was answered with ${status}: ${text}`)
  return false
}
