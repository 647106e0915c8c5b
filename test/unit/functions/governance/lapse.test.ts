/** What time ends: each once, with its entry and its notices, however many sweepers look. */
import { beforeEach, describe, expect, test } from 'vitest'
import { reminderDue } from '../../../../functions/sweeper/confirmations.ts'
import { lapse } from '../../../../functions/sweeper/run.ts'
import { indexes, keys } from '../../../../shared/domain/keys.ts'
import type { Notice } from '../../../../shared/domain/notices.ts'
import type { Person } from '../../../../shared/domain/parties.ts'
import type { Client } from '../../../../shared/domain/records.ts'
import type { Key, Store } from '../../../../shared/ports/store.ts'
import { entriesOf, told as toldBy } from '../../../world/entries.ts'
import { applied, day, type GrantWorld, grantWorld, proposed, start } from './grant-world.ts'

const hour = 3_600_000

let world: GrantWorld
beforeEach(async () => {
  world = await grantWorld()
})

const client = (change: Partial<Client> = {}) => world.records.client(change)

const person = (change: Partial<Person>) =>
  world.store.write({
    kind: 'update',
    key: keys.person('uma'),
    change: { set: Object.entries(change).map(([name, value]) => [[name], value] as const) },
  })

async function notices(organisation: string): Promise<readonly Notice[]> {
  const page = await world.store.query({
    index: indexes.byOwner,
    partition: organisation,
    from: 'notice#',
    to: 'notice$',
    order: 'asc',
    limit: 100,
  })
  const found = await world.store.get(page.keys as readonly Key<Notice>[])
  return found.filter(one => one !== undefined)
}

const types = async (organisation: string) => (await notices(organisation)).map(({ type }) => type)

/** Decisions of the log by what was done and how. */
const log = async (organisation = 'cedar') =>
  (await entriesOf(world.store, organisation))
    .map(({ entry }) => toldBy(entry))
    .map(({ decision, action, reminder }) => (reminder ? `reminder ${reminder}` : `${action} ${decision}`))

describe('proposals', () => {
  test('that nobody signed in time are timed out, and what waited with them is taken back', async () => {
    const id = proposed(
      await world.decide('pat', 'grant.activate', 'grant_9', {
        organisation: 'cedar',
        model: 'borealis',
        agreement: 'agreement_1',
        limits: { total: 1_000, per_day: 100, rpm: 6, burst: 1, streams: 1 },
        expires_at: new Date(start + 90 * day).toISOString(),
      }),
    )
    expect(await world.get(keys.grant('grant_9'))).toMatchObject({ state: 'requested' })
    world.pass(72 * hour - 1)
    expect(await lapse(world.deps)).toEqual({})
    world.pass(1)
    expect(await lapse(world.deps)).toEqual({ proposals_timed_out: 1 })
    expect(await world.get(keys.proposal(id))).toMatchObject({ state: 'timed_out' })
    expect((await world.get(keys.grant('grant_9'))).state).toBe('expired')
    expect(await log()).toEqual(['grant.activate proposed', 'grant.activate timed_out'])
    expect(await types('halcyon')).toContain('proposal.timed_out')
  })
})

describe('holds', () => {
  test('whose time is over lapse, and make room in standing', async () => {
    const placed = applied(
      await world.decide('nora', 'hold.place', 'hold_1', { scope: { organisation: 'cedar' } }),
    )
    world.pass(14 * day - 1)
    expect(await lapse(world.deps)).not.toHaveProperty('holds_lapsed')
    world.pass(1)
    expect(await lapse(world.deps)).toEqual({ holds_lapsed: 1 })
    expect(await world.get(keys.hold('hold_1'))).toMatchObject({
      state: 'lapsed',
      ended: { at: world.now() },
    })
    expect((await world.get(keys.standing)).holds).toEqual({})
    expect(await log()).toEqual(['hold.place applied', 'hold.place missed', 'hold.place lapsed'])
    expect(await types('ofr')).toContain('hold.lapsed')
    expect(placed.step).toBe('applied')
  })

  test('that a release took out of standing are ended; one that stands there is left alone', async () => {
    await world.hold('hold_1', 'nora', { organisation: 'cedar' })
    expect(await lapse(world.deps)).toEqual({})
    await world.store.write({
      kind: 'update',
      key: keys.standing,
      change: { remove: [['holds', 'hold_1']] },
    })
    expect(await lapse(world.deps)).toEqual({ holds_ended: 1 })
    expect(await world.get(keys.hold('hold_1'))).toMatchObject({ state: 'lapsed' })
    expect(await lapse(world.deps)).toEqual({})
  })
})

