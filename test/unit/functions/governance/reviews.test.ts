/** Access reviews: opened ahead of time, certified by name, and told to everybody when nobody did. */
import { compactVerify, importJWK } from 'jose'
import { beforeEach, describe, expect, test } from 'vitest'
import { keptDigest } from '../../../../functions/governance/reviews/certificate.ts'
import { nextReview, reviewId } from '../../../../functions/governance/reviews/review-clock.ts'
import { lapse } from '../../../../functions/sweeper/run.ts'
import { digestOf } from '../../../../shared/agreements/document.ts'
import { statementTypes, verifyStatement } from '../../../../shared/agreements/statement.ts'
import { type Governed, indexes, keys, listed } from '../../../../shared/domain/keys.ts'
import type { Notice } from '../../../../shared/domain/notices.ts'
import type { Agreement, Client } from '../../../../shared/domain/records.ts'
import { type PublicJwk, SignerUnavailable } from '../../../../shared/ports/keys.ts'
import type { Key, Store } from '../../../../shared/ports/store.ts'
import { entriesOf, told as toldBy } from '../../../world/entries.ts'
import { joseKey } from '../../oauth/jose-keys.ts'
import { clientWorld } from './client-world.ts'
import { because, type ConsultationWorld, consultationWorld, issuer } from './consultation-world.ts'
import { applied, day, effective, start, told } from './grant-world.ts'
import { peopleWorld } from './people-world.ts'

let world: ConsultationWorld
beforeEach(async () => {
  world = await consultationWorld()
})

const asking: Partial<Agreement> = {
  startsAt: start,
  clauses: { ...effective.clauses, 'insider-risk': 'risk-1' },
  clocks: { reviewDays: 90 },
  governments: ['ofr'],
}
const agree = (change: Partial<Agreement> = {}) => world.records.agreement({ ...asking, ...change })
const client = (id: string, change: Partial<Client> = {}) => world.records.client({ id, name: id, ...change })
const sweep = () => lapse(world.deps)

/** A review that is due in 14 days. */
async function opened(): Promise<string> {
  await agree()
  world.pass(76 * day)
  await sweep()
  const id = (await world.get(keys.agreement('agreement_1'))).review?.open
  if (id === undefined) throw new Error('none was opened')
  return id
}

const review = (id: string) => world.get(keys.review(id))

const certify = async (who: string, id: string, kept: readonly string[], further: object = {}) =>
  world.call(who, 'certifyReview', {
    path: { review: id },
    body: { ...because, kept, ...further },
    rev: (await review(id)).rev,
  })

async function notices(organisation: string): Promise<readonly Notice[]> {
  const range = { index: indexes.byOwner, partition: organisation, from: 'notice#', to: 'notice$' }
  const page = await world.store.query({ ...range, order: 'asc', limit: 100 })
  const found = await world.store.get(page.keys as readonly Key<Notice>[])
  return found.filter(one => one?.type.startsWith('review.')).filter(one => one !== undefined)
}
const types = async (organisation: string) => (await notices(organisation)).map(({ type }) => type)

const log = async () =>
  (await entriesOf(world.store, 'cedar'))
    .map(({ entry }) => toldBy(entry))
    .filter(({ action, reminder }) => String(action ?? reminder).startsWith('review.'))
    .map(({ action, decision, reminder }) => reminder ?? `${action} ${decision}`)

