/** Appeals: who may lodge one, against what, once; what upholding gives back, and what it leaves alone. */
import { beforeEach, describe, expect, test } from 'vitest'
import type { PersonCaller } from '../../../../functions/api/caller.ts'
import { appealOperations } from '../../../../functions/api/operations/appeals.ts'
import { lodge } from '../../../../functions/governance/appeals/lodge-appeal.ts'
import { answerDays, appealId } from '../../../../functions/governance/appeals/once.ts'
import { approve } from '../../../../functions/governance/engine/approve.ts'
import { viewerOf } from '../../../../functions/governance/engine/sight.ts'
import { lapse } from '../../../../functions/sweeper/run.ts'
import { keys } from '../../../../shared/domain/keys.ts'
import type { Person } from '../../../../shared/domain/parties.ts'
import type { Client } from '../../../../shared/domain/records.ts'
import { Refusal } from '../../../../shared/domain/refusal.ts'
import type { Key } from '../../../../shared/ports/store.ts'
import { entriesOf, told as toldBy } from '../../../world/entries.ts'
import { applied, day, type GrantWorld, grantWorld, proposed, reason, start, told } from './grant-world.ts'
import { preceded } from './preceded.ts'

let world: GrantWorld
beforeEach(async () => {
  world = await grantWorld()
})

/** The entry of a decision that was made at once. */
async function decided(...asked: Parameters<GrantWorld['decide']>): Promise<string> {
  return applied(await world.decide(...asked)).entry
}

/** Two people: the entry of the last step. */
async function together(first: string, second: string, ...rest: [never, string] | [string, string]) {
  const id = proposed(await world.decide(first, rest[0] as never, rest[1]))
  return applied(await world.answer(second, 'approve', id)).entry
}

const appeal = async (who: string, entry: string, text = 'It was somebody else.') =>
  lodge(world.deps, await world.actor(who), { entry, text, request: 'r' })

interface Asked {
  readonly path?: Record<string, string>
  readonly body?: unknown
  readonly query?: unknown
  readonly rev?: number
}

/** As the router calls it. */
async function call(who: string, id: string, { path = {}, body, query = {}, rev }: Asked = {}) {
  const operation = appealOperations.find(one => one.id === id)
  if (operation === undefined) throw new Error(`no operation ${id}`)
  const actor = await world.actor(who)
  const caller: PersonCaller = { ...actor, kind: 'person', session: {} as never, viewer: viewerOf(actor) }
  const answer = await operation.answer({
    deps: world.deps as never,
    caller,
    path,
    query: operation.query?.parse(query),
    body: operation.body?.parse(body),
    request: 'r',
    ...(rev !== undefined && { rev }),
  })
  return answer instanceof Refusal ? told(answer) : (answer.body as Record<string, unknown>)
}

