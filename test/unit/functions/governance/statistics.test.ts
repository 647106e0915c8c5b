/** Numbers about decisions: the arithmetic, whose they count, and who may ask. And the inbox, which is of one's own. */
import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import type { PersonCaller } from '../../../../functions/api/caller.ts'
import { inboxOperations } from '../../../../functions/api/operations/inbox.ts'
import { statisticsOperations } from '../../../../functions/api/operations/statistics.ts'
import { lodge } from '../../../../functions/governance/appeals/lodge-appeal.ts'
import { viewerOf } from '../../../../functions/governance/engine/sight.ts'
import { type Counted, statistics, summarise } from '../../../../functions/governance/statistics.ts'
import { keys } from '../../../../shared/domain/keys.ts'
import { Refusal } from '../../../../shared/domain/refusal.ts'
import { applied, day, type GrantWorld, grantWorld, proposed, start, told } from './grant-world.ts'

const hour = 3_600_000
const none: Counted = { proposals: [], holds: [], appeals: [], stops: [] }
const period = { from: start, to: start + day }

let world: GrantWorld
beforeEach(async () => {
  world = await grantWorld()
})

async function call(who: string, id: string, query: object = {}) {
  const operation = [...statisticsOperations, ...inboxOperations].find(one => one.id === id)
  const actor = await world.actor(who)
  const caller: PersonCaller = { ...actor, kind: 'person', session: {} as never, viewer: viewerOf(actor) }
  const answer = await operation?.answer({
    deps: world.deps as never,
    caller,
    path: {},
    query: operation.query?.parse(query),
    body: undefined,
    request: 'r',
  })
  if (answer === undefined) throw new Error(`no operation ${id}`)
  return answer instanceof Refusal ? told(answer) : (answer.body as Record<string, unknown>)
}

describe('what is counted', () => {
  const proposal = (
    name: string,
    state: 'applied' | 'declined' | 'open',
    createdAt: number,
    hours?: number,
  ) => ({
    action: { name: name as 'partner.select', id: 'x', params: {} },
    state,
    createdAt,
    ...(hours !== undefined && { ended: { at: createdAt + hours * hour } }),
  })

  test('proposals by action and outcome, of the period alone, its end not in it', () => {
    const proposals = [
      proposal('partner.select', 'applied', start, 1),
      proposal('partner.select', 'applied', start + day - 1, 3),
      proposal('partner.select', 'declined', start + hour, 8),
      proposal('grant.revoke', 'open', start + hour),
      proposal('grant.revoke', 'open', start + day),
      proposal('grant.revoke', 'open', start - 1),
    ]
    const made = summarise({ ...none, proposals }, period, start)
    expect(made.proposals).toEqual([
      { action: 'grant.revoke', outcome: 'open', count: 1 },
      { action: 'partner.select', outcome: 'applied', count: 2 },
      { action: 'partner.select', outcome: 'declined', count: 1 },
    ])
    expect(made.hours).toEqual({ median: 3, p90: 8 })
  })

  test('without anything that has ended there is no median', () => {
    expect(summarise(none, period, start)).not.toHaveProperty('hours')
  })

  test('median and 90th percentile are values that occurred, in order', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 500 }), { minLength: 1, maxLength: 60 }), hours => {
        const proposals = hours.map(each => proposal('partner.select', 'applied', start, each))
        const { hours: made } = summarise({ ...none, proposals }, period, start)
        const below = (limit: number) => hours.filter(each => each <= limit).length / hours.length
        expect(hours).toContain(made?.median)
        expect(hours).toContain(made?.p90)
        expect(below(made?.median ?? 0)).toBeGreaterThanOrEqual(0.5)
        expect(below(made?.p90 ?? 0)).toBeGreaterThanOrEqual(0.9)
        expect(made?.p90).toBeGreaterThanOrEqual(made?.median ?? 0)
      }),
    )
  })
})