describe('a review falls due', () => {
  test('so many days after the start as the clause says, and is opened 14 days ahead', async () => {
    await agree()
    world.pass(76 * day - 1)
    expect(await sweep()).toEqual({})
    world.pass(1)
    expect(await sweep()).toMatchObject({ reviews_opened: 1 })
    const id = reviewId('agreement_1', start + 90 * day)
    expect(await review(id)).toMatchObject({
      state: 'due',
      organisation: 'cedar',
      agreement: 'agreement_1',
      clause: 'risk-1',
      developer: 'halcyon',
      governments: ['ofr'],
      dueAt: start + 90 * day,
    })
    // Whoever has to do it is told how; nobody else is asked for anything.
    expect(await notices('cedar')).toMatchObject([
      { type: 'review.due', next: `sallyport review certify ${id}`, subject: { kind: 'review', id } },
    ])
    expect([...(await types('halcyon')), ...(await types('ofr'))]).toEqual([])
    expect(await sweep()).toEqual({})
  })

  test('at once, where reviews follow closer on each other than that', async () => {
    await agree({ clocks: { reviewDays: 3 } })
    expect(await sweep()).toMatchObject({ reviews_opened: 1 })
    expect(await review(reviewId('agreement_1', start + 3 * day))).toMatchObject({ dueAt: start + 3 * day })
  })

  test('once, however many sweepers look at the same moment', async () => {
    await agree({ clocks: { reviewDays: 3 } })
    await Promise.all([sweep(), sweep(), sweep()])
    expect(await world.items('pat', 'listReviews')).toHaveLength(1)
    expect(await types('cedar')).toEqual(['review.due'])
    expect(await log()).toEqual(['review.due'])
  })

  test('never, where no clause asks for it or the agreement is not in force', async () => {
    for (const change of [
      { clocks: {} },
      { state: 'suspended' as const },
      { state: 'offered' as const },
      { endsAt: start + 80 * day },
    ]) {
      world = await consultationWorld()
      await agree(change)
      world.pass(89 * day)
      expect(await sweep(), JSON.stringify(change)).not.toHaveProperty('reviews_opened')
    }
  })

  test('with all the days that the asking leaves, where nobody was there to open it in time', async () => {
    await agree()
    world.pass(200 * day)
    await sweep()
    expect(await review(reviewId('agreement_1', start + 90 * day))).toMatchObject({
      dueAt: start + 214 * day,
    })
    expect(await sweep()).not.toHaveProperty('reviews_missed')
  })

  test('without a new version of the agreement: what was proposed about it does not go stale', async () => {
    await agree()
    const { rev } = await world.get(keys.agreement('agreement_1'))
    world.pass(76 * day)
    await sweep()
    expect((await world.get(keys.agreement('agreement_1'))).rev).toBe(rev)
  })

  test('again after the last one was certified', async () => {
    const id = await opened()
    applied(await certify('pat', id, ['pat', 'uma']))
    expect(await sweep()).not.toHaveProperty('reviews_opened')
    world.pass(76 * day)
    expect(await sweep()).toMatchObject({ reviews_opened: 1 })
    const next = reviewId('agreement_1', start + 166 * day)
    expect(await review(next)).toMatchObject({ state: 'due', dueAt: start + 166 * day })
  })

  test('by the clauses of the version in force', () => {
    const agreement = { ...effective, ...asking, clocks: { reviewDays: 30 } }
    expect(nextReview(agreement, start)).toMatchObject({ nominal: start + 30 * day })
    expect(nextReview({ ...agreement, review: { from: start + 5 * day } }, start)).toMatchObject({
      nominal: start + 35 * day,
      opensAt: start + 21 * day,
    })
  })
})

describe('a review that nobody certified', () => {
  test('is flagged once, every party hears of it, and it stays to be done', async () => {
    const id = await opened()
    world.pass(14 * day - 1)
    expect(await sweep()).not.toHaveProperty('reviews_missed')
    world.pass(1)
    expect(await sweep()).toMatchObject({ reviews_missed: 1 })
    expect(await sweep()).not.toHaveProperty('reviews_missed')
    expect(await review(id)).toMatchObject({ state: 'due', missed: true, rev: 1 })
    expect(await types('cedar')).toEqual(['review.due', 'review.overdue'])
    for (const who of ['halcyon', 'ofr']) expect(await types(who), who).toEqual(['review.overdue'])
    expect(await log()).toEqual(['review.due', 'review.certify missed'])
    applied(await certify('pat', id, ['pat', 'uma']))
    expect(await review(id)).toMatchObject({ state: 'certified', missed: true })
  })

  test('is owed by nobody any more once the agreement has ended', async () => {
    const id = await opened()
    await agree({ state: 'terminated', review: { open: id } })
    world.pass(20 * day)
    expect(await sweep()).toMatchObject({ reviews_ended: 1 })
    expect(await review(id)).toMatchObject({ state: 'ended' })
    expect(await sweep()).not.toHaveProperty('reviews_missed')
    expect(told(await certify('pat', id, ['pat', 'uma']))).toBe('state_forbids')
  })
})