describe('an appeal is lodged', () => {
  test('by a partner-admin, about a decision on their own organisation, with its clock', async () => {
    const entry = await decided('nora', 'partner.suspend', 'cedar')
    expect(await appeal('pat', entry)).toMatchObject({
      id: appealId(entry, 'cedar'),
      organisation: 'cedar',
      state: 'open',
      subject: { kind: 'organisation', id: 'cedar', developers: ['halcyon'], governments: ['ofr'] },
      dueAt: world.now() + answerDays * day,
      by: { person: 'pat' },
    })
    const log = (await entriesOf(world.store, 'cedar')).map(one => toldBy(one.entry))
    expect(log[1]).toMatchObject({
      decision: 'proposed',
      action: 'appeal.lodge',
      params: { decision: entry },
    })
  })

  test('once, whoever asks and however often', async () => {
    const entry = await decided('nora', 'partner.suspend', 'cedar')
    const all = await Promise.all([
      appeal('pat', entry),
      appeal('pat', entry),
      appeal('pat', entry, 'Again.'),
    ])
    expect(all.map(told).sort()).toEqual(['open', 'record_exists entry', 'record_exists entry'])
    expect(await appeal('pat', entry, 'Again.')).toMatchObject({
      next: expect.stringMatching(/sallyport appeal get appeal_/),
    })
  })

  test('and a repeated request is answered as the first was', async () => {
    const entry = await decided('nora', 'partner.suspend', 'cedar')
    const body = { entry, text: 'It was somebody else.' }
    const first = await call('pat', 'lodgeAppeal', { body })
    expect(first).toMatchObject({ state: 'open', waits_on: expect.stringContaining('nsa-admin') })
    expect(await call('pat', 'lodgeAppeal', { body })).toEqual(first)
    expect(await call('pat', 'lodgeAppeal', { body: { entry, text: 'Otherwise.' } })).toBe(
      'record_exists entry',
    )
  })

  test.each([
    ['uma', 'role_missing'],
    ['dana', 'role_missing'],
    ['rita', 'entry_unknown entry'],
  ])('not by %s', async (who, code) => {
    expect(told(await appeal(who, await decided('nora', 'partner.suspend', 'cedar')))).toBe(code)
  })

  test('not about an entry that does not exist, nor by its own organisation, nor what took nothing away', async () => {
    expect(told(await appeal('pat', 'entry_0'))).toBe('entry_unknown entry')
    const own = await world.decide('pat', 'person.suspend', 'uma')
    if (!(own instanceof Refusal)) expect(told(await appeal('pat', own.entry))).toBe('state_forbids entry')
    const quota = { limits: { total: 2_000, per_day: 100, rpm: 6, burst: 1, streams: 1 } }
    const gave = await decided('dana', 'grant.quota', 'grant_1', quota)
    expect(told(await appeal('pat', gave))).toBe('state_forbids entry')
  })

  test('not about a suspension that has ended; about one that a later stop stands in the place of', async () => {
    const ended = await decided('nora', 'grant.suspend', 'grant_1')
    await together('dana', 'nora', 'grant.reinstate', 'grant_1')
    expect(told(await appeal('pat', ended))).toBe('state_forbids entry')
    await decided('nora', 'grant.suspend', 'grant_1')
    expect(told(await appeal('pat', ended))).toBe('open')
  })

  test('about what was declined', async () => {
    const taking = proposed(await world.decide('dana', 'partner.revoke', 'cedar'))
    const kept = applied(await world.answer('nora', 'decline', taking))
    expect(told(await appeal('pat', kept.entry))).toBe('state_forbids entry')
    const giving = proposed(
      await world.decide('dana', 'grant.continuity', 'grant_1', { mission_continuity: true }),
    )
    const { entry } = applied(await world.answer('nora', 'decline', giving))
    expect(told(await appeal('pat', entry))).toBe('open')
  })

  test('not with a marking above the level of the deployment', async () => {
    const entry = await decided('nora', 'partner.suspend', 'cedar')
    const body = { entry, text: 'TOP SECRET//NOFORN' }
    expect(await call('pat', 'lodgeAppeal', { body })).toBe('classification_exceeded text')
  })
})

