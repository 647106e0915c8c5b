import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { reserveOn } from '../../functions/gate/reserve.ts'
import { settleMeter } from '../../functions/settlement.ts'
import { groupCommit } from '../../shared/adapters/embedded/group-commit.ts'
import { openSqliteStore } from '../../shared/adapters/embedded/sqlite-store.ts'
import { systemClock } from '../../shared/adapters/world.ts'
import { indexes, keys } from '../../shared/domain/keys.ts'
import { freshMeter } from '../../shared/domain/meter.ts'
import { Refusal } from '../../shared/domain/refusal.ts'
import type { Bench, Row } from './bench.ts'
import { loadNow } from './results.ts'
import { plenty } from './servers.ts'
import { median } from './statistics.ts'

export const meters: Bench = {
  name: 'meters',
  title:
    'Reservations with their settlements, on one meter and on many, beside as many bare SQLite updates that are committed in the same groups.',
  async run({ scale, print }) {
    const rows: Row[] = []
    for (const where of ['memory', 'disk'] as const)
      for (const count of [1, 100])
        for (const width of [1, 64]) {
          const setting = { where, count, width, pairs: pairsOf(where, width, scale) }
          const name = `${count === 1 ? 'one meter' : `${count} meters`}, ${width} at once, store ${
            where === 'disk' ? 'on disk' : 'in memory'
          }`
          print(name)
          rows.push(...(await compare(name, setting)))
        }
    return rows
  },
}

/** One at a time on disk, each of its writes waits for the disk by itself. */
const pairsOf = (where: 'memory' | 'disk', width: number, scale: number): number =>
  Math.max(width, Math.round((where === 'disk' && width === 1 ? 400 : 4_000) * scale))

interface Setting {
  readonly where: 'memory' | 'disk'
  readonly count: number
  /** Pairs under way at a time. */
  readonly width: number
  readonly pairs: number
}

interface Cost {
  /** Milliseconds for a pair, by the clock and of this process's CPU. */
  readonly ms: number
  readonly cpuMs: number
}

/** A pair: two writes, the second made from what the first has returned. */
type Pair = (meter: number, pair: number) => Promise<void>

const rounds = 5

/** Rounds of both in turns, after one of each that is not counted. */
async function compare(name: string, setting: Setting): Promise<readonly Row[]> {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-bench-'))
  const file = (of: string): string => (setting.where === 'memory' ? ':memory:' : join(folder, of))
  const ours = await openMeters(file('meters.db'), setting)
  const floor = openFloor(file('floor.db'), setting)
  try {
    const costs = { ours: [] as Cost[], floor: [] as Cost[] }
    for (let round = 0; round <= rounds; round++) {
      const measured = { ours: await run(ours.pair, setting), floor: await run(floor.pair, setting) }
      if (round === 0) continue
      costs.ours.push(measured.ours)
      costs.floor.push(measured.floor)
    }
    await ours.check((rounds + 1) * setting.pairs)
    const middle = (of: readonly Cost[], read: (cost: Cost) => number): number => median(of.map(read))
    return [
      {
        what: `pairs a second: ${name}`,
        value: middle(costs.ours, cost => 1000 / cost.ms),
        unit: 'pairs',
        beside: { name: 'bare updates', value: middle(costs.floor, cost => 1000 / cost.ms), by: 'times' },
        load: loadNow(),
      },
      {
        what: `CPU of a pair: ${name}`,
        value: middle(costs.ours, cost => cost.cpuMs),
        unit: 'ms',
        beside: { name: 'bare updates', value: middle(costs.floor, cost => cost.cpuMs), by: 'times' },
        load: loadNow(),
      },
    ]
  } finally {
    ours.close()
    floor.close()
    await rm(folder, { recursive: true })
  }
}

async function run(pair: Pair, { count, width, pairs }: Setting): Promise<Cost> {
  let begun = 0
  const worker = async (): Promise<void> => {
    for (let mine = begun++; mine < pairs; mine = begun++) await pair(mine % count, mine)
  }
  const cpu = process.cpuUsage()
  const start = performance.now()
  await Promise.all(Array.from({ length: width }, worker))
  const ms = performance.now() - start
  const { user, system } = process.cpuUsage(cpu)
  return { ms: ms / pairs, cpuMs: (user + system) / 1000 / pairs }
}

const reserved = 300
const charge = 50

/** The gate's own steps 5 and 8, each from a meter as it was last seen. */
async function openMeters(path: string, { count }: Setting) {
  const store = openSqliteStore(path, Object.values(indexes))
  const deps = { store, clock: systemClock, telemetry: silent }
  const ids = Array.from({ length: count }, (_, i) => `grant_${i}`)
  const seen = ids.map(id => freshMeter(id, plenty, Date.now()))
  for (const meter of seen) await store.write({ kind: 'put', key: keys.meter(meter.id), item: meter })
  let pairs = 0
  const pair: Pair = async meter => {
    const from = seen[meter]
    if (from === undefined) throw new Error(`there is no meter ${meter}`)
    const eid = `entry_${pairs++}`
    const call = { eid, r: reserved, deadline: Date.now() + 20_000, clause: 'quota-1' }
    const done = await reserveOn(deps, from, call, 30_000)
    if (done instanceof Refusal) throw new Error(`${done.code}: ${done.facts.detail}`)
    seen[meter] = await settleMeter(deps, done.meter, eid, { charge, meters: [done.told] })
  }
  return {
    pair,
    /** A figure about pairs that were lost would be one about nothing. */
    async check(expected: number) {
      const stored = await store.get(ids.map(keys.meter))
      const used = stored.reduce((sum, meter) => sum + (meter?.used ?? 0), 0)
      const left = stored.flatMap(meter => Object.keys(meter?.leases ?? {}))
      if (used !== expected * charge || left.length > 0)
        throw new Error(`${used} tokens used and ${left.length} leases left after ${expected} pairs`)
    },
    close: () => store.close(),
  }
}

const silent = { count: () => undefined, alarm: () => undefined, error: () => undefined }

/** What the database alone takes: a row of the same size is replaced, without being read or looked at. */
function openFloor(path: string, { count, width }: Setting) {
  const database = new DatabaseSync(path)
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
  database.exec('CREATE TABLE rows (pk TEXT NOT NULL PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID')
  const underWay = Array.from({ length: Math.ceil(width / count) }, (_, i) => `entry_${1000 + i}`)
  const each = <T>(value: T): Record<string, T> => Object.fromEntries(underWay.map(eid => [eid, value]))
  const leases = each({ r: reserved, day: 20_000, exp: Date.now() })
  const meter = { ...freshMeter('grant_0', plenty, Date.now()), leases, seqs: each(1e6), lefts: each(1e15) }
  const [head, tail] = JSON.stringify(meter).split('"seq":0')
  // SQLite writes nothing, and syncs nothing, where a row becomes what it is.
  let seq = 1e6
  const body = (): string => `${head}"seq":${seq++}${tail}`
  const insert = database.prepare('INSERT INTO rows (pk, body) VALUES (?, ?)')
  for (let i = 0; i < count; i++) insert.run(`meter#grant_${i}`, body())
  const update = database.prepare('UPDATE rows SET body = ? WHERE pk = ?')
  const commit = groupCommit(database)
  const write = (meter: number): Promise<unknown> =>
    commit.add(() => update.run(body(), `meter#grant_${meter}`))
  const pair: Pair = async meter => {
    await write(meter)
    await write(meter)
  }
  return { pair, close: () => database.close() }
}
