/** Two that sequence one log, one of which is late or reads otherwise: one tree all the same, and no alarm for nothing. */
import { beforeEach, expect, test } from 'vitest'
import { createSequencer, type Sequencer } from '../../../functions/sequencer/app.ts'
import { type LogKey, openLogKey } from '../../../functions/sequencer/log-key.ts'
import { openDerivedSigner } from '../../../shared/adapters/derived-signer.ts'
import { openSqliteStore } from '../../../shared/adapters/embedded/sqlite-store.ts'
import { indexes, keys } from '../../../shared/domain/keys.ts'
import type { LogState } from '../../../shared/domain/log.ts'
import { type CallFacts, intentEntry, outcomeEntry } from '../../../shared/entries/call.ts'
import type { Entry } from '../../../shared/entries/entry.ts'
import { putEntry } from '../../../shared/entries/put.ts'
import { type Objects, ObjectsUnavailable } from '../../../shared/ports/objects.ts'
import { type Key, type Store, StoreUnavailable } from '../../../shared/ports/store.ts'
import { parseBundle } from '../../../shared/tlog/entries-bundle.ts'
import { quiet } from '../../world/embedded.ts'
import { testLogView, testSecrets } from '../../world/log-view.ts'
import { memoryObjects } from '../../world/memory-objects.ts'
import { storeWith } from '../functions/log/read-world.ts'

const now = Date.UTC(2026, 10, 27, 12)
let store: Store
let objects: ReturnType<typeof memoryObjects>
let logKey: LogKey
let serial: number

beforeEach(async () => {
  store = openSqliteStore(':memory:', Object.values(indexes))
  objects = memoryObjects()
  logKey = await openLogKey(objects, 'https://log.example', await openDerivedSigner(testSecrets))
  serial = 0
})

const sequencer = (over: { store?: Store; objects?: Objects } = {}): Sequencer =>
  createSequencer({
    ...{ store, objects, logKey, telemetry: quiet, secrets: testSecrets },
    ...{ clock: { now: () => now, sleep: async () => undefined }, retentionMs: 1 },
    epochs: testLogView(store, 4, objects).epochs,
    ...over,
  })

const facts = {
  request: 'r',
  organisation: 'cedar',
  client: 'c',
  model: 'm',
  clauses: [],
} as never as CallFacts

async function call(): Promise<readonly string[]> {
  const random = Buffer.alloc(16, ++serial)
  const intent = intentEntry(facts, { reserve: 1, meters: [] }, now, random)
  const ended = { ending: 'completed', charge: 1, meters: [] } as const
  const outcome = outcomeEntry(intent.eid, intent.entry, ended, now + 7)
  for (const one of [intent, outcome]) await store.write(putEntry(one))
  return [intent.eid, outcome.eid]
}

const state = async (): Promise<LogState | undefined> => (await store.get([keys.logState]))[0]

test('a store that gives the names of a map in another order gives the same commit', async () => {
  await call()
  const isState = (op: { readonly key: Key }) => op.key.pk === keys.logState.pk
  const write = async (op: Parameters<Store['write']>[0]) => {
    if (isState(op)) throw new StoreUnavailable('out')
    return store.write(op)
  }
  // It stages, and comes no further.
  const first = sequencer({ store: storeWith(store, { write: write as Store['write'] }) })
  await expect(first.round()).rejects.toThrow(StoreUnavailable)
  const staged = [...objects.all.keys()].filter(key => key.startsWith('staging/'))
  expect(staged).toHaveLength(1)

  const turned = (item: object | undefined) => {
    const { exact } = (item ?? {}) as Partial<Entry>
    return exact ? { ...item, exact: Object.fromEntries(Object.entries(exact).reverse()) } : item
  }
  const get = async (all: readonly Key[]) => (await store.get(all)).map(turned)
  const second = sequencer({ store: storeWith(store, { get: get as Store['get'] }) })
  expect(await second.round()).toMatchObject({ size: 3, appended: 3 })
  expect((await state())?.halted).toBeUndefined()
  expect([...objects.all.keys()].filter(key => key.startsWith('staging/'))).toEqual(staged)
})

test('one that keeps the edge of a commit which the table has forgotten does not go on from there', async () => {
  await call()
  let failing = false
  const put: Objects['put'] = (key, ...rest) => {
    if (failing && !key.startsWith('staging/')) throw new ObjectsUnavailable('out')
    return objects.put(key, ...rest)
  }
  const late = sequencer({ objects: { ...objects, put } })
  await late.round()
  const before = await state()

  // Its second commit is in the state, and nothing of it among the objects but what it staged.
  const lost = await call()
  failing = true
  await expect(late.round()).rejects.toThrow(ObjectsUnavailable)
  failing = false
  expect(await state()).toMatchObject({ size: 5, rev: 2 })

  // The table is restored to before it; others have come since, as many, and are published.
  if (before === undefined) throw new Error('there is no state')
  await store.write({ kind: 'put', key: keys.logState, item: before })
  for (const eid of lost) await store.write({ kind: 'remove', key: keys.entry(eid) })
  await call()
  expect(await sequencer().round()).toMatchObject({ size: 5, appended: 2 })
  const leavesOf = (width: number) =>
    parseBundle(objects.all.get(`log/tile/entries/000.p/${width}`) ?? new Uint8Array()) ?? []
  const published = leavesOf(5)

  await call()
  expect(await late.round()).toMatchObject({ size: 7, appended: 2 })
  expect(leavesOf(7).slice(0, 5)).toEqual(published)
})