describe('upholding gives back what the decision took away', () => {
  async function upheld(entry: string): Promise<unknown> {
    applied(await appeal('pat', entry))
    const path = { appeal: appealId(entry, 'cedar') }
    const opened = await call('dana', 'upholdAppeal', { path, rev: 1, body: { reason } })
    const { id } = (opened as { proposal: { id: string } }).proposal
    return told(await world.answer('nora', 'approve', id))
  }

  test('a suspended partner is active, its meters open', async () => {
    const entry = await decided('nora', 'partner.suspend', 'cedar')
    expect(await world.meter()).toMatchObject({ state: 'closed' })
    expect(await upheld(entry)).toBe('applied')
    const partner = await world.get(keys.organisation('cedar'))
    expect(partner).toMatchObject({ partner: 'active' })
    expect(partner).not.toHaveProperty('stop')
    expect(await world.meter()).toMatchObject({ state: 'open' })
    expect(await world.get(keys.appeal(appealId(entry, 'cedar')))).toMatchObject({
      state: 'upheld',
      decided: { by: [{ person: 'dana' }, { person: 'nora' }], reason },
    })
  })

  test('a revoked partner is reinstated', async () => {
    expect(await upheld(await together('dana', 'nora', 'partner.revoke', 'cedar'))).toBe('applied')
    expect(await world.get(keys.organisation('cedar'))).toMatchObject({ partner: 'reinstated' })
    expect(await world.meter()).toMatchObject({ state: 'open' })
  })

  test('a suspended grant is active', async () => {
    expect(await upheld(await decided('nora', 'grant.suspend', 'grant_1'))).toBe('applied')
    expect(await world.get(keys.grant('grant_1'))).toMatchObject({ state: 'active' })
    expect(await world.meter()).toMatchObject({ state: 'open' })
  })

  test('a hold is lifted', async () => {
    const entry = await decided('nora', 'hold.place', 'hold_1', { scope: { organisation: 'cedar' } })
    expect(await upheld(entry)).toBe('applied')
    expect(await world.get(keys.hold('hold_1'))).toMatchObject({ state: 'lifted' })
    expect((await world.get(keys.standing)).holds).toEqual({})
  })

  describe('as far as time would not end it at once', () => {
    const sponsor = { person: 'pat', confirmedUntil: start + 20 * day }
    const contractor = (change: Partial<Person> = {}) =>
      world.store.write({
        kind: 'update',
        key: keys.person('uma'),
        change: {
          set: Object.entries({ sponsor, ...change }).map(([name, value]) => [[name], value] as const),
        },
      })
    const client = (change: Partial<Client> = {}) => world.records.client(change)
    const sponsorLeaves = () =>
      world.store.write({
        kind: 'update',
        key: keys.person(sponsor.person),
        change: { set: [[['state'], 'removed']], add: [[['rev'], 1]] },
      })
    const subjects = [
      ['person', 'uma', contractor, keys.person('uma') as Key<object>],
      ['client', 'client_1', () => client({ sponsor }), keys.client('client_1') as Key<object>],
    ] as const

    test.each(subjects)('a %s comes back, its confirmation not missed', async (noun, id, make, key) => {
      await make()
      expect(await upheld(await decided('nora', `${noun}.suspend`, id))).toBe('applied')
      expect(await world.get(key)).toMatchObject({ state: 'active', sponsor })
    })

    test.each(subjects)(
      'the clock of a %s starts anew, which nobody could keep',
      async (noun, id, make, key) => {
        await make()
        const entry = await decided('nora', `${noun}.suspend`, id)
        world.pass(21 * day)
        expect(await upheld(entry)).toBe('applied')
        const back = { state: 'active', sponsor: { person: 'pat', confirmedUntil: start + 111 * day } }
        expect(await world.get(key)).toMatchObject(back)
        expect(await world.get(key)).not.toHaveProperty('stop')
        await lapse(world.deps)
        expect(await world.get(key)).toMatchObject(back)
      },
    )

    test.each(subjects)(
      'a %s whose sponsor has left stays suspended, for that',
      async (noun, id, make, key) => {
        await make()
        const entry = await decided('nora', `${noun}.suspend`, id)
        world.pass(21 * day)
        applied(await appeal('pat', entry))
        await sponsorLeaves()
        const path = { appeal: appealId(entry, 'cedar') }
        const opened = await call('dana', 'upholdAppeal', { path, rev: 1, body: { reason } })
        const { proposal } = opened as { proposal: { id: string; difference: object[] } }
        expect(told(await world.answer('nora', 'approve', proposal.id))).toBe('applied')
        const found = await world.get(key)
        expect(found).toMatchObject({ state: 'suspended', sponsor })
        expect(found).not.toHaveProperty('stop')
        const log = (await entriesOf(world.store, 'cedar')).map(one => toldBy(one.entry))
        expect(log.at(-1)).toMatchObject({
          action: 'appeal.uphold',
          difference: [
            { field: 'state', from: 'open', to: 'upheld' },
            { field: 'stop', from: reason.code, to: 'confirmation_missed' },
          ],
        })
      },
    )

    test('not in the name of a sponsor who leaves at that moment', async () => {
      await contractor()
      const entry = await decided('nora', 'person.suspend', 'uma')
      world.pass(21 * day)
      applied(await appeal('pat', entry))
      const path = { appeal: appealId(entry, 'cedar') }
      const opened = await call('dana', 'upholdAppeal', { path, rev: 1, body: { reason } })
      const { proposal } = opened as { proposal: { id: string; version: number } }
      const meanwhile = preceded(world.store, sponsorLeaves)
      const answered = { proposal: proposal.id, rev: proposal.version, request: 'r' }
      const nora = await world.actor('nora')
      expect(told(await approve({ ...world.deps, store: meanwhile }, nora, answered))).toBe('applied')
      expect(await world.get(keys.person('uma'))).toMatchObject({ state: 'suspended', sponsor })
    })

    test('a client whose enrolment has ended is expired', async () => {
      await client({ expiresAt: start + 20 * day })
      const entry = await decided('nora', 'client.suspend', 'client_1')
      world.pass(20 * day)
      expect(await upheld(entry)).toBe('applied')
      expect(await world.get(keys.client('client_1'))).toMatchObject({ state: 'expired' })
    })
  })

  test('and leaves a later decision alone', async () => {
    const first = await decided('nora', 'grant.suspend', 'grant_1')
    const again = proposed(await world.decide('dana', 'grant.reinstate', 'grant_1'))
    applied(await world.answer('nora', 'approve', again))
    await decided('dana', 'grant.suspend', 'grant_1')
    expect(await upheld(first)).toBe('applied')
    expect(await world.get(keys.grant('grant_1'))).toMatchObject({ state: 'suspended' })
    expect(await world.meter()).toMatchObject({ state: 'closed' })
  })

  test('not after what it is about has changed since it was proposed', async () => {
    const entry = await decided('nora', 'partner.suspend', 'cedar')
    applied(await appeal('pat', entry))
    const path = { appeal: appealId(entry, 'cedar') }
    const opened = await call('dana', 'upholdAppeal', { path, rev: 1, body: { reason } })
    await together('dana', 'nora', 'partner.revoke', 'cedar')
    const { id } = (opened as { proposal: { id: string } }).proposal
    expect(told(await world.answer('nora', 'approve', id))).toBe('proposal_stale')
    expect(await world.get(keys.organisation('cedar'))).toMatchObject({ partner: 'revoked' })
    expect(await world.get(keys.appeal(appealId(entry, 'cedar')))).toMatchObject({ state: 'open' })
  })

  test('takes developer and government, and no partner', async () => {
    const entry = await decided('nora', 'partner.suspend', 'cedar')
    applied(await appeal('pat', entry))
    const path = { appeal: appealId(entry, 'cedar') }
    expect(await call('pat', 'upholdAppeal', { path, rev: 1, body: { reason } })).toBe('role_missing')
    expect(await call('rita', 'upholdAppeal', { path, rev: 1, body: { reason } })).toBe('record_unknown')
    const opened = await call('nora', 'upholdAppeal', { path, rev: 1, body: { reason } })
    const { id } = (opened as { proposal: { id: string } }).proposal
    expect(told(await world.answer('neil', 'approve', id))).toBe('approval_required')
    expect(told(await world.answer('dana', 'approve', id))).toBe('applied')
  })
})