describe('stops that nobody stood by', () => {
  test('are flagged once, every party hears of it, and the version stays', async () => {
    applied(await world.decide('nora', 'partner.suspend', 'cedar'))
    const { rev } = await world.get(keys.organisation('cedar'))
    world.pass(24 * hour - 1)
    expect(await lapse(world.deps)).toEqual({})
    world.pass(1)
    expect(await lapse(world.deps)).toEqual({ stops_missed: 1 })
    expect(await world.get(keys.organisation('cedar'))).toMatchObject({
      rev,
      partner: 'suspended',
      stop: { missed: true },
    })
    for (const organisation of ['cedar', 'halcyon', 'ofr'])
      expect(await types(organisation)).toEqual(['partner.suspended', 'ratification.missed'])
    expect(await log()).toEqual(['partner.suspend applied', 'partner.suspend missed'])
    world.pass(day)
    expect(await lapse(world.deps)).toEqual({})
  })

  test('of a break-glass stop, it is the review that was missed', async () => {
    applied(await world.decide('nora', 'partner.suspend', 'cedar', {}, { breakGlass: true }))
    world.pass(day)
    await lapse(world.deps)
    expect(await types('halcyon')).toContain('review.missed')
  })

  test('do not make a proposal stale that was opened on them', async () => {
    applied(await world.decide('nora', 'partner.suspend', 'cedar'))
    world.pass(20 * hour)
    const id = proposed(await world.decide('nora', 'partner.reinstate', 'cedar'))
    world.pass(4 * hour)
    expect(await lapse(world.deps)).toEqual({ stops_missed: 1 })
    expect(await world.answer('dana', 'approve', id)).toMatchObject({ state: 'applied' })
  })

  test('a stop that has ended, or was ratified, is not flagged', async () => {
    applied(await world.decide('nora', 'grant.suspend', 'grant_1'))
    await world.store.write({
      kind: 'update',
      key: keys.grant('grant_1'),
      change: { set: [[['stop', 'ratified'], { person: 'neil' }]] },
    })
    await world.hold('hold_1', 'dana', { organisation: 'prairie' })
    applied(await world.decide('dana', 'hold.lift', 'hold_1'))
    world.pass(day)
    expect(await lapse(world.deps)).toEqual({})
  })
})

describe('clients', () => {
  test('whose enrolment has ended expire', async () => {
    await client({ expiresAt: start + day })
    world.pass(day)
    expect(await lapse(world.deps)).toEqual({ clients_lapsed: 1 })
    expect(await world.get(keys.client('client_1'))).toMatchObject({ state: 'expired', rev: 2 })
    expect(await types('cedar')).toEqual(['client.expired'])
  })

  test('that asked for no token for 35 days are suspended, with the reason', async () => {
    await client()
    world.pass(35 * day)
    expect(await lapse(world.deps)).toEqual({ clients_lapsed: 1 })
    expect(await world.get(keys.client('client_1'))).toMatchObject({ state: 'suspended' })
    const [entry] = await entriesOf(world.store, 'cedar')
    expect(entry && toldBy(entry.entry)).toMatchObject({
      action: 'client.suspend',
      decision: 'applied',
      reason: 'inactivity',
    })
    expect(await lapse(world.deps)).toEqual({})
  })

  test('of a sponsor are suspended when the confirmation is missed', async () => {
    await client({ sponsor: { person: 'pat', confirmedUntil: start + 20 * day } })
    world.pass(20 * day)
    expect(await lapse(world.deps)).toEqual({ clients_lapsed: 1 })
    expect((await entriesOf(world.store, 'cedar')).map(({ entry }) => toldBy(entry).reason)).toEqual([
      'confirmation_missed',
    ])
  })
})

