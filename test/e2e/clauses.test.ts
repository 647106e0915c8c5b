/** From an agreement to a grant, a token, a refusal and its entry, and back: all by the id of a clause. */
import { compactVerify, decodeJwt, decodeProtectedHeader, importJWK, type JWK } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { at, textAt } from '../../client/json.ts'
import { codeOf, type Deciding, deciding } from '../world/governance.ts'
import { openWorld } from '../world/open.ts'
import { operationAt, validateAnswer } from '../world/openapi.ts'
import type { World } from '../world/world.ts'

let world: World
let people: Deciding
beforeAll(async () => {
  world = await openWorld()
  people = deciding(world)
})
afterAll(() => world.close())

const path = (partner: 'cedar' | 'prairie', clause: string): string =>
  `/agreements/${world.agreement(partner)}/clauses/${clause}/effects`

async function read(login: string, of: string): Promise<unknown> {
  const found = await people.read(login, of)
  const operation = operationAt('GET', of.replace(/\?.*/, ''))
  validateAnswer(operation ?? of, 200, found?.body)
  return found?.body
}

const effects = (login: string, partner: 'cedar' | 'prairie', clause: string): Promise<unknown> =>
  read(login, path(partner, clause))

/** An index may lag behind what it shows, on a stack. */
const soon = { timeout: 30_000, interval: 250 }

const count = (body: unknown, name: string): number => Number(at(body, name, 'count'))
const latest = (body: unknown, name: string): readonly string[] => at(body, name, 'latest') as string[]
const entry = async (login: string, eid: string | undefined): Promise<unknown> =>
  at(await read(login, `/entries/${eid}`), 'body')

test('a refusal by a clause is traced from the agreement to the grant, the token and the entry', async () => {
  const [id, clause] = [world.agreement('cedar'), 'capabilities-1']
  const before = await effects('priya', 'cedar', clause)
  const cedar = world.raw('cedar')
  const token = await cedar.token()
  expect((await cedar.chat({}, { token })).status).toBe(200)
  const refused = await cedar.chat({ logprobs: true }, { token })
  expect(refused.status).toBe(403)
  expect(await refused.json()).toMatchObject({
    error: { sallyport: { code: 'capability_withheld', clause } },
  })

  await expect
    .poll(async () => count(await effects('priya', 'cedar', clause), 'refusals'), soon)
    .toBe(count(before, 'refusals') + 1)
  const told = await effects('priya', 'cedar', clause)
  expect(count(told, 'tokens')).toBe(count(before, 'tokens') + 1)
  expect(count(told, 'admissions')).toBe(count(before, 'admissions') + 1)
  expect(at(told, 'refusals', 'by_code', 'capability_withheld')).toBe(
    Number(at(before, 'refusals', 'by_code', 'capability_withheld') ?? 0) + 1,
  )

  // The agreement: the version that is in force holds the clause.
  const agreement = await read('priya', `/agreements/${id}`)
  const digest = textAt(agreement, 'digest') ?? ''
  expect(at(told, 'versions')).toContain(digest)
  expect(at(agreement, 'document', 'clauses')).toContainEqual(
    expect.objectContaining({ id: clause, kind: 'capabilities', text: textAt(told, 'clause', 'text') }),
  )
  // The grant.
  const grant = world.grant('cedar')
  expect(at(told, 'grants')).toContainEqual(expect.objectContaining({ id: grant, organisation: 'cedar' }))
  // The token: it carries the clause, and its entry says so.
  const claims = decodeJwt(token)
  expect(claims).toMatchObject({
    clauses: expect.arrayContaining([clause]),
    agreement: { id, digest },
    grant,
  })
  const issued = await entry('priya', latest(told, 'tokens')[0])
  expect(at(issued, 'unmapped')).toMatchObject({ kind: 'issuance', token: claims.jti, grant })
  // The refusal, by that token, of that version.
  const refusal = await entry('priya', latest(told, 'refusals')[0])
  expect(at(refusal, 'unmapped')).toMatchObject({
    kind: 'refusal',
    code: 'capability_withheld',
    field: 'logprobs',
    clause,
    clause_version: digest,
    grant,
  })
  expect(textAt(refusal, 'actor', 'session', 'uid')).toBe(claims.jti)
})

