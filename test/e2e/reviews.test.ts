/**
 * An access review from the clause to the certificate: it falls due by the clock, names whom it is about, and is certified
 * for exactly those who keep their access. Consultation beside it: what a consultant says changes nothing.
 */
import { compactVerify, createLocalJWKSet, type JSONWebKeySet } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { at, textAt } from '../../client/json.ts'
import { modelId } from '../../scripts/demo/story.ts'
import { templateOf } from '../../shared/agreements/templates.ts'
import type { Clause } from '../../shared/domain/clauses.ts'
import { because, codeOf, type Deciding, deciding } from '../world/governance.ts'
import { enrolClient, inDays } from '../world/governance-subjects.ts'
import { openWorld } from '../world/open.ts'
import type { World } from '../world/world.ts'

let world: World
let deciders: Deciding
beforeAll(async () => {
  world = await openWorld()
  deciders = deciding(world)
})
afterAll(() => world.close())

/** An agreement with Cedar in force, whose reviews follow so close on each other that one is due at once. */
async function agreed(): Promise<string> {
  const clauses = (templateOf('sample-access')?.clauses ?? []).map(
    (clause): Clause =>
      clause.kind === 'insider-risk'
        ? { ...clause, id: 'review-7', terms: { review_days: 2, screening: false } }
        : clause,
  )
  const { id } = await deciders.make('ada', '/agreements', {
    kind: 'access',
    counterparty: 'cedar',
    title: 'Reviewed every other day',
    models: [modelId],
    starts_at: new Date(Date.now() - 60_000).toISOString(),
    ends_at: inDays(30),
    clauses,
    ...because(),
  })
  const path = `/agreements/${id}`
  await deciders.make('ada', `${path}/offer`, because(), { on: path })
  const digest = textAt((await deciders.read('ada', path))?.body, 'digest')
  for (const who of ['ada', 'priya'])
    await deciders.make(who, `${path}/sign`, { digest, ...because() }, { on: path })
  return id
}

describe('an access review', () => {
  let agreement = ''
  let path = ''

  test('falls due by the clause of the agreement, and its administrator hears how it is done', async () => {
    agreement = await agreed()
    await world.sweep()
    const due = (await deciders.list('priya', '/reviews?state=due')).filter(
      one => one.agreement === agreement,
    )
    expect(due).toMatchObject([{ organisation: 'cedar', clause: 'review-7', missed: false, certified: null }])
    const id = String(due[0]?.id)
    path = `/reviews/${id}`
    // Another run makes no other.
    await world.sweep()
    expect((await deciders.list('ada', '/reviews')).filter(one => one.agreement === agreement)).toHaveLength(
      1,
    )
    const inbox = await deciders.list('priya', '/inbox')
    expect(inbox.filter(one => one.next === `sallyport review certify ${id}`)).toMatchObject([
      { type: 'review.due' },
    ])
    const me = (await deciders.read('priya', '/me'))?.body
    expect(at(me, 'waits_on_me', 'reviews')).toBe(1)
  })

  test('is certified for exactly those who have access: somebody who was just enrolled is not left out', async () => {
    const seen = await deciders.read('priya', path)
    const subjects = at(seen?.body, 'subjects') as readonly { readonly id: string; readonly name: string }[]
    expect(subjects.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['Priya Nair', 'Sam Ortiz', 'triage-notes']),
    )
    const kept = subjects.map(({ id }) => id)

    const late = await enrolClient(world, deciders, 'priya', 'just-enrolled')
    const certify = (who: string, ids: readonly string[], further: object = {}) =>
      deciders.ask(
        who,
        `${path}/certify`,
        { kept: ids, ...because(), ...further },
        { ifMatch: seen?.version ?? 0 },
      )
    const refused = await certify('priya', kept)
    expect([refused.status, codeOf(refused)]).toEqual([400, 'body_malformed'])
    expect(textAt(refused.body, 'detail')).toBe(`Not named, and with access: ${late.client_id}.`)
    for (const who of ['sam', 'ada', 'nora'])
      expect(codeOf(await certify(who, kept)), who).toBe('role_missing')
    expect(codeOf(await certify('wes', kept))).toBe('record_unknown')

    // Whoever is to lose it is revoked first.
    const client = `/clients/${late.client_id}`
    await deciders.make('priya', `${client}/revoke`, because(), { on: client })
    expect((await certify('priya', kept, { dry_run: true })).status).toBe(200)
    expect(at((await deciders.read('ada', path))?.body, 'certified')).toBeNull()
    expect((await certify('priya', kept)).status).toBe(200)
    expect(at((await deciders.read('priya', '/me'))?.body, 'waits_on_me', 'reviews')).toBe(0)
  })

  test('leaves a certificate that verifies with the published keys, and an entry with its digest', async () => {
    const review = (await deciders.read('ada', path))?.body
    const published = (await (await fetch(`${world.issuer}/api/v1/keys`)).json()) as JSONWebKeySet
    const certificate = textAt(review, 'certified', 'certificate') ?? ''
    const { payload, protectedHeader } = await compactVerify(certificate, createLocalJWKSet(published))
    expect(protectedHeader.typ).toBe('sallyport-review+jwt')
    const claims: unknown = JSON.parse(Buffer.from(payload).toString('utf8'))
    expect(claims).toMatchObject({
      iss: world.issuer,
      agreement,
      clause: 'review-7',
      organisation: 'cedar',
      by: { name: 'Priya Nair', role: 'partner-admin' },
    })
    expect(at(claims, 'kept', 'ids')).toEqual(at(review, 'certified', 'kept'))
    const entry = await deciders.read('priya', `/entries/${textAt(review, 'certified', 'entry')}`)
    expect(at(entry?.body, 'body', 'unmapped', 'clause')).toBe('review-7')
    expect(at(entry?.body, 'body', 'unmapped', 'params', 'kept_digest')).toBe(at(claims, 'kept', 'digest'))
  })
})

test('a consultant says what they think of a model that is shared with them, and the model is as it was', async () => {
  const path = `/models/${modelId}`
  const opinions = `${path}/opinions`
  const says = { text: 'Water works would gain most from an early look.' }
  const shown = (await deciders.read('tess', path)) !== undefined
  if (!shown) {
    expect(codeOf(await deciders.ask('tess', opinions, says))).toBe('record_unknown')
    await deciders.make(
      'ada',
      `${path}/share`,
      { organisation: 'ofr', shared: true, ...because() },
      { on: path },
    )
  }
  const before = await deciders.read('ada', path)
  const { id } = await deciders.make('tess', opinions, says)
  expect(await deciders.read('ada', path)).toEqual(before)
  for (const who of ['ada', 'nora', 'tess'])
    expect(
      (await deciders.list(who, opinions)).filter(one => one.id === id),
      who,
    ).toMatchObject([{ text: says.text, by: { name: 'Tess Marlow', role: 'consultant' } }])
  expect(codeOf(await deciders.ask('nora', opinions, says))).toBe('role_missing')
  // To a partner the model is offered, and what consultants say of it is not.
  expect(await deciders.list('priya', opinions)).toEqual([])
})