describe('to certify', () => {
  test('names each person and client that keeps access, neither fewer nor more', async () => {
    for (const state of ['enrolled', 'active', 'suspended', 'revoked', 'expired', 'compromised'] as const)
      await client(`client_${state}`, { state })
    await world.person('sid', 'cedar', 'partner-user', { state: 'suspended' })
    await world.person('rob', 'cedar', 'partner-user', { state: 'removed' })
    const id = await opened()
    const all = ['client_active', 'client_enrolled', 'client_suspended', 'pat', 'sid', 'uma']
    const body = await world.body<{ subjects: { id: string; kind: string }[] }>('pat', 'getReview', {
      path: { review: id },
    })
    expect(body.subjects.map(one => one.id).toSorted()).toEqual(all)

    for (const [left, kept] of [
      ['client_suspended', all.filter(one => one !== 'client_suspended')],
      ['sid', all.filter(one => one !== 'sid')],
    ] as const) {
      const refused = await certify('pat', id, kept)
      expect(told(refused)).toBe('body_malformed kept')
      expect(refused).toMatchObject({ facts: { detail: `Not named, and with access: ${left}.` } })
      expect(refused).toMatchObject({ facts: { next: expect.stringContaining('Remove or revoke first') } })
    }
    for (const more of ['rob', 'client_revoked', 'rita', 'nobody'])
      expect(await certify('pat', id, [...all, more]), more).toMatchObject({
        code: 'body_malformed',
        facts: { field: 'kept', detail: `Named, and without access: ${more}.` },
      })
    expect(await review(id)).toMatchObject({ state: 'due', rev: 1 })
    await expect(certify('pat', id, [...all, 'uma'])).rejects.toThrow('stands twice')
    applied(await certify('pat', id, all.toReversed()))
    expect(await review(id)).toMatchObject({
      state: 'certified',
      certified: { kept: all, by: { person: 'pat', role: 'partner-admin' } },
    })
    expect(told(await certify('pat', id, all))).toBe('state_forbids')
    expect(await types('halcyon')).toEqual(['review.certified'])
  })

  test('is for an administrator of the organisation itself', async () => {
    const id = await opened()
    for (const who of ['uma', 'dana', 'nora', 'audrey'])
      expect(told(await certify(who, id, ['pat', 'uma'])), who).toBe('role_missing')
    for (const who of ['rita', 'zoe', 'elsa', 'tess'])
      expect(told(await certify(who, id, ['pat', 'uma'])), who).toBe('record_unknown')
  })

  test('makes a certificate that verifies with the published key, and says what was certified', async () => {
    await client('client_1')
    const id = await opened()
    const kept = ['client_1', 'pat', 'uma']
    applied(await certify('pat', id, kept))
    const body = await world.body<{ certified: { certificate: string; entry: string } }>(
      'dana',
      'getReview',
      {
        path: { review: id },
      },
    )
    const { certificate, entry } = body.certified
    expect(verifyStatement(certificate, statementTypes.review, world.key.jwk)).toMatchObject({
      kid: world.key.kid,
    })
    // By somebody else's code as well.
    const key = await importJWK({ ...world.key.jwk }, 'ES256')
    const { payload, protectedHeader } = await compactVerify(certificate, key)
    expect(protectedHeader.typ).toBe('sallyport-review+jwt')
    expect(JSON.parse(Buffer.from(payload).toString())).toEqual({
      iss: issuer,
      iat: Math.floor(world.now() / 1000),
      review: id,
      agreement: 'agreement_1',
      clause: 'risk-1',
      organisation: 'cedar',
      due: (start + 90 * day) / 1000,
      by: { person: 'pat', name: 'pat', role: 'partner-admin' },
      kept: { digest: keptDigest(kept), ids: kept },
    })
    for (const type of [statementTypes.attestation, statementTypes.document])
      expect(verifyStatement(certificate, type, world.key.jwk as PublicJwk)).toMatch('typ')
    expect(await world.entry(entry)).toMatchObject({
      action: 'review.certify',
      clause: 'risk-1',
      params: {
        agreement: 'agreement_1',
        clause: 'risk-1',
        kept: 3,
        kept_digest: keptDigest(kept),
        certificate_digest: digestOf(certificate),
      },
    })
  })

  test('signs nothing in a dry run, and nothing that would be refused', async () => {
    const id = await opened()
    let signed = 0
    world.withSigner({
      kid: 'k',
      alg: 'ES256',
      publicJwk: world.key.jwk,
      sign: async () => {
        signed++
        return new Uint8Array(64)
      },
    })
    expect(told(applied(await certify('pat', id, ['pat', 'uma'], { dry_run: true })).body)).toBe('dry_run')
    expect(told(await certify('pat', id, ['pat']))).toBe('body_malformed kept')
    expect(told(await certify('uma', id, ['pat', 'uma']))).toBe('role_missing')
    const { rev } = await review(id)
    const stale = { path: { review: id }, body: { ...because, kept: ['pat', 'uma'] }, rev: rev + 1 }
    expect(told(await world.call('pat', 'certifyReview', stale))).toBe('version_stale')
    expect(signed).toBe(0)
    applied(await certify('pat', id, ['pat', 'uma']))
    expect(signed).toBe(1)
  })

  test('is refused while the key does not answer, and nothing is written', async () => {
    const id = await opened()
    world.withSigner({
      kid: 'k',
      alg: 'ES256',
      publicJwk: world.key.jwk,
      sign: () => Promise.reject(new SignerUnavailable('down')),
    })
    expect(told(await certify('pat', id, ['pat', 'uma']))).toBe('signer_unavailable')
    expect(await review(id)).toMatchObject({ state: 'due', rev: 1 })
  })
})

