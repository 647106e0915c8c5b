/** The sweeper as its function runs it: leases and intents, then what time ends; neither waits for the other. */
import { expect, test } from 'vitest'
import { runSweeper } from '../../../functions/sweeper/run.ts'
import { keys } from '../../../shared/domain/keys.ts'
import { reserve } from '../../../shared/domain/meter.ts'
import { intentEntry } from '../../../shared/entries/call.ts'
import { putEntry } from '../../../shared/entries/put.ts'
import type { Store } from '../../../shared/ports/store.ts'
import { day, grantWorld, start } from './governance/grant-world.ts'

test('a lease that expired is settled, and the grant that ended closes its meter, in one run', async () => {
  const world = await grantWorld()
  await world.records.grant({ expiresAt: start + day })
  const call = {
    request: 'r',
    address: '127.0.0.1',
    protocol: 'openai',
    operation: 'chat.completions',
    organisation: 'cedar',
    client: 'client_1',
    tokenId: 'token_1',
    key: 'k',
    model: 'aurora',
    grant: 'grant_1',
    agreement: { id: 'a', digest: 'd' },
    purpose: 'p',
    clauses: [],
  } as const
  const { eid, entry } = intentEntry(
    call,
    { reserve: 100, meters: ['meter_1'] },
    start,
    new Uint8Array(16).fill(7),
  )
  await world.store.write(putEntry({ eid, entry }))
  const op = reserve(await world.meter(), eid, 100, start, 30_000)
  if ('code' in op) throw new Error(op.code)
  await world.store.write(op)
  world.pass(day)
  expect(await runSweeper(world.deps)).toMatchObject({ purged: 1, lapsed: { grants_expired: 1 } })
  expect(await world.meter()).toMatchObject({ state: 'closed', leases: {}, used: 100 })
})

test('where the meters cannot be found, what time ends is ended, and the run fails all the same', async () => {
  const world = await grantWorld()
  await world.hold('hold_1', 'nora', { organisation: 'cedar' })
  await world.store.write({
    kind: 'update',
    key: keys.hold('hold_1'),
    change: { set: [[['until'], start + 1]] },
  })
  world.pass(2)
  const store: Store = {
    ...world.store,
    query: async query => {
      if (query.partition === 'grant') throw new Error('no index')
      return world.store.query(query)
    },
  }
  await expect(runSweeper({ ...world.deps, store })).rejects.toThrow('no index')
  expect(await world.get(keys.hold('hold_1'))).toMatchObject({ state: 'lapsed' })
})
