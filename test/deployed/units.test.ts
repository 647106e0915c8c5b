/**
 * What each operation costs in DynamoDB's units, as its answers tell (`ReturnConsumedCapacity`). The product's own
 * functions run here, over the deployed tables and keys. `docs/scaling.md` counts with these figures.
 */
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createApi } from '../../functions/api/app.ts'
import { createAttributionKeys } from '../../functions/attribution-keys.ts'
import { createGate } from '../../functions/gate/app.ts'
import { createRingReader } from '../../functions/ring.ts'
import { sweep } from '../../functions/sweeper/app.ts'
import { createToken } from '../../functions/token/app.ts'
import { tablesIn } from '../../scripts/aws/stack.ts'
import { demoApiKeys } from '../../scripts/demo/upstream.ts'
import { type Listening, listen } from '../../scripts/embedded/server.ts'
import { createDynamoClient, createKmsClient } from '../../shared/adapters/aws/clients.ts'
import type { Consumed } from '../../shared/adapters/aws/dynamo-capacity.ts'
import { createDynamoStore } from '../../shared/adapters/aws/dynamo-store.ts'
import { createKmsSecrets } from '../../shared/adapters/aws/kms-secrets.ts'
import { openKmsSigner } from '../../shared/adapters/aws/kms-signer.ts'
import { createHttp } from '../../shared/adapters/http.ts'
import { systemClock, systemRandom } from '../../shared/adapters/world.ts'
import { keys, longTexts } from '../../shared/domain/keys.ts'
import { freshMeter, reserve } from '../../shared/domain/meter.ts'
import { entryId } from '../../shared/entries/id.ts'
import type { Store } from '../../shared/ports/store.ts'
import { leaveDeadCall } from '../world/dead-call.ts'
import { type DeployedWorld, openDeployed } from '../world/deployed.ts'
import { quiet } from '../world/embedded.ts'
import { testLogView } from '../world/log-view.ts'
import { memoryObjects } from '../world/memory-objects.ts'
import { deployedStack } from '../world/open.ts'
import { rawClient } from '../world/raw-client.ts'

let world: DeployedWorld
let listening: Listening
let store: Store
let cedar: ReturnType<typeof rawClient>
let token: string
let used: Parameters<Consumed>[] = []
let transacted = 0
const http = createHttp()
const pace = { clock: systemClock, random: systemRandom }

beforeAll(async () => {
  world = await openDeployed(deployedStack())
  const { outputs } = world
  const output = (name: string): string => outputs[name] ?? ''
  const measured = createDynamoStore({
    client: createDynamoClient(),
    tables: tablesIn(outputs),
    ...pace,
    packed: longTexts,
    consumed: (...one) => void used.push(one),
  })
  store = {
    ...measured,
    transact: ops => {
      transacted += ops.length
      return measured.transact(ops)
    },
  }
  const kms = createKmsClient()
  const secrets = createKmsSecrets({
    client: kms,
    macKeys: { nonce: output('NonceKeyArn') },
    wrappingKey: output('WrappingKeyArn'),
    ...pace,
  })
  listening = await listen(0, quiet)
  const issuer = `http://127.0.0.1:${listening.port}`
  const deps = {
    ...pace,
    store,
    issuer,
    secrets,
    nonceKey: await secrets.derive('nonce', 'dpop'),
    ring: createRingReader(store, systemClock),
    telemetry: quiet,
  }
  const statements = await openKmsSigner(kms, output('StatementKeyArn'), pace)
  const credential = async (name: string): Promise<string> => demoApiKeys[name as keyof typeof demoApiKeys]
  const fingerprinting = { keys: createAttributionKeys(deps), objects: memoryObjects() }
  const gate = createGate({ ...deps, fingerprinting, http, credential, leaseMs: 10_000 })
  const service = createToken({ ...deps, signers: world.signer })
  listening.serve([
    ['/oauth/', service],
    ['/openai/', gate],
    ['/api/', createApi({ ...deps, statements, log: testLogView(store) })],
  ])
  cedar = rawClient(issuer, world.partner('cedar'))
  // What an instance reads once, it has read: the keys' public halves.
  token = await cedar.token()
  await cedar.chat({}, { token })
})
afterAll(async () => {
  await listening.drain(0)
  await http.close()
  await world.close()
})

/**
 * A strongly consistent read of up to 4 KB costs one unit, one of an index half of it, a write of up to 1 KB one. Items
 * in transactions are counted apart: each costs twice as much, which DynamoDB Local does not say.
 */
