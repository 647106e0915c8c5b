/**
 * What each operation costs in DynamoDB's units, as its answers tell (`ReturnConsumedCapacity`). The product's own
 * functions run here, over the deployed tables and keys. `docs/scaling.md` counts with these figures.
 */
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { createApi } from '../../functions/api/app.ts'
import { createGate } from '../../functions/gate/app.ts'
import { createRingReader } from '../../functions/ring.ts'
import { sweep } from '../../functions/sweeper/app.ts'
import { createToken } from '../../functions/token/app.ts'
import { demoApiKeys } from '../../scripts/demo/upstream.ts'
import { type Listening, listen } from '../../scripts/embedded/server.ts'
import { createClients } from '../../shared/adapters/aws/clients.ts'
import type { Consumed } from '../../shared/adapters/aws/dynamo-capacity.ts'
import { createDynamoStore } from '../../shared/adapters/aws/dynamo-store.ts'
import { createKmsSecrets } from '../../shared/adapters/aws/kms-secrets.ts'
import { systemClock, systemRandom } from '../../shared/adapters/embedded/world.ts'
import { createHttp } from '../../shared/adapters/http.ts'
import { keys, longTexts } from '../../shared/domain/keys.ts'
import { freshMeter } from '../../shared/domain/meter.ts'
import type { Store } from '../../shared/ports/store.ts'
import { leaveDeadCall } from '../world/dead-call.ts'
import { type DeployedWorld, openDeployed } from '../world/deployed.ts'
import { quiet } from '../world/embedded.ts'
import { rawClient } from '../world/raw-client.ts'

const deployed = inject('deployed')
if (deployed === undefined) throw new Error('this needs a deployed stack')

let world: DeployedWorld
let listening: Listening
let store: Store
let cedar: ReturnType<typeof rawClient>
let token: string
let used: Parameters<Consumed>[] = []
const http = createHttp()
const clients = createClients()
const pace = { clock: systemClock, random: systemRandom }

beforeAll(async () => {
  world = await openDeployed(deployed)
  const { outputs } = world
  const output = (name: string): string => outputs[name] ?? ''
  store = createDynamoStore({
    client: clients.dynamo,
    tables: {
      registry: output('TableRegistry'),
      meters: output('TableMeters'),
      spent: output('TableSpent'),
      entries: output('TableEntries'),
    },
    ...pace,
    packed: longTexts,
    consumed: (...one) => void used.push(one),
  })
  const secrets = createKmsSecrets({
    client: clients.kms,
    macKeys: { nonce: output('NonceKeyArn') },
    ...pace,
  })
  listening = await listen(0, quiet)
  const issuer = `http://127.0.0.1:${listening.port}`
  const deps = {
    ...pace,
    store,
    issuer,
    nonceKey: await secrets.derive('nonce', 'dpop'),
    ring: createRingReader(store, systemClock),
    telemetry: quiet,
  }
  const credential = async (name: string): Promise<string> => demoApiKeys[name as keyof typeof demoApiKeys]
  const gate = createGate({ ...deps, http, credential, leaseMs: 10_000 })
  const service = createToken({ ...deps, signers: world.signer })
  listening.serve([
    ['/oauth/', service],
    ['/openai/', gate],
    ['/api/', createApi(deps)],
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

/** Strongly consistent reads of up to 4 KB and writes of up to 1 KB cost one unit; in a transaction, two. */
async function unitsOf(act: () => Promise<unknown>) {
  used = []
  await act()
  const total = { read: 0, write: 0, index: 0, transactions: 0 }
  for (const [operation, , units] of used) {
    total.read += units.read
    total.write += units.write
    total.index += units.index
    if (operation === 'transact') total.transactions += 1
  }
  return total
}

test('a gated call: at most 8 write units, no transaction', async () => {
  const call = await unitsOf(async () => expect((await cedar.chat({}, { token })).status).toBe(200))
  expect(call).toEqual({ read: 0, write: 0, index: 0, transactions: 0 })
})

test('a streamed call costs the same', async () => {
  const call = await unitsOf(async () => (await cedar.chat({ stream: true }, { token })).text())
  expect(call).toEqual({ read: 0, write: 0, index: 0, transactions: 0 })
})

test('a call with a pool as well: two more writes', async () => {
  const limits = { total: 1_000_000, rpm: 6_000, burst: 100, streams: 256 }
  const item = freshMeter('pool_valley', limits, Date.now(), 'pool')
  await store.write({ kind: 'put', key: keys.meter(item.id), item })
  await store.write({
    kind: 'update',
    key: keys.grant('grant_cedar'),
    change: { set: [[['meters'], ['grant_cedar', item.id]]] },
  })
  const pooled = await cedar.token()
  const call = await unitsOf(() => cedar.chat({}, { token: pooled }))
  await store.write({
    kind: 'update',
    key: keys.grant('grant_cedar'),
    change: { set: [[['meters'], ['grant_cedar']]] },
  })
  expect(call).toEqual({ read: 0, write: 0, index: 0, transactions: 0 })
})

test('a refusal by the records', async () => {
  const state = (value: string) =>
    store.write({ kind: 'update', key: keys.grant('grant_cedar'), change: { set: [[['state'], value]] } })
  await state('suspended')
  const call = await unitsOf(async () => expect((await cedar.chat({}, { token })).status).toBe(403))
  await state('active')
  expect(call).toEqual({ read: 0, write: 0, index: 0, transactions: 0 })
})

test('a token: one transaction of three items', async () => {
  expect(await unitsOf(() => cedar.token())).toEqual({ read: 0, write: 0, index: 0, transactions: 1 })
})

test('one beat of a stream: each second', async () => {
  await world.script({ pace_ms: 100, tokens: 25, times: 1 })
  const whole = await unitsOf(async () =>
    (await cedar.chat({ stream: true, max_tokens: 25 }, { token })).text(),
  )
  expect(whole).toEqual({ read: 0, write: 0, index: 0, transactions: 0 })
})

test('quota', async () => {
  const api = await cedar.token({ resource: `http://127.0.0.1:${listening.port}/api` })
  const asked = await unitsOf(() => cedar.call('GET', '/api/v1/me', { token: api }))
  expect(asked).toEqual({ read: 0, write: 0, index: 0, transactions: 0 })
})

test('a run of the sweeper that finds nothing, and one dead call', async () => {
  const deps = { store, clock: systemClock, telemetry: quiet }
  await sweep(deps)
  const idle = await unitsOf(() => sweep(deps))
  await leaveDeadCall(world, 100, 60_000)
  const busy = await unitsOf(() => sweep(deps))
  expect({ idle, busy }).toEqual({})
})