describe('a sponsor', () => {
  test('is reminded 14 days and 1 day ahead, once each, and then the contractor is suspended', async () => {
    await person({ sponsor: { person: 'pat', confirmedUntil: start + 90 * day } })
    world.pass(76 * day - 1)
    expect(await lapse(world.deps)).toEqual({})
    world.pass(1)
    expect(await lapse(world.deps)).toEqual({ confirmations_reminded: 1 })
    world.pass(5 * day)
    expect(await lapse(world.deps)).toEqual({})
    world.pass(8 * day)
    expect(await lapse(world.deps)).toEqual({ confirmations_reminded: 1 })
    expect(await lapse(world.deps)).toEqual({})
    world.pass(day)
    expect(await lapse(world.deps)).toEqual({ people_unconfirmed: 1 })
    expect(await world.get(keys.person('uma'))).toMatchObject({ state: 'suspended' })
    expect((await log()).sort()).toEqual([
      'person.suspend applied',
      'reminder person.confirmation_due',
      'reminder person.confirmation_due',
    ])
    expect(await types('cedar')).toHaveLength(3)
    expect(await lapse(world.deps)).toEqual({})
  })

  test('of a client is named in the reminder, which their organisation reads', async () => {
    await client({ sponsor: { person: 'uma', confirmedUntil: start + 10 * day } })
    expect(await lapse(world.deps)).toEqual({ confirmations_reminded: 1 })
    expect(await notices('cedar')).toMatchObject([
      {
        type: 'client.confirmation_due',
        text: expect.stringContaining('sponsor of batch, uma (uma), is to confirm by 2027-01-25'),
        next: 'sallyport client confirm client_1',
      },
    ])
  })

  test('who answers for nobody any more is not waited for: another has to be named', async () => {
    await client({ sponsor: { person: 'uma', confirmedUntil: start + 10 * day } })
    await person({ state: 'removed' })
    await lapse(world.deps)
    const [notice] = await notices('cedar')
    expect(notice?.text).toContain(
      'answers for nobody any more: an administrator names another by 2027-01-25',
    )
  })

  test('is reminded again of the next confirmation', async () => {
    await person({ sponsor: { person: 'pat', confirmedUntil: start + 10 * day } })
    expect(await lapse(world.deps)).toEqual({ confirmations_reminded: 1 })
    await person({ sponsor: { person: 'pat', confirmedUntil: start + 12 * day } })
    expect(await lapse(world.deps)).toEqual({ confirmations_reminded: 1 })
  })

  test.each([
    [90, 14, 14],
    [90, 13.5, 14],
    [90, 1, 1],
    [90, 0.1, 1],
    [90, 0, undefined],
    [90, 14.1, undefined],
    [7, 6, undefined],
    [7, 1, 1],
  ])('of confirmations for %d days, with %d days left: %s', (confirmationDays, left, due) => {
    const sponsor = { person: 'pat', confirmedUntil: start + left * day }
    expect(reminderDue(sponsor, { confirmationDays }, start)).toBe(due)
  })
})

describe('what is attested', () => {
  const one = (days: number, value = 'FR') => ({ value, expiresAt: start + days * day, by: 'pat' })

  test('of a client is told 14 days before it expires, once, to the organisation that vouches alone', async () => {
    await client({ attributes: { nationality: one(30) }, createdAt: start + 30 * day })
    world.pass(16 * day - 1)
    expect(await lapse(world.deps)).toEqual({})
    world.pass(1)
    expect(await lapse(world.deps)).toEqual({ attributes_reminded: 1 })
    world.pass(10 * day)
    expect(await lapse(world.deps)).toEqual({})
    world.pass(30 * day)
    expect(await lapse(world.deps)).toEqual({})
    expect(await notices('cedar')).toMatchObject([
      {
        type: 'client.attributes_expiring',
        text: expect.stringContaining('nationality of batch is attested until 2027-02-14'),
        next: 'sallyport client attributes client_1',
      },
    ])
    expect(await log()).toEqual(['reminder client.attributes_expiring'])
    for (const other of ['halcyon', 'ofr', 'prairie']) expect(await types(other)).toEqual([])
  })

  test('of a person too, each attribute on its own, and without what it says', async () => {
    await person({ attributes: { nationality: one(5), region: one(5, 'FR-75') } })
    expect(await lapse(world.deps)).toEqual({ attributes_reminded: 2 })
    expect(await types('cedar')).toEqual(['person.attributes_expiring', 'person.attributes_expiring'])
    const told = JSON.stringify([await notices('cedar'), await entriesOf(world.store, 'cedar')])
    expect(told).not.toMatch(/\bFR\b|FR-75/)
  })

  test('is told of again once it was attested anew', async () => {
    await person({ attributes: { nationality: one(5) } })
    await lapse(world.deps)
    await person({ attributes: { nationality: one(12) } })
    expect(await lapse(world.deps)).toEqual({ attributes_reminded: 1 })
  })

  test('that has expired before anybody looked is told no more', async () => {
    await person({ attributes: { nationality: one(5) } })
    world.pass(5 * day)
    expect(await lapse(world.deps)).toEqual({})
  })

  test('of those who cannot act is nobody’s to renew', async () => {
    await person({ attributes: { nationality: one(5) }, state: 'removed' })
    await client({ attributes: { nationality: one(5) }, state: 'revoked' })
    expect(await lapse(world.deps)).toEqual({})
  })
})