test('dismissing takes two people, changes nothing else, and is the last word', async () => {
  const entry = await decided('nora', 'partner.suspend', 'cedar')
  applied(await appeal('pat', entry))
  const path = { appeal: appealId(entry, 'cedar') }
  const sealed = { ...reason, sealed: true as const }
  const opened = await call('nora', 'dismissAppeal', { path, rev: 1, body: { reason: sealed } })
  const { id } = (opened as { proposal: { id: string } }).proposal
  expect(told(await world.answer('nora', 'approve', id))).toBe('own_proposal')
  expect(told(await world.answer('olga', 'approve', id))).toBe('applied')
  expect(await world.get(keys.organisation('cedar'))).toMatchObject({ partner: 'suspended' })
  expect(await call('dana', 'upholdAppeal', { path, rev: 2, body: { reason } })).toBe('state_forbids')
  expect(told(await appeal('pat', entry))).toBe('record_exists entry')
  // Sealed words stay with those who decided, though the partner lodged the appeal.
  expect(await call('pat', 'getAppeal', { path })).toMatchObject({
    decided: { reason: { text: null, sealed: true } },
  })
  expect(await call('dana', 'getAppeal', { path })).toMatchObject({
    decided: { reason: { text: reason.text } },
  })
})

test('an appeal that is not answered in time is told of, once, and goes on', async () => {
  const entry = await decided('nora', 'partner.suspend', 'cedar')
  applied(await appeal('pat', entry))
  world.pass(answerDays * day)
  expect(await lapse(world.deps)).toMatchObject({ appeals_overdue: 1 })
  expect(await lapse(world.deps)).toEqual({})
  expect(await world.get(keys.appeal(appealId(entry, 'cedar')))).toMatchObject({ state: 'open' })
})