test('a refusal by a quota is traced to the meter that it binds', async () => {
  const prairie = world.raw('prairie')
  const refused = await prairie.chat({ max_tokens: 50_000 })
  expect(refused.status).toBe(400)
  expect(await refused.json()).toMatchObject({
    error: { sallyport: { code: 'request_exceeds_limit', clause: 'quota-1' } },
  })
  await expect.poll(async () => count(await effects('wes', 'prairie', 'quota-1'), 'refusals'), soon).toBe(1)
  const told = await effects('wes', 'prairie', 'quota-1')
  expect(at(told, 'refusals', 'by_code')).toEqual({ request_exceeds_limit: 1 })
  expect(at(told, 'grants')).toEqual([
    expect.objectContaining({
      id: world.grant('prairie'),
      limits: expect.objectContaining({ total: 10_000 }),
    }),
  ])
  const refusal = await entry('wes', latest(told, 'refusals')[0])
  expect(at(refusal, 'unmapped')).toMatchObject({ meter: world.meterId('prairie'), clause: 'quota-1' })
})

test('its developer counts the calls; the office does not, and sees what was decided', async () => {
  expect((await world.raw('cedar').chat({ logprobs: true })).status).toBe(403)
  await expect
    .poll(async () => count(await effects('ada', 'cedar', 'capabilities-1'), 'refusals'), soon)
    .toBeGreaterThan(0)
  const office = await effects('nora', 'cedar', 'capabilities-1')
  for (const name of ['tokens', 'admissions', 'refusals'])
    expect([name, count(office, name)]).toEqual([name, 0])
  expect(at(office, 'grants')).toContainEqual(expect.objectContaining({ id: world.grant('cedar') }))
  const decided = await effects('nora', 'cedar', 'retention-notice-1')
  expect(count(decided, 'decisions')).toBeGreaterThan(0)
  const decisions = await Promise.all(latest(decided, 'decisions').map(eid => entry('nora', eid)))
  expect(decisions.map(one => textAt(one, 'unmapped', 'action'))).toContain('agreement.acknowledge')
})

test('nothing since a time that has not come, and nothing for who is no party', async () => {
  const later = await read('priya', `${path('cedar', 'quota-1')}?since=2100-01-01T00:00:00Z`)
  for (const name of ['tokens', 'admissions', 'refusals', 'decisions']) expect(count(later, name)).toBe(0)
  for (const [login, clause] of [
    ['wes', 'quota-1'],
    ['tess', 'quota-1'],
    ['priya', 'quota-99'],
  ] as const) {
    const hidden = await (await people.as(login)).get(path('cedar', clause))
    expect([login, hidden.status, codeOf(hidden)]).toEqual([login, 404, 'record_unknown'])
  }
})

test('the registry and the templates are for everybody who is signed in', async () => {
  for (const login of ['ada', 'nora', 'tess', 'priya', 'sam', 'ida']) {
    const kinds = at(await read(login, '/clauses'), 'items') as { kind: string; enforcement: string }[]
    expect(new Set(kinds.map(one => one.enforcement))).toEqual(
      new Set(['enforced', 'evidenced', 'undertaken']),
    )
    const templates = at(await read(login, '/agreement-templates'), 'items') as { title: string }[]
    expect(templates.every(({ title }) => title.includes('made up'))).toBe(true)
  }
})

test('what this deployment states verifies by the keys that it publishes to everybody', async () => {
  const published = await fetch(`${world.issuer}/api/v1/keys`)
  expect([published.status, published.headers.get('cache-control')]).toEqual([200, 'public, max-age=300'])
  const body = await published.json()
  validateAnswer('getStatementKeys', 200, body)
  const { keys } = body as { keys: (JWK & { kid: string })[] }
  for (const key of keys) expect([key.use, key.d]).toEqual(['sig', undefined])

  const exported = await read('priya', `/agreements/${world.agreement('cedar')}/export`)
  const signatures = at(exported, 'signatures') as { kind: string; jws: string; organisation: string }[]
  const attested = signatures.filter(({ kind }) => kind === 'attested')
  expect(attested.length).toBeGreaterThan(0)
  for (const { jws, organisation } of attested) {
    const { kid, alg } = decodeProtectedHeader(jws)
    const key = keys.find(one => one.kid === kid)
    const { payload } = await compactVerify(jws, await importJWK(key as JWK, alg))
    const claims = JSON.parse(Buffer.from(payload).toString()) as object
    expect(claims).toMatchObject({ organisation, digest: textAt(exported, 'digest') })
  }
})