async function unitsOf(act: () => Promise<unknown>) {
  used = []
  transacted = 0
  await act()
  const total = { read: 0, write: 0, index: 0, transacted }
  for (const [operation, , units] of used) {
    if (operation === 'transact') continue
    total.read += units.read
    total.write += units.write
    total.index += units.index
  }
  return total
}

/** Each of its two entries stands in four indexes, the intent in a fifth until it has its outcome. */
const gated = { read: 7, write: 7, index: 10, transacted: 0 }

test('a gated call: seven records read; its proof, intent, reservation, outcome, settlement and mark written', async () => {
  const call = await unitsOf(async () => expect((await cedar.chat({}, { token })).status).toBe(200))
  expect(call).toEqual(gated)
  expect(call.write).toBeLessThanOrEqual(8)
  expect(call.write + call.index).toBeLessThanOrEqual(20)
})

test('a streamed call costs the same, and seven reads for each second that it lasts', async () => {
  expect(await unitsOf(async () => (await cedar.chat({ stream: true }, { token })).text())).toEqual(gated)
  await world.script({ pace_ms: 100, tokens: 25, times: 1 })
  const longer = await unitsOf(async () =>
    (await cedar.chat({ stream: true, max_tokens: 25 }, { token })).text(),
  )
  // It lasts 2.5 s where nothing else keeps the cores busy.
  const seconds = longer.read / 7 - 1
  expect([2, 3, 4]).toContain(seconds)
  expect(longer).toEqual({ ...gated, read: 7 + seconds * 7 })
})

test('a call that a pool is charged with too: one more read, two more writes or three', async () => {
  const limits = { total: 1_000_000, rpm: 6_000, burst: 100, streams: 256 }
  const item = freshMeter('pool_valley', limits, Date.now(), 'pool')
  await store.write({ kind: 'put', key: keys.meter(item.id), item })
  const meters = (names: string[]) =>
    store.write({
      kind: 'update',
      key: keys.grant(world.grant('cedar')),
      change: { set: [[['meters'], names]] },
    })
  await meters([world.meterId('cedar'), item.id])
  const pooled = await cedar.token()
  const call = await unitsOf(() => cedar.chat({}, { token: pooled }))
  await meters([world.meterId('cedar')])
  // What its entries tell of two meters comes to a further KB, or just not, by the length of the figures.
  expect([8, 9]).toContain(call.write)
  expect(call).toEqual({ ...gated, read: 8, write: call.write })
})

test('a call that the records refuse: its proof and one entry', async () => {
  const state = (value: string) =>
    store.write({
      kind: 'update',
      key: keys.grant(world.grant('cedar')),
      change: { set: [[['state'], value]] },
    })
  await state('suspended')
  const call = await unitsOf(async () => expect((await cedar.chat({}, { token })).status).toBe(403))
  await state('active')
  expect(call).toEqual({ read: 7, write: 2, index: 4, transacted: 0 })
})

test('a meter grows with the calls under way: what each of its two writes costs', async () => {
  const limits = { total: 1_000_000, rpm: 60_000, burst: 1_000, streams: 64 }
  let meter = freshMeter('grant_units', limits, Date.now())
  await store.write({ kind: 'put', key: keys.meter(meter.id), item: meter })
  const costs: number[] = []
  for (let i = 0; i < 64; i++) {
    const op = reserve(meter, entryId(Date.now(), randomBytes(16)), 1_000, Date.now(), 600_000)
    if ('code' in op) throw new Error(op.code)
    const { write } = await unitsOf(async () => {
      meter = (await store.write(op)).item ?? meter
    })
    costs.push(write)
  }
  expect([1, 8, 16, 32, 64].map(leases => costs[leases - 1])).toEqual([1, 2, 3, 5, 9])
})

test('a token: seven records read, three items in one transaction', async () => {
  expect(await unitsOf(() => cedar.token())).toEqual({ read: 7, write: 0, index: 0.5, transacted: 3 })
})

test('a look at one’s quota', async () => {
  const api = await cedar.token({ resource: `http://127.0.0.1:${listening.port}/api` })
  const asked = await unitsOf(() => cedar.call('GET', '/api/v1/me', { token: api }))
  expect(asked).toEqual({ read: 9, write: 1, index: 1, transacted: 0 })
})

test('a run of the sweeper that finds nothing; one dead call', async () => {
  const deps = { store, clock: systemClock, telemetry: quiet }
  await sweep(deps)
  const idle = await unitsOf(() => sweep(deps))
  await leaveDeadCall(world, 100, 60_000)
  const busy = await unitsOf(() => sweep(deps))
  expect({ idle, busy }).toEqual({
    idle: { read: 4, write: 0, index: 0.5, transacted: 0 },
    busy: { read: 9, write: 3, index: 6, transacted: 0 },
  })
})