describe('somebody enrolled at the same moment', () => {
  const enrolled = async (id: string) => {
    await client(id)
    await world.store.write({
      kind: 'update',
      key: keys.organisation('cedar'),
      change: { add: [[['enrolled'], 1]] },
    })
  }

  /** What happens once, between the reads and the transaction. */
  function raced(happens: () => Promise<void>): Store {
    const { store } = world
    let once = true
    return {
      ...store,
      get: keys => store.get(keys),
      query: query => store.query(query),
      write: op => store.write(op),
      transact: async ops => {
        if (once) {
          once = false
          await happens()
        }
        return store.transact(ops)
      },
    } as Store
  }

  test('is not certified unseen: it is judged again, and they are named', async () => {
    const id = await opened()
    const store = raced(() => enrolled('client_late'))
    ;(world.deps as { store: Store }).store = store
    expect(await certify('pat', id, ['pat', 'uma'])).toMatchObject({
      code: 'body_malformed',
      facts: { field: 'kept', detail: 'Not named, and with access: client_late.' },
    })
    expect(await review(id)).toMatchObject({ state: 'due' })
  })

  test('is waited for while the index does not list them yet', async () => {
    const id = await opened()
    await world.store.write({
      kind: 'update',
      key: keys.organisation('cedar'),
      change: { set: [[['enrolled'], 3]] },
    })
    expect(told(await certify('pat', id, ['pat', 'uma']))).toBe('store_unavailable')
    expect(told(await world.call('pat', 'getReview', { path: { review: id } }))).toBe('store_unavailable')
    await client('client_late')
    expect(told(await certify('pat', id, ['pat', 'uma']))).toBe('body_malformed kept')
    applied(await certify('pat', id, ['client_late', 'pat', 'uma']))
  })

  test('as little as somebody who has lost access meanwhile is certified to keep it', async () => {
    await client('client_1')
    const id = await opened()
    ;(world.deps as { store: Store }).store = raced(() =>
      world.store
        .write({
          kind: 'update',
          key: keys.client('client_1'),
          change: { set: [[['state'], 'revoked']], add: [[['rev'], 1]] },
        })
        .then(() => undefined),
    )
    expect(told(await certify('pat', id, ['client_1', 'pat', 'uma']))).toBe('body_malformed kept')
  })

  test('even of hundreds, who do not all stand in one transaction', async () => {
    const ids = Array.from({ length: 150 }, (_, i) => `client_${i}`)
    for (const one of ids) await client(one)
    const id = await opened()
    ;(world.deps as { store: Store }).store = raced(() => enrolled('client_late'))
    expect(told(await certify('pat', id, [...ids, 'pat', 'uma']))).toBe('body_malformed kept')
    applied(await certify('pat', id, [...ids, 'client_late', 'pat', 'uma']))
    expect((await review(id)).certified?.kept).toHaveLength(153)
  })
})

