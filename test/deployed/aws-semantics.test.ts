/** What happens on AWS beyond a request and its answer: processes that die, tables that throttle, keys that fail. */
import { createHash, randomUUID } from 'node:crypto'
import { DisableKeyCommand, EnableKeyCommand, KMSClient } from '@aws-sdk/client-kms'
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest'
import { sandboxesOf } from '../../scripts/localstack/instance.ts'
import { keys } from '../../shared/domain/keys.ts'
import { signingKey } from '../../shared/oauth/key-ring.ts'
import { type DeployedWorld, openDeployed } from '../world/deployed.ts'
import { told } from '../world/entries.ts'
import { deployedStack } from '../world/open.ts'
import { chatBody } from '../world/raw-client.ts'

const pause = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))
const path = '/openai/v1/chat/completions'

let world: DeployedWorld
beforeEach(async () => {
  world = await openDeployed(deployedStack())
})
afterEach(() => world.close())

/** The LocalStack of these tests; one that somebody else runs shows neither its processes nor its switches. */
const instance = inject('localstack')
const ours = describe.skipIf(instance === undefined)

/** Those of the gate. */
const gateProcesses = () =>
  (instance ? sandboxesOf(instance) : []).filter(
    ({ functionName }) => functionName === world.outputs.FunctionGate,
  )

const outcomes = async (): Promise<Record<string, unknown>[]> =>
  (await world.entries('cedar')).map(({ entry }) => told(entry)).filter(one => one.kind === 'outcome')

ours('a function that is killed in the middle of a call', () => {
  test('leaves a lease, which the sweeper settles at its reservation; the next call is served', async () => {
    const cedar = world.raw('cedar')
    const token = await cedar.token()
    await world.script({ first_token_ms: 60_000, times: 1 })
    const cut = cedar.chat({}, { token })
    while ((await world.stats()).in_flight === 0) await pause(20)
    const gates = gateProcesses()
    expect(gates.length).toBeGreaterThan(0)
    for (const { pid } of gates) process.kill(pid, 'SIGKILL')
    // API Gateway says 502 of a function that died; LocalStack says 500.
    expect((await cut).status).toBeGreaterThanOrEqual(500)

    const before = await world.meter('cedar')
    const [[eid, lease] = ['', undefined]] = Object.entries(before.leases)
    expect(before).toMatchObject({ used: 0, remaining: before.limits.total - (lease?.r ?? Number.NaN) })
    expect((await cedar.chat({}, { token })).status).toBe(200)
    const { used } = await world.meter('cedar')

    await pause((lease?.exp ?? 0) - Date.now() + 1_000)
    await world.sweep()
    const after = await world.meter('cedar')
    expect(after).toMatchObject({ leases: {}, used: used + (lease?.r ?? Number.NaN) })
    expect(after.used + after.remaining).toBe(after.limits.total)
    const [outcome] = await world.store.get([keys.entry(`${eid}.outcome`)])
    expect(outcome && told(outcome)).toMatchObject({ ending: 'estimated', charge: lease?.r })
  })
})

ours('races between the processes of a function', () => {
  test('calls at once run in processes of their own, and the meter adds up', async () => {
    const prairie = world.raw('prairie')
    const token = await prairie.token()
    await world.script({ first_token_ms: 3_000 })
    const answers = await Promise.all(Array.from({ length: world.atOnce }, () => prairie.chat({}, { token })))
    const gates = gateProcesses()
    expect(gates.length).toBeGreaterThanOrEqual(world.atOnce)
    let billed = 0
    for (const answer of answers) {
      expect(answer.status).toBe(200)
      billed += ((await answer.json()) as { usage: { total_tokens: number } }).usage.total_tokens
    }
    expect(await world.meter('prairie')).toMatchObject({
      used: billed,
      remaining: 10_000 - billed,
      leases: {},
    })
  })
})

