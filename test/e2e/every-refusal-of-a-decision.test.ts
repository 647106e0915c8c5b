/** Invariant 7 for people: codes of the closed union that the API says to them, over HTTP; the last test counts them. */
import { hash, randomUUID } from 'node:crypto'
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { PersonGateway } from '../../client/index.ts'
import { at, textAt } from '../../client/json.ts'
import type { Answer } from '../../client/person.ts'
import { modelId } from '../../scripts/demo/story.ts'
import { indexes, keys } from '../../shared/domain/keys.ts'
import { type RefusalCode, refusals } from '../../shared/domain/refusal.ts'
import type { Change, Key } from '../../shared/ports/store.ts'
import { openWorld } from '../world/open.ts'
import { personOf, signInPerson } from '../world/person.ts'
import { ofDecisions } from '../world/refusals.ts'
import type { World } from '../world/world.ts'

const met = new Set<string>()
let world: World
let ada: PersonGateway
let nora: PersonGateway
let priya: PersonGateway
beforeAll(async () => {
  world = await openWorld()
  ;[ada, nora, priya] = await Promise.all([
    personOf(world, 'ada'),
    personOf(world, 'nora'),
    personOf(world, 'priya'),
  ])
})
afterAll(() => world.close())

const reason = { code: 'operational', text: 'A test asks for it.', reference: 'case 7' }

/** A problem (RFC 9457) with all that every one of them has. */
function refused({ status, body, headers }: Answer, code: RefusalCode): Readonly<Record<string, unknown>> {
  const { status: expected, title, next } = refusals[code]
  expect({ code: textAt(body, 'code'), status }).toEqual({ code, status: expected })
  expect(headers.get('content-type')).toBe('application/problem+json')
  expect(body).toMatchObject({ title, request_id: headers.get('x-request-id') })
  // Of some codes more is known than what is said of all: a command by the record that it is about, what can be given.
  const said = textAt(body, 'next') ?? ''
  const known = /: sallyport \w+ \w+|by sallyport \w+ \w+$|^Give --[a-z-]+, [\d,]+ at most/
  if (said !== next) expect(said).toMatch(known)
  expect(headers.get('cache-control')).toBe('no-store')
  // Who comes with a ticket is nobody yet.
  expect(at(body, 'rules')).toEqual(code === 'ticket_invalid' ? undefined : expect.any(Number))
  met.add(code)
  return body as Readonly<Record<string, unknown>>
}

/** The version of a record, as somebody sees it. */
async function version(who: PersonGateway, path: string): Promise<number> {
  const { headers } = await who.get(path)
  return Number(headers.get('etag')?.replaceAll('"', ''))
}

/** Changes a record behind everybody's back, and puts it back. */
async function changed(key: Key, change: Change, during: () => Promise<unknown>): Promise<void> {
  const [before] = await world.store.get([key])
  await world.store.write({ kind: 'update', key, change })
  try {
    await during()
  } finally {
    if (before) await world.store.write({ kind: 'put', key, item: before })
  }
}

/** A proposal of ada's that nora's signature is missing from. */
async function proposed(): Promise<{ readonly path: string; readonly ifMatch: number }> {
  const path = '/organisations/prairie'
  const known = at((await ada.get(path)).body, 'provider') as object
  const body = { provider: { ...known, client_id: 'another' }, reason }
  const asked = await ada.post(`${path}/provider`, body, { ifMatch: await version(ada, path) })
  expect(asked.status).toBe(202)
  const id = textAt(asked.body, 'proposal', 'id') ?? ''
  return { path: `/proposals/${id}`, ifMatch: Number(at(asked.body, 'proposal', 'version')) }
}

test('record_unknown: another partner, and one that there is not, alike', async () => {
  const other = refused(await priya.get('/partners/prairie'), 'record_unknown')
  const none = refused(await priya.get('/partners/nobody'), 'record_unknown')
  expect({ ...other, request_id: '', detail: '' }).toEqual({ ...none, request_id: '', detail: '' })
})

test('role_missing: a partner decides on nobody, and the offices that do are named', async () => {
  const ifMatch = await version(priya, '/partners/cedar')
  const { detail } = refused(
    await priya.post('/partners/cedar/suspend', { reason }, { ifMatch }),
    'role_missing',
  )
  expect(detail).toMatch(/nsa-admin|developer-admin/)
})

test('version_required and version_stale: a decision is made on the version that was seen', async () => {
  refused(await ada.post('/partners/cedar/suspend', { reason }), 'version_required')
  refused(await ada.post('/partners/cedar/suspend', { reason }, { ifMatch: 999 }), 'version_stale')
})

test('state_forbids: an active partner is vetted no more', async () => {
  const ifMatch = await version(ada, '/partners/cedar')
  refused(await ada.post('/partners/cedar/vet', { reason }, { ifMatch }), 'state_forbids')
})

test('record_exists: an id is taken once', async () => {
  const body = { id: 'cedar', name: 'Another', developer: 'halcyon', government: 'ofr', reason }
  refused(await ada.post('/partners', body), 'record_exists')
})

test('idempotency_key_required and _reused: for whatever makes something', async () => {
  const body = { kind: 'enrol', name: 'batch', client: 'workload', reason }
  const url = `${world.issuer}/api/v1/clients/tickets`
  const headers = { 'content-type': 'application/json' }
  const bare = await priya.fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })
  refused({ status: bare.status, headers: bare.headers, body: await bare.json() }, 'idempotency_key_required')
  const options = { idempotencyKey: 'the-same-key-for-both' }
  expect((await priya.post('/clients/tickets', body, options)).status).toBe(201)
  refused(await priya.post('/clients/tickets', { ...body, name: 'other' }, options), 'idempotency_key_reused')
})

