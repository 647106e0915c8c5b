/** A log that has grown before a world begins: so close to a full tile that a few entries more fill it. */

import { createEpochs } from '../../../functions/log-epoch.ts'
import { createSequencer } from '../../../functions/sequencer/app.ts'
import type { Entry } from '../../../shared/entries/entry.ts'
import { isEntryId } from '../../../shared/entries/id.ts'
import { putEntry } from '../../../shared/entries/put.ts'
import type { Key, Store } from '../../../shared/ports/store.ts'
import { inOrder } from '../../in-order.ts'
import { Backend } from '../backend.ts'
import { createDice } from '../dice.ts'
import { type Process, Scheduler } from '../scheduler.ts'
import { Bucket, directObjects } from './bucket.ts'
import { madeAtOnce } from './entries.ts'
import { createLogKey, derived } from './keyholder.ts'
import { Leaves } from './leaves.ts'

export interface Founding {
  readonly rows: readonly { readonly key: Key; readonly item: object }[]
  readonly objects: readonly { readonly key: string; readonly bytes: Uint8Array }[]
  readonly leaves: ReadonlyMap<string, Buffer>
}

const founder: Process = { name: 'founder', skew: 0, alive: true }
const nothing: Founding = { rows: [], objects: [], leaves: new Map() }
const made = new Map<string, Promise<Founding>>()

/** `size` leaves, the epoch's commitment among them, that were written within the day before `now`. */
export function foundingOf(size: number, now: number): Promise<Founding> {
  if (size === 0) return Promise.resolve(nothing)
  const name = `${size} ${now}`
  const founding = made.get(name) ?? found(size, now)
  made.set(name, founding)
  return founding
}

async function found(size: number, now: number): Promise<Founding> {
  const dice = createDice(`founding ${size}`)
  const scheduler = new Scheduler(dice, now)
  const backend = new Backend(scheduler, dice)
  const bucket = new Bucket()
  const store = directStore(backend)
  for (let n = 1; backend.all('entries').length < size - 1; n++)
    await store.write(putEntry(madeAtOnce(`founding-${n}`, now - dice.between(120_000, 86_400_000), dice)))
  const secrets = { derive: async (...label: Parameters<typeof derived>) => derived(...label) }
  const logKey = createLogKey()
  const sequencer = createSequencer({
    store,
    objects: directObjects(bucket, founder.name),
    secrets,
    logKey,
    clock: { now: () => now, sleep: async () => undefined },
    telemetry: { count: () => undefined, alarm: () => undefined, error: () => undefined },
    epochs: createEpochs({ store, secrets, origin: logKey.origin, slots: 4 }),
    retentionMs: 400 * 86_400_000,
  })
  const round = await sequencer.round()
  if (round.size !== size) throw new Error(`a founding of ${size} comes to ${round.size}`)
  const rows = backend.all('entries')
  const leaves = new Leaves(backend)
  for (const { key, item } of rows) if (isEntryId(key.pk)) leaves.of(key.pk, item as Entry)
  return { rows, objects: bucket.all(), leaves: leaves.made }
}

function directStore(backend: Backend): Store {
  const write: Store['write'] = async op => backend.write(op, founder)
  return {
    get: async keys => backend.get(keys) as never,
    write,
    writeInOrder: inOrder(write),
    transact: async ops => backend.transact(ops, founder),
    query: async query => backend.query(query),
  }
}

/** Into a world, in an order that breaks no invariant. */
export function settle({ rows, objects }: Founding, backend: Backend, bucket: Bucket): void {
  const put = (wanted: (key: string) => boolean): void => {
    for (const { key, bytes } of objects)
      if (wanted(key)) bucket.put(key, bytes, { ifAbsent: true }, founder.name)
  }
  const rowsOf = (wanted: (key: string) => boolean): void => {
    for (const { key, item } of rows)
      if (wanted(key.pk)) backend.put({ kind: 'put', key, item }, item, founder)
  }
  put(key => key !== 'log/checkpoint')
  rowsOf(pk => !isEntryId(pk))
  put(key => key === 'log/checkpoint')
  rowsOf(isEntryId)
}