ours('a table that throttles', () => {
  /** A share of all requests to DynamoDB, by this emulator's own switch. */
  async function throttle(share: number): Promise<void> {
    const response = await fetch(`${instance?.endpoint}/_localstack/config`, {
      method: 'POST',
      body: JSON.stringify({ variable: 'DYNAMODB_ERROR_PROBABILITY', value: share }),
    })
    expect(response.ok).toBe(true)
  }
  afterEach(() => throttle(0))

  test('now and then: every call is served, charged once, with one intent and one outcome', async () => {
    const cedar = world.raw('cedar')
    await throttle(0.2)
    const token = await cedar.token()
    const statuses: number[] = []
    for (let i = 0; i < 20; i++) statuses.push((await cedar.chat({}, { token })).status)
    await throttle(0)
    expect(statuses).toEqual(Array(20).fill(200))
    const ends = await outcomes()
    expect(ends).toHaveLength(20)
    const charged = ends.reduce((sum, { charge }) => sum + Number(charge), 0)
    expect(await world.meter('cedar')).toMatchObject({ used: charged, leases: {} })
  })

  test('for good: refused with 503 and when to come again, and nothing is asked of the model', async () => {
    const cedar = world.raw('cedar')
    const token = await cedar.token()
    await throttle(1)
    const refused = await cedar.chat({}, { token })
    const noToken = await cedar.tokenRequest()
    await throttle(0)
    expect(refused.status).toBe(503)
    expect(refused.headers.get('retry-after')).toBe('1')
    expect(await refused.json()).toMatchObject({ error: { sallyport: { code: 'store_unavailable' } } })
    expect(noToken.status).toBe(503)
    expect((await world.stats()).requests).toBe(0)
    expect((await cedar.chat({}, { token })).status).toBe(200)
  })
})

test('an expired row that is still there does not count', async () => {
  const cedar = world.raw('cedar')
  const token = await cedar.token()
  const jti = randomUUID()
  const proof = await cedar.proof('POST', path, { claims: { jti } }, token)
  const row = keys.proof(await cedar.thumbprint(), createHash('sha256').update(jti).digest('base64url'))
  await world.store.write({
    kind: 'put',
    key: row,
    item: { by: 'long ago', exp: Math.floor(Date.now() / 1000) - 3_600 },
  })
  expect((await cedar.call('POST', path, { token, proof, body: chatBody })).status).toBe(200)
  const [spent] = await world.store.get([row])
  expect(spent?.exp).toBeGreaterThan(Date.now() / 1000)
  const again = await cedar.call('POST', path, { token, proof, body: chatBody })
  expect(again.status).toBe(401)
  expect(await again.json()).toMatchObject({ error: { sallyport: { code: 'proof_replayed' } } })
})

test('a signing key that KMS does not use: no token, 503, an entry; tokens that were signed stay good', async () => {
  const kms = new KMSClient({})
  const cedar = world.raw('cedar')
  const token = await cedar.token()
  const [ring] = await world.store.get([keys.keyRing])
  const KeyId = ring && signingKey(ring, Date.now(), {})?.ref
  await kms.send(new DisableKeyCommand({ KeyId }))
  try {
    const refused = await cedar.tokenRequest()
    expect(refused.status).toBe(503)
    expect(await refused.json()).toMatchObject({
      error: 'temporarily_unavailable',
      sallyport: { code: 'signer_unavailable' },
    })
    expect((await cedar.chat({}, { token })).status).toBe(200)
  } finally {
    await kms.send(new EnableKeyCommand({ KeyId }))
  }
  expect((await cedar.tokenRequest()).status).toBe(200)
  const entries = (await world.entries('cedar')).map(({ entry }) => told(entry))
  expect(entries).toContainEqual(
    expect.objectContaining({ kind: 'token_refusal', code: 'signer_unavailable' }),
  )
})

ours('a root of nonces that KMS does not use, while functions start', () => {
  test('each refuses in the shape of what it serves, until KMS answers', async () => {
    const kms = new KMSClient({})
    const KeyId = world.outputs.NonceKeyArn
    const cedar = world.raw('cedar')
    const token = await cedar.token()
    await kms.send(new DisableKeyCommand({ KeyId }))
    try {
      for (const { pid } of instance ? sandboxesOf(instance) : []) process.kill(pid, 'SIGKILL')
      const refused = async (answer: Promise<Response>, body: object): Promise<void> => {
        const response = await answer
        expect(response.status).toBe(503)
        expect(await response.json()).toMatchObject(body)
      }
      const code = 'signer_unavailable'
      await refused(cedar.tokenRequest(), { error: 'temporarily_unavailable', sallyport: { code } })
      await refused(cedar.chat({}, { token }), { error: { sallyport: { code } } })
      await refused(cedar.messages({}, { token }), { type: 'error', error: { sallyport: { code } } })
      await refused(cedar.call('GET', '/api/v1/me', { token }), {
        code,
        type: `urn:sallyport:refusal:${code}`,
      })
      await refused(fetch(`${world.issuer}/healthz`), {
        status: 'unavailable',
        checks: { keys: 'unavailable' },
      })
    } finally {
      await kms.send(new EnableKeyCommand({ KeyId }))
    }
    expect((await cedar.chat({}, { token })).status).toBe(200)
    expect((await cedar.tokenRequest()).status).toBe(200)
  })
})