describe('an organisation counts whom it has taken in', () => {
  test('each client that is enrolled, and no rotation of a key', async () => {
    const clients = await clientWorld()
    const count = async () => (await clients.store.get([keys.organisation('cedar')]))[0]?.enrolled
    const { id } = await clients.enrolled()
    expect(await count()).toBe(1)
    await clients.enrolled()
    expect(await count()).toBe(2)
    const ticket = await clients.ticketFor('priya', { kind: 'rotate', client: id, reason: because.reason })
    clients.told(await clients.enrol(ticket, await joseKey()))
    expect(await count()).toBe(2)
  })

  test('each person who is added', async () => {
    const people = await peopleWorld()
    const body = { name: 'Robin', subject: 'robin' }
    applied(await people.call('addPerson', 'priya', { body }))
    const { enrolled, rev } = await people.organisationOf('cedar')
    // What others decide about it does not go stale by it.
    expect({ enrolled, rev }).toEqual({ enrolled: 1, rev: 1 })
  })
})

describe('who reads a review', () => {
  test('its organisation, and the developer, the offices and the auditors who have to do with it', async () => {
    const id = await opened()
    for (const who of ['pat', 'uma', 'dana', 'nora', 'audrey'])
      expect(
        (await world.items(who, 'listReviews')).map(one => one.id),
        who,
      ).toEqual([id])
    for (const who of ['rita', 'zoe', 'elsa', 'tess'])
      expect(await world.items(who, 'listReviews'), who).toEqual([])
    expect(
      await world.items('dana', 'listReviews', { query: { organisation: 'cedar', state: 'due' } }),
    ).toHaveLength(1)
    expect(await world.items('dana', 'listReviews', { query: { state: 'certified' } })).toEqual([])
  })

  test('whom it is about, and when they were last seen, its own administrators alone', async () => {
    await client('client_1', { seenOn: Math.floor(start / day) + 70 })
    const id = await opened()
    for (const who of ['uma', 'dana', 'nora', 'audrey'])
      expect(await world.body(who, 'getReview', { path: { review: id } }), who).toMatchObject({
        subjects: null,
      })
    expect(await world.body('pat', 'getReview', { path: { review: id } })).toMatchObject({
      subjects: [
        { kind: 'person', id: 'pat', last_seen: null },
        { kind: 'person', id: 'uma', state: 'active' },
        { kind: 'client', id: 'client_1', name: 'client_1', state: 'active', last_seen: '2027-03-26' },
      ],
    })
  })
})

