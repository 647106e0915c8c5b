/** An epoch's commitment is in the tree before every other entry of it; once it is, nobody puts it again and again. */
import { expect, test } from 'vitest'
import { createSequencer } from '../../../functions/sequencer/app.ts'
import { openLogKey } from '../../../functions/sequencer/log-key.ts'
import { openDerivedSigner } from '../../../shared/adapters/derived-signer.ts'
import { openSqliteStore } from '../../../shared/adapters/embedded/sqlite-store.ts'
import { indexes, keys } from '../../../shared/domain/keys.ts'
import { epochEntryId } from '../../../shared/entries/epoch.ts'
import { entryId } from '../../../shared/entries/id.ts'
import { putEntry } from '../../../shared/entries/put.ts'
import { makeEntry } from '../../../shared/entries/record.ts'
import type { Store } from '../../../shared/ports/store.ts'
import { epochAt } from '../../../shared/watermark/epoch.ts'
import { quiet } from '../../world/embedded.ts'
import { testLogView, testSecrets } from '../../world/log-view.ts'
import { memoryObjects } from '../../world/memory-objects.ts'
import { storeWith } from '../functions/log/read-world.ts'

test('it is put until it has its place, by each process, and for each month', async () => {
  const store = openSqliteStore(':memory:', Object.values(indexes))
  const objects = memoryObjects()
  const logKey = await openLogKey(objects, 'https://log.example', await openDerivedSigner(testSecrets))
  const puts: string[] = []
  const write = async (op: Parameters<Store['write']>[0]) => {
    if (op.kind === 'put') puts.push(op.key.pk)
    return store.write(op)
  }
  const sequencer = () =>
    createSequencer({
      ...{ store: storeWith(store, { write: write as Store['write'] }), objects, logKey, telemetry: quiet },
      ...{ secrets: testSecrets, clock: { now: () => 0, sleep: async () => undefined }, retentionMs: 1 },
      epochs: testLogView(store, 4, objects).epochs,
    })
  let serial = 0
  const november = Date.UTC(2026, 10, 27)
  const december = Date.UTC(2026, 11, 1)
  const eidOf = (now: number): string => epochEntryId(logKey.origin, epochAt(now))
  /** How often a commitment is put in a round with one more entry. */
  const putsIn = async (one: ReturnType<typeof sequencer>, now: number): Promise<number> => {
    const eid = entryId(now, Buffer.alloc(16, ++serial))
    const fields = { unmapped: { kind: 'refusal' } }
    const entry = makeEntry({ eid, now, classUid: 6003, activityId: 1, statusId: 1, fields }, {})
    await store.write(putEntry({ eid, entry }))
    puts.length = 0
    await one.round()
    expect((await store.get([keys.entry(eid)]))[0]?.i).toEqual(expect.any(Number))
    return puts.filter(pk => pk === eidOf(now)).length
  }

  const first = sequencer()
  expect(await putsIn(first, november)).toBe(1)
  expect((await store.get([keys.entry(eidOf(november))]))[0]?.i).toBe(0)
  expect(await putsIn(first, november)).toBe(1)
  for (let round = 0; round < 3; round++) expect(await putsIn(first, november)).toBe(0)
  expect(await putsIn(first, december)).toBe(1)
  expect(await putsIn(sequencer(), november)).toBe(1)
  const [commitment] = await store.get([keys.entry(eidOf(december))])
  expect(commitment?.i).toBe(6)
})