describe('grants', () => {
  test('past their end expire, and their own meters close', async () => {
    await world.records.grant({ meters: ['meter_1', 'pool'] })
    await world.records.meter('pool', { shared: 'pool' })
    world.pass(300 * day)
    expect(await lapse(world.deps)).toEqual({ grants_expired: 1 })
    expect(await world.get(keys.grant('grant_1'))).toMatchObject({ state: 'expired', rev: 2 })
    expect(await world.meter()).toMatchObject({ state: 'closed' })
    expect(await world.meter('pool')).toMatchObject({ state: 'open' })
    expect(await types('halcyon')).toEqual(['grant.expired'])
    expect(await lapse(world.deps)).toEqual({})
  })

  test('in every state that can still be used or asked for', async () => {
    for (const state of ['requested', 'approved', 'suspended', 'expired', 'revoked'] as const)
      await world.records.grant({ id: `grant_${state}`, state, meters: [], expiresAt: start })
    expect(await lapse(world.deps)).toEqual({ grants_expired: 3 })
    expect((await world.get(keys.grant('grant_revoked'))).state).toBe('revoked')
  })
})

describe('sweepers', () => {
  test('at once leave one entry and one notice of everything', async () => {
    applied(await world.decide('nora', 'hold.place', 'hold_1', { scope: { organisation: 'cedar' } }))
    await client()
    await person({ sponsor: { person: 'pat', confirmedUntil: start + 45 * day } })
    world.pass(44 * day)
    await Promise.all([1, 2, 3].map(() => lapse(world.deps)))
    expect((await log()).sort()).toEqual([
      'client.suspend applied',
      'hold.place applied',
      'hold.place lapsed',
      'reminder person.confirmation_due',
    ])
    expect(await types('cedar')).toHaveLength(4)
  })

  test('end the others where one record cannot be ended, and tell of it', async () => {
    const errors: unknown[] = []
    await world.records.grant({ id: 'grant_2', model: 'nowhere', expiresAt: start })
    await world.records.grant({ id: 'grant_3', meters: [], expiresAt: start })
    const telemetry = { ...world.deps.telemetry, error: (...told: unknown[]) => void errors.push(told[2]) }
    expect(await lapse({ ...world.deps, telemetry })).toEqual({ grants_expired: 1 })
    expect(errors).toEqual([{ record: 'grant#grant_2', by: 'grants_expired' }])
  })

  test('go on with the other kinds where one cannot be looked through', async () => {
    const errors: unknown[] = []
    await world.records.grant({ id: 'grant_3', meters: [], expiresAt: start })
    const store: Store = {
      ...world.store,
      query: async query => {
        if (query.partition === 'hold') throw new Error('no index')
        return world.store.query(query)
      },
    }
    const telemetry = { ...world.deps.telemetry, error: (...told: unknown[]) => void errors.push(told[0]) }
    expect(await lapse({ ...world.deps, store, telemetry })).toEqual({ grants_expired: 1 })
    expect(errors).toEqual(['records of one kind could not be looked through'])
  })

  test('that have no more time end nothing', async () => {
    await world.records.grant({ id: 'grant_3', meters: [], expiresAt: start })
    expect(await lapse(world.deps, 0)).toEqual({})
  })
})