describe('what waits on somebody', () => {
  const me = (who: string) =>
    world.body<{
      waits_on_me: { agreements: number; reviews: number; items: { kind: string; id: string }[] }
      notices_to_acknowledge: { agreement: string; text: string | null; command: string }[]
    }>(who, 'getMe')

  test('names the review that is due to whoever can certify it', async () => {
    const id = await opened()
    expect((await me('pat')).waits_on_me).toMatchObject({ reviews: 1, items: [{ kind: 'review', id }] })
    for (const who of ['uma', 'dana', 'nora', 'rita'])
      expect((await me(who)).waits_on_me.reviews, who).toBe(0)
    applied(await certify('pat', id, ['pat', 'uma']))
    expect((await me('pat')).waits_on_me.reviews).toBe(0)
  })

  const version = (signatures: object) =>
    world.store.write({
      kind: 'put',
      key: keys.agreementVersion('digest-1') as Key,
      item: {
        agreement: 'agreement_1',
        signatures,
        document: JSON.stringify({
          parties: [{ organisation: 'halcyon' }, { organisation: 'cedar' }, { organisation: 'ofr' }],
          clauses: [{ kind: 'retention-notice', terms: { days: 30, notice: 'Calls are recorded.' } }],
        }),
      },
    })

  test('names the notice that nobody has acknowledged, to the administrator and in its words to everybody', async () => {
    await version({})
    await world.store.write({
      kind: 'update',
      key: keys.agreement('agreement_1'),
      change: { remove: [['consentedAt']] },
    })
    const notice = {
      agreement: 'agreement_1',
      text: 'Calls are recorded.\n\nWhat is recorded is kept for 30 days.',
      command: 'sallyport agreement acknowledge agreement_1',
    }
    expect((await me('pat')).waits_on_me).toMatchObject({
      agreements: 1,
      items: [{ kind: 'acknowledgement', id: 'agreement_1' }],
    })
    for (const who of ['pat', 'uma'])
      expect((await me(who)).notices_to_acknowledge, who).toMatchObject([notice])
    for (const who of ['uma', 'dana', 'rita']) expect((await me(who)).waits_on_me.agreements, who).toBe(0)
    for (const who of ['dana', 'nora', 'rita'])
      expect((await me(who)).notices_to_acknowledge, who).toEqual([])

    const { organisation } = await world.caller('pat')
    await client('client_1')
    const found = await world.get(keys.client('client_1'))
    const workload = { kind: 'workload', client: found, organisation, viewer: { organisation: 'cedar' } }
    expect(await world.body(workload as never, 'getMe')).toMatchObject({ notices_to_acknowledge: [notice] })
  })

  test('names the notice of an engagement to those of the office who see its agreements; to no consultant', async () => {
    await world.store.write({
      kind: 'put',
      key: keys.agreement('agreement_2'),
      item: {
        ...effective,
        ...{ id: 'agreement_2', kind: 'engagement', counterparty: 'ofr', governments: ['ofr'], rev: 1 },
        ...listed('agreement', 'ofr', 'agreement_2'),
      } as Governed<Agreement>,
    })
    await world.store.write({
      kind: 'update',
      key: keys.agreement('agreement_2'),
      change: { remove: [['consentedAt']] },
    })
    const named = async (who: string) => (await me(who)).notices_to_acknowledge.map(one => one.agreement)
    for (const who of ['nora', 'olga']) expect(await named(who), who).toEqual(['agreement_2'])
    for (const who of ['tess', 'pat', 'dana']) expect(await named(who), who).toEqual([])
    expect((await me('nora')).waits_on_me).toMatchObject({ agreements: 1 })
    for (const who of ['tess', 'olga']) expect((await me(who)).waits_on_me.agreements, who).toBe(0)
  })

  test('names the version that is offered to each party that has not signed it', async () => {
    await agree({ state: 'offered' })
    await version({ halcyon: {} })
    const waits = async (who: string) => (await me(who)).waits_on_me.items.map(({ kind }) => kind)
    for (const who of ['pat', 'nora']) expect(await waits(who), who).toEqual(['signature'])
    for (const who of ['dana', 'uma', 'olga', 'rita', 'elsa']) expect(await waits(who), who).toEqual([])
    await agree({ next: { version: 2, digest: 'digest-1', state: 'offered' } })
    expect(await waits('pat')).toEqual(['signature'])
    await agree({ next: { version: 2, digest: 'digest-1', state: 'draft' } })
    expect(await waits('pat')).toEqual([])
  })

  test('names the attestation that is owed after the end', async () => {
    const clauses = { ...effective.clauses, destruction: 'destruction-1' }
    await agree({ state: 'terminated', clauses, closeOut: { dueAt: start + 30 * day } })
    expect((await me('pat')).waits_on_me).toMatchObject({
      items: [{ kind: 'attestation', id: 'agreement_1', until: '2027-02-14T08:00:00.000Z' }],
    })
    expect((await me('dana')).waits_on_me.agreements).toBe(0)
    await agree({ state: 'terminated' })
    expect((await me('pat')).waits_on_me.agreements).toBe(0)
  })
})