describe('of what somebody sees', () => {
  async function story() {
    const entry = applied(await world.decide('nora', 'partner.suspend', 'cedar')).entry
    proposed(await world.decide('nora', 'partner.reinstate', 'cedar'))
    applied(await world.decide('nora', 'hold.place', 'hold_1', { scope: { organisation: 'prairie' } }))
    applied(await lodge(world.deps, await world.actor('pat'), { entry, text: 'No.', request: 'r' }))
    world.pass(11 * day)
  }

  test('the developer and the office that decide see it all', async () => {
    await story()
    for (const who of ['dana', 'nora'])
      expect(await call(who, 'getStatistics')).toMatchObject({
        proposals: [{ action: 'partner.reinstate', outcome: 'open', count: 1 }],
        hours_to_end: null,
        holds: { active: 1, lifted: 0, lapsed: 0 },
        appeals: { open: 1, upheld: 0, dismissed: 0, overdue: 1 },
        overdue_ratifications: 2,
        truncated: false,
      })
  })

  test.each(['zoe', 'elsa'])('%s, who has nothing to do with it, sees nothing of it', async who => {
    await story()
    expect(await call(who, 'getStatistics')).toMatchObject({
      proposals: [],
      holds: { active: 0 },
      appeals: { open: 0 },
      overdue_ratifications: 0,
    })
  })

  test('an auditor sees what is about the models of its engagement, and about those who are granted them', async () => {
    await story()
    applied(await world.decide('dana', 'grant.suspend', 'grant_1'))
    proposed(await world.decide('dana', 'grant.reinstate', 'grant_1'))
    world.pass(1)
    expect(await call('audrey', 'getStatistics')).toMatchObject({
      proposals: expect.arrayContaining([
        expect.objectContaining({ action: 'grant.reinstate', count: 1 }),
        expect.objectContaining({ action: 'partner.reinstate' }),
      ]),
    })
  })

  test.each(['pat', 'uma'])('it is not for partners: %s', async who => {
    expect(await call(who, 'getStatistics')).toBe('role_missing')
  })

  test('a period is asked for from one time to a later one', async () => {
    await story()
    const from = new Date(start + 20 * day).toISOString()
    expect(await call('dana', 'getStatistics', { from, to: from })).toBe('body_malformed from')
    expect(await call('dana', 'getStatistics', { from: new Date(start).toISOString() })).toMatchObject({
      holds: { active: 1 },
    })
  })

  test('says so where there were more records than it looked at', async () => {
    await story()
    const viewer = viewerOf(await world.actor('dana'))
    const all = { from: 0, to: world.now() }
    expect((await statistics(world.store, viewer, all, world.now(), 100)).truncated).toBe(false)
    expect((await statistics(world.store, viewer, all, world.now(), 3)).truncated).toBe(true)
  })
})

describe('the inbox', () => {
  test('has what an organisation was told, newest first, in pages', async () => {
    applied(await world.decide('nora', 'partner.suspend', 'cedar'))
    world.pass(60_000)
    proposed(await world.decide('nora', 'partner.reinstate', 'cedar'))
    world.pass(60_000)
    applied(await world.decide('nora', 'hold.place', 'hold_1', { scope: { organisation: 'prairie' } }))
    const first = (await call('uma', 'listNotices', { limit: '1' })) as { items: object[]; next: string }
    expect(first.items).toMatchObject([
      {
        type: 'proposal.opened',
        subject: { kind: 'organisation', id: 'cedar' },
        pending: true,
        delivered: [],
      },
    ])
    expect(await call('uma', 'listNotices', { after: first.next })).toMatchObject({
      items: [{ type: 'partner.suspended', entry: expect.stringMatching(/^entry_/) }],
      next: null,
    })
    expect(await call('rita', 'listNotices')).toMatchObject({ items: [{ type: 'hold.placed' }] })
    expect(await call('zoe', 'listNotices')).toMatchObject({ items: [] })
    expect(await call('uma', 'listNotices', { after: 'nothing' })).toBe('body_malformed after')
  })

  test.each([
    ['no role', []],
    ['a consultant, who is shown what is shared with them alone', ['consultant']],
    ['a role that this kind of organisation does not have', ['partner-admin']],
  ])('is not for %s', async (_, roles) => {
    await world.store.write({
      kind: 'update',
      key: keys.person('neil'),
      change: { set: [[['roles'], roles]] },
    })
    expect(await call('neil', 'listNotices')).toBe('role_missing')
  })
})