test('classification_exceeded: words that are marked above the level of the deployment', async () => {
  const text = 'TOP SECRET//NOFORN\nWhat nobody may write here.'
  const marked = { ...reason, text }
  const ifMatch = await version(ada, '/partners/cedar')
  const body = refused(
    await ada.post('/partners/cedar/suspend', { reason: marked }, { ifMatch }),
    'classification_exceeded',
  )
  expect(JSON.stringify(body)).not.toContain('NOFORN')
})

test('score_refused: of a determination stands who made it and when, and nothing that it rests on', async () => {
  const path = `/models/${modelId}`
  const said = { determination: 'OFR-2026-0009', signer: 'The director', reason }
  const cases = [
    ['reason.text', { ...said, reason: { ...reason, text: 'It scored 87 of 100.' } }],
    ['reason.reference', { ...said, reason: { ...reason, reference: 'GPQA 0.71' } }],
    ['signer', { ...said, signer: 'Risk level 4' }],
    ['determination', { ...said, determination: 'score-87' }],
  ] as const
  await changed(keys.model(modelId), { set: [[['state'], 'engaged']] }, async () => {
    const ifMatch = await version(nora, path)
    for (const [field, body] of cases) {
      const told = refused(await nora.post(`${path}/designate`, body, { ifMatch }), 'score_refused')
      expect(at(told, 'errors', '0', 'path')).toBe(field)
      expect(JSON.stringify(told)).not.toMatch(/\b87\b|0\.71|level 4/)
    }
    expect(await version(nora, path)).toBe(ifMatch)
  })
})

test('ceiling_exceeded: a quota above what the agreement covers', async () => {
  const path = `/grants/${world.grant('cedar')}`
  const limits = { total: 999_000_000, rpm: 60, burst: 10, streams: 4 }
  const asked = await ada.post(`${path}/quota`, { limits, reason }, { ifMatch: await version(ada, path) })
  refused(asked, 'ceiling_exceeded')
})

test('own_proposal, approval_required, fresh_sign_in_required: whose signature does not count', async () => {
  const { path, ifMatch } = await proposed()
  refused(await ada.post(`${path}/approve`, {}, { ifMatch }), 'own_proposal')
  const boris = await personOf(world, 'boris')
  refused(await boris.post(`${path}/approve`, {}, { ifMatch }), 'approval_required')
  const stale = await signInPerson(world, 'nora', { ago: 3_600 })
  refused(await stale.post(`${path}/approve`, {}, { ifMatch }), 'fresh_sign_in_required')
  const after = await nora.get(path)
  expect(textAt(after.body, 'state')).toBe('open')
  expect((await ada.post(`${path}/withdraw`, { reason }, { ifMatch })).status).toBe(200)
})

test('proposal_stale: what was reviewed is not what there is now', async () => {
  const { path, ifMatch } = await proposed()
  await changed(keys.organisation('prairie'), { add: [[['rev'], 1]] }, async () =>
    refused(await nora.post(`${path}/approve`, {}, { ifMatch }), 'proposal_stale'),
  )
})

test('holds_full: a hundred are in force', async () => {
  const hold = { scope: { client: 'nobody' }, reason: 'other', placedAt: 1 }
  const holds = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`hold_${i}`, hold]))
  await changed(keys.standing, { set: [[['holds'], holds]] }, async () =>
    refused(await nora.post('/holds', { scope: { organisation: 'prairie' }, reason }), 'holds_full'),
  )
})

test('person_suspended, session_ended: on the next request of a token that is still good', async () => {
  const sam = await signInPerson(world, 'sam')
  const me = await sam.get('/me')
  expect(me.status).toBe(200)
  const id = textAt(me.body, 'person', 'id') ?? ''
  await changed(keys.person(id), { set: [[['state'], 'suspended']] }, async () =>
    refused(await sam.get('/me'), 'person_suspended'),
  )
  const { keys: sessions } = await world.store.query({
    index: indexes.byOwner,
    partition: id,
    order: 'asc',
    limit: 10,
  })
  const [session] = sessions
  if (session === undefined) throw new Error('no session')
  await changed(session, { set: [[['state'], 'ended']] }, async () =>
    refused(await sam.get('/me'), 'session_ended'),
  )
})

test('ticket_invalid: a ticket that was used, and one that there never was', async () => {
  const made = await priya.post('/clients/tickets', {
    kind: 'enrol',
    name: 'once',
    client: 'workload',
    reason,
  })
  const ticket = textAt(made.body, 'ticket') ?? ''
  expect((await enrol(ticket)).status).toBe(201)
  refused(await enrol(ticket), 'ticket_invalid')
  refused(await enrol(`${ticket.slice(0, -4)}aaaa`), 'ticket_invalid')
})

/** With a key that was made just now, and proof that it is there. */
async function enrol(ticket: string): Promise<Answer> {
  const { publicKey, privateKey } = await generateKeyPair('ES256')
  const jwk = await exportJWK(publicKey)
  const proof = await new SignJWT({ ticket_hash: hash('sha256', ticket, 'base64url') })
    .setProtectedHeader({
      alg: 'ES256',
      typ: 'sallyport-enrolment+jwt',
      kid: await calculateJwkThumbprint(jwk),
    })
    .setAudience(world.issuer)
    .setIssuedAt()
    .setJti(randomUUID())
    .sign(privateKey)
  const response = await fetch(`${world.issuer}/api/v1/enrolments`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ticket, public_key: jwk, proof }),
  })
  return { status: response.status, headers: response.headers, body: await response.json() }
}

test('every code that is said to people was met', () => {
  expect([...met].sort()).toEqual([...ofDecisions].sort())
})
