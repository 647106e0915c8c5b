/** The notifier as it is deployed, under its own role: its index, its key, its bus, and a receiver on this machine. */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda'
import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createKmsClient } from '../../shared/adapters/aws/clients.ts'
import { createKmsSecrets } from '../../shared/adapters/aws/kms-secrets.ts'
import { systemClock, systemRandom } from '../../shared/adapters/world.ts'
import type { Finding } from '../../shared/domain/findings.ts'
import { type Governed, keys, type Listed, listed } from '../../shared/domain/keys.ts'
import type { Notice } from '../../shared/domain/notices.ts'
import type { Organisation } from '../../shared/domain/parties.ts'
import { entryId } from '../../shared/entries/id.ts'
import { webhookLabel, webhookSecret } from '../../shared/webhooks/sign.ts'
import { type DeployedWorld, openDeployed } from '../world/deployed.ts'
import { deployedStack } from '../world/open.ts'

let world: DeployedWorld
const received: { readonly headers: IncomingHttpHeaders; readonly body: string }[] = []
let status = 204
const sha256 = (of: string): string => createHash('sha256').update(of).digest('hex')
const server = createServer(async (request, response) => {
  const body = await text(request)
  received.push({ headers: request.headers, body })
  if (request.url === '/findings')
    return void response.writeHead(201).end(JSON.stringify({ receipt_id: 'CH-1', sha256: sha256(body) }))
  response.writeHead(status).end()
})

beforeAll(async () => {
  world = await openDeployed(deployedStack())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
})
afterAll(async () => {
  server.close()
  await world.close()
})

const organisation = 'organisation_told'
const webhook = 'webhook_1'

async function put(): Promise<Notice> {
  const { port } = server.address() as AddressInfo
  const item: Governed<Organisation> = {
    id: organisation,
    name: 'Told',
    state: 'active',
    kind: 'developer',
    webhooks: { [webhook]: { url: `http://127.0.0.1:${port}/hook`, createdAt: Date.now() } },
    rev: 1,
    ...listed('organisation', organisation, organisation),
  }
  await world.store.write({ kind: 'put', key: keys.organisation(organisation), item })
  const eid = entryId(Date.now(), systemRandom.bytes(16))
  const notice: Notice & Listed = {
    id: `${eid}-${organisation}`,
    organisation,
    type: 'partner.suspended',
    subject: { kind: 'partner', id: 'p', name: 'Köln Utilities' },
    text: 'The partner is suspended.',
    entry: eid,
    at: Date.now(),
    due: 'pending',
    dueAt: Date.now(),
    attempts: 0,
    ...listed('notice', organisation, `${eid}-${organisation}`),
  }
  await world.store.write({ kind: 'put', key: keys.notice(notice.id), item: notice })
  return notice
}

async function run(): Promise<void> {
  const lambda = new LambdaClient({})
  const done = await lambda.send(new InvokeCommand({ FunctionName: world.outputs.FunctionNotifier ?? '' }))
  if (done.FunctionError) throw new Error(Buffer.from(done.Payload ?? []).toString())
}

test('sends what waits, signed by the key of its domain, puts it on the bus, and marks it', async () => {
  const { id } = await put()
  await run()
  const secrets = createKmsSecrets({
    client: createKmsClient(),
    macKeys: { webhook: world.outputs.WebhookKeyArn ?? '' },
    clock: systemClock,
    random: systemRandom,
  })
  const key = await secrets.derive('webhook', webhookLabel(organisation, webhook))
  // Its schedule may have come in between: then that run has the notice, and this one does not wait for it.
  await expect
    .poll(async () => (await world.store.get([keys.notice(id)]))[0]?.due, { timeout: 15_000 })
    .toBeUndefined()
  const sent = received.find(({ headers }) => headers['webhook-id'] === id)
  expect(
    new Webhook(webhookSecret(key)).verify(sent?.body ?? '', sent?.headers as Record<string, string>),
  ).toMatchObject({ type: 'partner.suspended', data: { id } })
  const [notice] = await world.store.get([keys.notice(id)])
  expect(Object.keys(notice?.delivered ?? {}).sort()).toEqual(['event_bus', webhook])
  expect(notice).not.toHaveProperty('due')
})

test('disables a webhook that is gone, with its entry: it has the rights that this takes', async () => {
  status = 410
  await put()
  await run()
  const disabledAt = async () =>
    (await world.store.get([keys.organisation(organisation)]))[0]?.webhooks?.[webhook]?.disabledAt
  await expect.poll(disabledAt, { timeout: 15_000 }).toBeGreaterThan(0)
})

test('carries a finding to its clearinghouse, and writes down the receipt with its entry and its notices', async () => {
  const [id, office, advisory] = [`finding_${Date.now()}`, 'organisation_office', '{"document":{}}']
  const { port } = server.address() as AddressInfo
  await world.store.write({
    kind: 'put',
    key: keys.organisation(office),
    item: {
      ...{ id: office, name: 'An office', state: 'active', kind: 'government', rev: 1 },
      clearinghouse: { url: `http://127.0.0.1:${port}/findings`, setAt: Date.now() },
      ...listed('organisation', office, office),
    },
  })
  const finding = {
    ...{ id, kind: 'vulnerability', organisation, model: 'm', developer: 'halcyon', governments: [office] },
    ...{ severity: 'high', title: 'A title', text: 'Words.', salt: 'salt', state: 'handed_off' },
    ...{ discoveredAt: Date.now(), reportedAt: Date.now(), entry: 'entry_1', rev: 1, due: 'hand_off' },
    ...{ handedTo: [office], sharedWith: [] },
    handOff: {
      ...{ to: office, advisory, jws: 'head.payload.signature', digest: sha256(advisory) },
      ...{ at: Date.now(), entry: 'entry_2', attempts: 0, nextAt: Date.now() },
    },
    ...listed('finding', organisation, id),
  }
  await world.store.write({
    kind: 'put',
    key: keys.finding(id),
    item: finding as unknown as Governed<Finding> & Listed,
  })
  await run()
  const stored = async () => (await world.store.get([keys.finding(id)]))[0]
  await expect.poll(async () => (await stored())?.state, { timeout: 15_000 }).toBe('received')
  const sent = received.find(({ headers }) => headers['sallyport-signature'] === 'head..signature')
  expect(sent?.body).toBe(advisory)
  const { handOff, ...rest } = (await stored()) ?? {}
  expect(rest).not.toHaveProperty('due')
  expect(handOff?.receipt).toMatchObject({ id: 'CH-1' })
  const [entry] = await world.store.get([keys.entry(handOff?.receipt?.entry ?? '')])
  expect(entry).toBeDefined()
})
