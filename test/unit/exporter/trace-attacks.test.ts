/** Whoever may ask for traces, and means harm: what they cannot learn, and whom they cannot have named. */
import { beforeEach, expect, test } from 'vitest'
import { loadCatalogue } from '../../../functions/exporter/trace/load.ts'
import { madeUpTable, tableOf } from '../../../scripts/bench/watermark/leak-forms.ts'
import { chanceOf } from '../../../scripts/bench/watermark/leak-log.ts'
import type { BundleRecord } from '../../../shared/bundle/records.ts'
import { type Investigation, investigationMonth } from '../../../shared/domain/inquiries.ts'
import { keys } from '../../../shared/domain/keys.ts'
import { Refusal } from '../../../shared/domain/refusal.ts'
import { entryId } from '../../../shared/entries/id.ts'
import { readLeak } from '../../../shared/leak/read-leak.ts'
import { epochAt } from '../../../shared/watermark/epoch.ts'
import { bind, openEpochKey } from '../../../shared/watermark/slots.ts'
import { makeView } from '../../../shared/watermark/view.ts'
import { type LeakWorld, leakWorld, named } from './leak-world.ts'

let world: LeakWorld
let copy: readonly BundleRecord[]
beforeEach(async () => {
  world = await leakWorld()
  copy = await world.copy('reader3', await world.calls(12))
})

const developer = { organisation: 'halcyon', kind: 'developer', roles: ['developer-admin'] } as const
const codeOf = (answer: unknown): string | undefined => (answer instanceof Refusal ? answer.code : undefined)
const rowAt = (ms: number): string => `${new Date(ms).toISOString().slice(0, 18)}1.5Z`

test('what names nobody is answered the same whatever its digits: no answer tells how near to anybody they come', async () => {
  const [one, other] = [
    await world.trace(madeUpTable(copy.slice(0, 6), chanceOf('some digits'))),
    await world.trace(madeUpTable(copy.slice(0, 6), chanceOf('other digits'))),
  ]
  expect([named(one), one.result?.records]).toEqual([[], other.result?.records])
  expect(one.result).toEqual(other.result)
})

test('the risk of a month is that of all files and cases together, so that asking on is no way to a name', async () => {
  const ask = async (n: number, epsilon: number, as = 'dana') =>
    codeOf(await world.ask(`${tableOf(copy.slice(0, 2))}\n${n}`, { epsilon }, { as })) ?? 'asked'
  for (let n = 0; n < 10; n++) expect(await ask(n, 0.01)).toBe('asked')
  expect(await ask(10, 1e-9)).toBe('epsilon_spent')
  expect(await ask(10, 0.01, 'ida')).toBe('asked')
  world.pass(31 * 86_400_000)
  expect(await ask(10, 0.01)).toBe('asked')
})

test('a month has an end of questions too, however little each of them risks', async () => {
  const key = keys.investigation('halcyon', investigationMonth(world.now()))
  const item: Investigation = { spent: 100, limit: 100_000_000, inquiries: 100, last: 'trace_1' }
  await world.store.write({ kind: 'put', key, item })
  expect(codeOf(await world.ask(tableOf(copy), { epsilon: 1e-9 }))).toBe('epsilon_spent')
})

test('the bound of a reader is for either of the layers that could have named somebody', async () => {
  const { result } = await world.trace(tableOf(copy))
  const [reader] = result?.readers ?? []
  expect(Object.keys(reader?.layers ?? {})).not.toContain('A')
  const least = Math.min(...Object.values(reader?.layers ?? {}).map(({ bound }) => bound))
  expect(reader?.bound).toBe(2 * least)
})

test('a record that somebody made of another month begins none', async () => {
  const next = world.now() + 400 * 86_400_000
  const eid = entryId(next, new Uint8Array(16))
  const epoch = openEpochKey(epochAt(next), 64, new Uint8Array(32))
  const time = next - (next % 10_000)
  const text = JSON.stringify({ metadata: { uid: eid }, time, unmapped: { kind: 'intent' } })
  const bound = bind(epoch, eid, { body: text, exact: { time: 0 } as never })
  const record = {
    ...{ eid, body: JSON.parse(text), digest: Buffer.from(bound.digest).toString('base64url') },
    view: makeView(bound, { log: 'l', epoch, slot: 1, index: 0, withheld: [] }),
  }
  const { result } = await world.trace(JSON.stringify(record))
  expect(result?.layers.A).toEqual({ records: 0, unproved: 1 })
  expect(await world.store.get([keys.logEpoch(epoch.epoch)])).toEqual([undefined])
})

test.each([
  ['times', (ms: number) => rowAt(ms)],
  [
    'ids',
    (ms: number, n: number) =>
      `${rowAt(ms)},${entryId(
        ms,
        Uint8Array.from({ length: 16 }, () => n),
      )}`,
  ],
])('made-up %s of every hour of years do not have the whole log read', async (_, rowOf) => {
  let asked = 0
  const counting = <T extends object>(of: T, names: readonly string[]): T =>
    new Proxy(of, {
      get: (target, name) => {
        if (names.includes(String(name))) asked += 1
        const value = Reflect.get(target, name)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
  const rows = Array.from({ length: 11_000 }, (__, n) => rowOf(world.now() - n * 3_600_000, n % 250))
  const id = await world.ask(['time,sentence,eid', ...rows].join('\n'))
  expect(codeOf(id)).toBeUndefined()
  await world.answer({
    store: counting(world.store, ['query']),
    objects: counting(world.objects, ['list']),
  })
  const found = await world.get((id as { body: { id: string } }).body.id)
  expect(found).toMatchObject({ body: { state: 'failed', failure: { code: 'trace_too_large' } } })
  expect(asked).toBeLessThan(500)
})

test('a leak of more marks than a process can hold is refused, and takes none with it', async () => {
  const asked = (await world.ask(tableOf(copy))) as { body: { id: string } }
  await world.answer({ bounds: { marks: 5 * 64 } })
  expect(await world.get(asked.body.id)).toMatchObject({
    body: { state: 'failed', failure: { code: 'trace_too_large' } },
  })
})

test('calls have their turn while a leak is looked up in thousands of entries by the same process', async () => {
  await world.calls(200)
  let [turns, ended] = [0, false]
  const turn = (): void => {
    turns += 1
    if (!ended) setImmediate(turn)
  }
  const { rows } = readLeak(rowAt(world.now() - 43_200_000 + 1_200_000))
  const requester = { kind: 'person', person: { id: 'person_dana' }, viewer: developer } as const
  setImmediate(turn)
  await loadCatalogue(world.exporter(), requester, rows)
  ended = true
  expect(turns).toBeGreaterThanOrEqual(2)
})

test('who may not ask any more is not told any more whom their traces named', async () => {
  const { id } = await world.trace(tableOf(copy))
  expect(codeOf(await world.get(id, 'dana'))).toBeUndefined()
  expect(codeOf(await world.get(id, 'dana', ['counsel']))).toBe('role_missing')
})