describe('who sees an appeal', () => {
  test.each([
    ['pat', true],
    ['uma', true],
    ['dana', true],
    ['nora', true],
    ['rita', false],
    ['zoe', false],
    ['elsa', false],
  ])('%s: %s', async (who, seen) => {
    const entry = await decided('nora', 'partner.suspend', 'cedar')
    applied(await appeal('pat', entry))
    const path = { appeal: appealId(entry, 'cedar') }
    const one = await call(who, 'getAppeal', { path })
    if (seen) expect(one).toMatchObject({ id: path.appeal, text: 'It was somebody else.' })
    else expect(one).toBe('record_unknown')
    const list = (await call(who, 'listAppeals')) as { items: readonly object[] }
    expect(list.items).toHaveLength(seen ? 1 : 0)
  })
})

describe('requests', () => {
  test('stand in one list with their state, their clock and the office they wait on', async () => {
    const entry = await decided('nora', 'partner.suspend', 'cedar')
    applied(await appeal('pat', entry))
    proposed(await world.decide('nora', 'partner.reinstate', 'cedar'))
    const list = (await call('pat', 'listRequests')) as { items: readonly object[]; next: null }
    expect(list).toMatchObject({
      items: [
        { kind: 'appeal', state: 'open', waits_on: expect.stringContaining('developer-admin') },
        {
          kind: 'proposal',
          action: 'partner.reinstate',
          state: 'open',
          waits_on: 'developer-admin of its developer',
          expires_at: expect.stringMatching(/Z$/),
        },
      ],
      next: null,
    })
    expect(await call('rita', 'listRequests')).toMatchObject({ items: [] })
  })

  test('in pages', async () => {
    applied(await appeal('pat', await decided('nora', 'grant.suspend', 'grant_1')))
    applied(await appeal('pat', await decided('nora', 'partner.suspend', 'cedar')))
    for (let i = 0; i < 3; i++) proposed(await world.decide('nora', 'partner.reinstate', 'cedar'))
    const kinds: unknown[] = []
    let after: string | undefined
    for (let page = 0; page < 10; page++) {
      const query = { limit: '2', ...(after && { after }) }
      const list = (await call('pat', 'listRequests', { query })) as {
        items: readonly { kind: string }[]
        next: string | null
      }
      expect(list.items.length).toBeLessThanOrEqual(2)
      kinds.push(...list.items.map(({ kind }) => kind))
      if (list.next === null) break
      after = list.next
    }
    expect(kinds).toEqual(['appeal', 'appeal', 'proposal', 'proposal', 'proposal'])
    expect(await call('pat', 'listRequests', { query: { after: 'notice.x' } })).toBe('body_malformed after')
    expect(await call('pat', 'listRequests', { query: { after: 'appeal.x' } })).toBe('body_malformed after')
  })
})
