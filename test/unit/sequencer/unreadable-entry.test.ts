/** An entry whose body nobody can read has no leaf: nothing is appended, and the operator is told which one it is. */
import { expect, test, vi } from 'vitest'
import { createSequencer } from '../../../functions/sequencer/app.ts'
import { openLogKey } from '../../../functions/sequencer/log-key.ts'
import { openDerivedSigner } from '../../../shared/adapters/derived-signer.ts'
import { openSqliteStore } from '../../../shared/adapters/embedded/sqlite-store.ts'
import { indexes, keys } from '../../../shared/domain/keys.ts'
import { entryId } from '../../../shared/entries/id.ts'
import { putEntry } from '../../../shared/entries/put.ts'
import { makeEntry } from '../../../shared/entries/record.ts'
import { testLogView, testSecrets } from '../../world/log-view.ts'
import { memoryObjects } from '../../world/memory-objects.ts'

test.each([
  ['no JSON', '{"time":'],
  ['no time', '{"unmapped":{"kind":"refusal"}}'],
])('a body that is %s stops the round, by its name', async (_, body) => {
  const store = openSqliteStore(':memory:', Object.values(indexes))
  const objects = memoryObjects()
  const alarm = vi.fn()
  const sequencer = createSequencer({
    ...{ store, objects, secrets: testSecrets, retentionMs: 1 },
    logKey: await openLogKey(objects, 'https://log.example', await openDerivedSigner(testSecrets)),
    telemetry: { count: () => undefined, alarm, error: () => undefined },
    clock: { now: () => 0, sleep: async () => undefined },
    epochs: testLogView(store, 4, objects).epochs,
  })
  const now = Date.UTC(2026, 10, 27)
  const [good, bad] = [1, 2].map(n => entryId(now, Buffer.alloc(16, n))) as [string, string]
  for (const eid of [good, bad]) {
    const fields = { unmapped: { kind: 'refusal' } }
    const entry = makeEntry({ eid, now, classUid: 6003, activityId: 1, statusId: 1, fields }, {})
    await store.write(putEntry({ eid, entry: eid === bad ? { ...entry, body } : entry }))
  }
  await expect(sequencer.round()).rejects.toThrow(bad)
  expect(alarm.mock.calls).toEqual([['log_entry_unreadable', { entry: bad }]])
  expect(await store.get([keys.logState, keys.entry(good)])).toMatchObject([undefined, { body: /refusal/ }])
  expect((await store.get([keys.entry(good)]))[0]?.i).toBeUndefined()
  expect([...objects.all.keys()].filter(key => key.startsWith('staging/'))).toEqual([])

  // Once it can be read, all goes on.
  const [entry] = await store.get([keys.entry(bad)])
  const mended = (await store.get([keys.entry(good)]))[0]?.body.replaceAll(good, bad) ?? ''
  await store.write({ kind: 'update', key: keys.entry(bad), change: { set: [[['body'], mended]] } })
  expect(entry?.i).toBeUndefined()
  expect(await sequencer.round()).toMatchObject({ size: 3, appended: 3 })
})

test('a key that cannot be had is no fault of an entry', async () => {
  const store = openSqliteStore(':memory:', Object.values(indexes))
  const objects = memoryObjects()
  const alarm = vi.fn()
  const view = testLogView(store, 4, objects)
  let calls = 0
  const sequencer = createSequencer({
    ...{ store, objects, secrets: testSecrets, retentionMs: 1 },
    logKey: await openLogKey(objects, 'https://log.example', await openDerivedSigner(testSecrets)),
    telemetry: { count: () => undefined, alarm, error: () => undefined },
    clock: { now: () => 0, sleep: async () => undefined },
    epochs: async epoch => {
      // The commitment is made by it before.
      if (++calls > 1) throw new Error('the key service is out')
      return view.epochs(epoch)
    },
  })
  const eid = entryId(Date.UTC(2026, 10, 27), Buffer.alloc(16, 1))
  const fields = { unmapped: { kind: 'refusal' } }
  const entry = makeEntry(
    { eid, now: Date.UTC(2026, 10, 27), classUid: 6003, activityId: 1, statusId: 1, fields },
    {},
  )
  await store.write(putEntry({ eid, entry }))
  await expect(sequencer.round()).rejects.toThrow('the key service is out')
  expect(alarm).not.toHaveBeenCalled()
})
