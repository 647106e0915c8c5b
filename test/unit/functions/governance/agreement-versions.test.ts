/** A new version replaces the one in force, once all have signed it; no token is lost or made by it. */
import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import { agreementShown } from '../../../../functions/api/shapes/agreement.ts'
import { within } from '../../../../functions/governance/agreements/effect.ts'
import { keys } from '../../../../shared/domain/keys.ts'
import { type Limits, type Meter, reserve, reservedNow, settle } from '../../../../shared/domain/meter.ts'
import { aboveCeiling } from '../../../../shared/domain/meter-decisions.ts'
import { Refusal } from '../../../../shared/domain/refusal.ts'
import { time } from '../../../../shared/domain/time.ts'
import { type AgreementWorld, accessBody, agreementWorld, clausesWith, words } from './agreement-world.ts'
import { applied, day, limits, start, told } from './grant-world.ts'

let world: AgreementWorld
beforeEach(async () => {
  world = await agreementWorld()
})

const half: Limits = { total: 500_000, perDay: 50_000, rpm: 60, burst: 10, streams: 4 }
const quota = (own: Limits, pool?: Limits) => ({
  template: 'sample-access',
  clauses: clausesWith({ ...words(own), ...(pool && { pool: words(pool) }) }),
})
const shownTo = async (who: string, agreement: string) => {
  const { body } = applied(await world.call(who, 'getAgreement', { path: { agreement } }))
  return agreementShown.parse(body)
}
const poolMeter = async (id: string): Promise<Meter> => world.meter((await world.agreementOf(id)).pool)

describe('the next version', () => {
  test('is a draft that its developer alone sees, while the old one stays in force', async () => {
    const id = await world.inForce()
    const { digest } = await world.agreementOf(id)
    const entry = await world.entryOf(await world.redraft('dana', id, { ends_at: time(start + 300 * day) }))
    expect(entry).toMatchObject({ organisation: 'halcyon', governments: [] })
    expect((await shownTo('dana', id)).next).toMatchObject({ terms_version: 2, state: 'draft' })
    for (const who of ['pat', 'nora', 'audrey']) expect((await shownTo(who, id)).next).toBeNull()
    const after = await world.agreementOf(id)
    expect([after.state, after.digest, after.endsAt]).toEqual(['effective', digest, start + 100 * day])
    // Not by another way either.
    const next = after.next?.digest ?? ''
    const path = { agreement: id, digest: next }
    expect(told(await world.call('pat', 'getAgreementVersion', { path }))).toBe('record_unknown')
    expect(told(await world.call('pat', 'exportAgreement', { path, query: { digest: next } }))).toBe(
      'record_unknown',
    )
    expect(told(await world.call('pat', 'getAgreementDifference', { path, query: { to: next } }))).toBe(
      'record_unknown',
    )
    const { body } = applied(await world.call('pat', 'listAgreementVersions', { path }))
    expect((body as { items: { digest: string }[] }).items.map(one => one.digest)).toEqual([digest])
  })

  test('replaces it with the last signature, and what was issued under the old one counts until its end', async () => {
    const id = await world.inForce()
    const { digest: old } = await world.agreementOf(id)
    applied(await world.redraft('dana', id, { ends_at: time(start + 300 * day) }))
    applied(await world.act('dana', 'offer', id))
    applied(await world.sign('dana', id))
    expect((await world.agreementOf(id)).digest).toBe(old)
    expect((await shownTo('pat', id)).waits_on).toEqual(['cedar'])
    applied(await world.sign('pat', id))
    const after = await world.agreementOf(id)
    expect(after).toMatchObject({
      state: 'effective',
      version: 2,
      endsAt: start + 300 * day,
      previous: { digest: old, until: start + 100 * day },
    })
    expect(after.next).toBeUndefined()
    expect(after.digest).not.toBe(old)
    const { body } = applied(
      await world.call('pat', 'getAgreementDifference', { path: { agreement: id }, query: { from: old } }),
    )
    expect((body as { changes: { path: string }[] }).changes.map(({ path }) => path)).toEqual([
      'ends_at',
      'version',
    ])
  })

  test('keeps the acknowledgement exactly if its notice is the same', async () => {
    const id = await world.inForce()
    await world.following(id, { ends_at: time(start + 200 * day) })
    expect((await world.agreementOf(id)).consentedAt).toBe(start)
    await world.following(id, { clauses: clausesWith(undefined, { notice: 'Another notice.' }) })
    const { consentedAt, digest } = await world.agreementOf(id)
    expect(consentedAt).toBeUndefined()
    // What is kept for longer is another notice, in whatever words.
    applied(await world.act('pat', 'acknowledge', id, { digest }))
    const longer = clausesWith(undefined, { notice: 'Another notice.' }).map(clause =>
      clause.kind === 'retention-notice' ? { ...clause, terms: { ...clause.terms, days: 366 } } : clause,
    )
    await world.following(id, { clauses: longer })
    expect((await world.agreementOf(id)).consentedAt).toBeUndefined()
    const { body } = applied(await world.call('pat', 'getAgreement', { path: { agreement: id } }))
    const { notice } = body as { notice: { text: string; digest: string; acknowledgement: string } }
    expect(notice.acknowledgement).toContain('Another notice.\n\nWhat is recorded is kept for 366 days.')
    expect(notice.digest).toBe(world.digestOf(notice.text))
  })

  test('whose draft somebody has changed since is not changed by whoever names the one that they read', async () => {
    const id = await world.inForce()
    const { digest } = await world.agreementOf(id)
    applied(await world.redraft('dana', id, { digest, ends_at: time(start + 200 * day) }))
    const stale = await world.redraft('dana', id, { digest, ends_at: time(start + 300 * day) })
    expect(told(stale)).toBe('version_stale digest')
    const mine = (await world.agreementOf(id)).next?.digest
    applied(await world.redraft('dana', id, { digest: mine, ends_at: time(start + 300 * day) }))
  })

  test('given back, it is a draft again; the one in force stays', async () => {
    const id = await world.inForce()
    applied(await world.redraft('dana', id, { ends_at: time(start + 200 * day) }))
    applied(await world.act('dana', 'offer', id))
    expect(told(await world.redraft('dana', id, { ends_at: time(start + 201 * day) }))).toBe('state_forbids')
    applied(await world.act('pat', 'return', id))
    const after = await world.agreementOf(id)
    expect([after.state, after.next?.state]).toEqual(['effective', 'draft'])
    expect(told(await world.sign('pat', id))).toBe('state_forbids')
  })

  test.each([
    ['between other parties', { counterparty: 'prairie' }, 'body_malformed counterparty'],
    ['with a party more', { third_party: 'ofr' }, 'body_malformed counterparty'],
    ['that begins later', { starts_at: time(start + 5 * day) }, 'body_malformed starts_at'],
    ['that says the same', {}, 'state_forbids'],
  ])('is none %s', async (_, change, code) => {
    const id = await world.inForce()
    expect(told(await world.redraft('dana', id, change))).toBe(code)
  })

  test('drafting it makes nothing stale that others decide: a proposal to end the agreement goes on', async () => {
    const id = await world.inForce()
    const { body } = applied(await world.act('nora', 'terminate', id))
    const { proposal } = body as { proposal: { id: string } }
    applied(await world.redraft('dana', id, { ends_at: time(start + 200 * day) }))
    expect(told(await world.answer('neil', 'approve', proposal.id))).toBe('applied')
  })

  test('is offered as it was drafted last, or as it is changed at the same moment: not in between', async () => {
    const id = await world.inForce()
    applied(await world.redraft('dana', id, { ends_at: time(start + 200 * day) }))
    await Promise.all([
      world.act('dana', 'offer', id),
      world.redraft('devon', id, { ends_at: time(start + 300 * day) }),
    ])
    const { next } = await world.agreementOf(id)
    expect((await world.versionOf(next?.digest ?? '')).offeredAt !== undefined).toBe(
      next?.state === 'offered',
    )
  })

  test('follows no agreement that has ended', async () => {
    const id = await world.inForce()
    world.pass(101 * day)
    expect(told(await world.redraft('dana', id, { ends_at: time(start + 300 * day) }))).toBe('state_forbids')
  })

  test('of a suspended agreement leaves it suspended', async () => {
    const id = await world.inForce()
    applied(await world.act('nora', 'suspend', id))
    await world.following(id, { ends_at: time(start + 200 * day) })
    expect((await world.agreementOf(id)).state).toBe('suspended')
  })
})

describe('grants above the new ceiling', () => {
  test('are lowered to it field by field with the last signature; what was spent stays spent', async () => {
    const id = await world.inForce()
    await world.granted(id, 'a', limits, { meter: { remaining: 700_000, used: 300_000 } })
    await world.granted(id, 'b', { ...half, total: 100 })
    await world.granted('agreement_1', 'c')
    const answer = applied(await world.redraft('dana', id, quota(half)))
    expect(answer.status).toBe(200)
    applied(await world.act('dana', 'offer', id))
    applied(await world.sign('dana', id))
    expect((await world.meter('meter_a')).limits).toEqual(limits)
    const entry = await world.entryOf(await world.sign('pat', id))
    expect(JSON.stringify(entry.difference)).toContain('grants.grant_a.limits')
    const [a, b, c] = [
      await world.meter('meter_a'),
      await world.meter('meter_b'),
      await world.meter('meter_c'),
    ]
    expect([a.limits, a.remaining, a.used]).toEqual([half, 200_000, 300_000])
    expect(b.limits).toEqual({ ...half, total: 100 })
    expect(c.limits).toEqual(limits)
  })

  test('where more is spent already than it leaves, nobody can sign it: the grant and the figures are named', async () => {
    const id = await world.inForce()
    await world.granted(id, 'a', limits, { meter: { remaining: 400_000, used: 600_000 } })
    applied(await world.redraft('dana', id, quota(half)))
    applied(await world.act('dana', 'offer', id))
    applied(await world.sign('dana', id))
    const refused = await world.sign('pat', id)
    if (!(refused instanceof Refusal)) throw new Error('it was signed')
    expect(refused.code).toBe('state_forbids')
    expect(refused.facts.detail).toMatch(/grant_a has 600000 .* 500000/)
    expect(refused.facts.next).toContain('sallyport grant revoke grant_a')
    expect((await world.agreementOf(id)).version).toBe(1)
    expect((await world.meter('meter_a')).limits).toEqual(limits)
  })

  test.each(['revoked', 'expired', 'requested'] as const)('one that is %s is left alone', async state => {
    const id = await world.inForce()
    await world.granted(id, 'a', limits, { grant: { state }, meter: { remaining: 0, used: 1_000_000 } })
    await world.following(id, quota(half))
    expect((await world.meter('meter_a')).limits).toEqual(limits)
  })

  test('and a quota that is raised at the same moment is lowered too', async () => {
    const id = await world.inForce()
    const grant = await world.granted(id, 'a', { ...half, total: 100 })
    applied(await world.redraft('dana', id, quota(half)))
    applied(await world.act('dana', 'offer', id))
    applied(await world.sign('dana', id))
    await Promise.all([
      world.sign('pat', id),
      world.decide('devon', 'grant.quota', grant, { limits: words(limits) }),
    ])
    expect((await world.agreementOf(id)).version).toBe(2)
    expect(aboveCeiling((await world.meter('meter_a')).limits, half)).toBeUndefined()
  })
})

describe('the pool', () => {
  const pool: Limits = { ...limits, total: 2_000_000 }

  test('is there with the last signature, one of its own', async () => {
    const id = await world.offered(accessBody(quota(limits, pool)))
    applied(await world.sign('dana', id))
    expect((await world.agreementOf(id)).pool).toBeUndefined()
    applied(await world.sign('pat', id))
    expect(await poolMeter(id)).toMatchObject({
      shared: 'agreement',
      state: 'open',
      limits: pool,
      remaining: 2_000_000,
    })
  })

  test('is changed by a new version, whatever is spent of it, and not below that', async () => {
    const id = await world.inForce(accessBody(quota(half, pool)))
    const meter = await poolMeter(id)
    await world.store.write({
      kind: 'update',
      key: keys.meter(meter.id),
      change: {
        set: [
          [['remaining'], 1_300_000],
          [['used'], 700_000],
        ],
      },
    })
    await world.following(id, quota(half, { ...pool, total: 800_000 }))
    expect(await poolMeter(id)).toMatchObject({ remaining: 100_000, used: 700_000 })
    applied(await world.redraft('dana', id, quota(half, { ...pool, total: 600_000 })))
    applied(await world.act('dana', 'offer', id))
    applied(await world.sign('dana', id))
    const refused = await world.sign('pat', id)
    expect(refused instanceof Refusal && refused.facts.detail).toMatch(/600000 .* 700000/)
  })

  test('is not taken out', async () => {
    const id = await world.inForce(accessBody(quota(limits, pool)))
    expect(told(await world.redraft('dana', id, quota(limits)))).toBe('body_malformed clauses')
  })

  test('that a new version adds is charged by what was granted before it too', async () => {
    const id = await world.inForce()
    const grant = await world.granted(id, 'a')
    await world.following(id, quota(limits, pool))
    const { meters } = await world.get(keys.grant(grant))
    expect(meters).toEqual(['meter_a', (await world.agreementOf(id)).pool].toSorted())
  })
})

const anyLimits = fc.record({
  total: fc.integer({ min: 1, max: 1_000 }),
  perDay: fc.integer({ min: 1, max: 1_000 }),
  rpm: fc.integer({ min: 1, max: 600 }),
  burst: fc.integer({ min: 1, max: 100 }),
  streams: fc.integer({ min: 1, max: 64 }),
})

test('what is lowered is within the ceiling, and above it in nothing', () => {
  fc.assert(
    fc.property(anyLimits, anyLimits, (own, ceiling) => {
      const to = within(own, ceiling)
      expect(aboveCeiling(to, ceiling)).toBeUndefined()
      expect(aboveCeiling(to, own)).toBeUndefined()
    }),
  )
})

/** Tokens of a meter, wherever they are. */
const sum = (meter: Meter): number => meter.remaining + meter.used + reservedNow(meter)

test('any sequence of versions, quotas and calls: the tokens of a meter are those of its total, no more and no less', async () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('version' as const), own: anyLimits, pool: anyLimits }),
    fc.record({ kind: fc.constant('quota' as const), own: anyLimits }),
    fc.record({ kind: fc.constant('reserve' as const), tokens: fc.integer({ min: 1, max: 300 }) }),
    fc.record({ kind: fc.constant('settle' as const), part: fc.double({ min: 0, max: 1, noNaN: true }) }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), async steps => {
      world = await agreementWorld()
      const first: Limits = { total: 1_000, perDay: 1_000, rpm: 600, burst: 100, streams: 64 }
      const id = await world.inForce(accessBody(quota(first, first)))
      const own = (await world.agreementOf(id)).pool ?? ''
      const grant = await world.granted(id, 'a', first, { grant: { meters: ['meter_a', own].toSorted() } })
      let lease = 0
      for (const one of steps) {
        if (one.kind === 'quota') await world.decide('dana', 'grant.quota', grant, { limits: words(one.own) })
        else if (one.kind === 'version') {
          const pool = { ...one.pool, total: Math.max(one.pool.total, one.own.total) }
          // Refused where a grant may be given more than all together, or where it says the same.
          if ((await world.redraft('dana', id, quota(one.own, pool))) instanceof Refusal) continue
          applied(await world.act('dana', 'offer', id))
          applied(await world.sign('dana', id))
          const signed = await world.sign('pat', id)
          if (signed instanceof Refusal) applied(await world.act('dana', 'return', id))
        } else if (one.kind === 'reserve') {
          const [meter, pool] = [await world.meter('meter_a'), await world.meter(own)]
          const ops = [meter, pool].map(at => reserve(at, `l${++lease}`, one.tokens, world.now(), 60_000))
          if (ops.every(op => 'kind' in op)) await world.store.transact(ops as never)
        } else
          for (const name of ['meter_a', own]) {
            const meter = await world.meter(name)
            const [held] = Object.entries(meter.leases)
            const op = held && settle(meter, held[0], Math.floor(held[1].r * one.part))
            if (op) await world.store.write(op)
          }
        const { ceiling } = await world.agreementOf(id)
        for (const name of ['meter_a', own]) {
          const meter = await world.meter(name)
          expect(sum(meter)).toBe(meter.limits.total)
          expect(meter.remaining).toBeGreaterThanOrEqual(0)
        }
        expect(ceiling && aboveCeiling((await world.meter('meter_a')).limits, ceiling)).toBeUndefined()
      }
    }),
    { numRuns: 30 },
  )
})

test('under a hundred live calls a new version takes no token that is reserved, and gives none', async () => {
  const first: Limits = { total: 1_000_000, perDay: 1_000_000, rpm: 1_000_000, burst: 10_000, streams: 64 }
  const id = await world.inForce(accessBody(quota(first, first)))
  const pool = (await world.agreementOf(id)).pool ?? ''
  await world.granted(id, 'a', first, { grant: { meters: ['meter_a', pool].toSorted() } })
  const names = ['meter_a', pool]
  /** Others go on meanwhile. */
  const turns = async (count: number) => {
    for (let turn = 0; turn < count; turn++) await world.meter('meter_a')
  }
  let replaced = 0
  const versions = (async () => {
    for (const total of [600_000, 300_000, 800_000]) {
      await turns(12)
      await world.following(id, quota({ ...first, total }, { ...first, total }))
      replaced++
    }
  })()
  const settled: string[] = []
  const open: string[] = []
  const calls = Array.from({ length: 100 }, async (_, i) => {
    const lease = `call_${i}`
    await turns(i % 60)
    for (;;) {
      const meters = await Promise.all(names.map(name => world.meter(name)))
      const ops = meters.map(meter => reserve(meter, lease, 500 + i, world.now(), 60_000))
      if (ops.some(op => !('kind' in op))) return
      if ((await world.store.transact(ops as never)).ok) break
    }
    if (i % 3 === 0) return void open.push(lease)
    settled.push(lease)
    for (const name of names)
      for (;;) {
        const op = settle(await world.meter(name), lease, 400)
        if (op === undefined || (await world.store.write(op)).ok) break
      }
  })
  await Promise.all([versions, ...calls])
  expect(replaced).toBe(3)
  expect(settled.length + open.length).toBeGreaterThan(50)
  for (const name of names) {
    const meter = await world.meter(name)
    expect(sum(meter)).toBe(meter.limits.total)
    expect(meter.used).toBe(400 * settled.length)
    expect(Object.keys(meter.leases).toSorted()).toEqual(open.toSorted())
  }
  expect((await world.meter('meter_a')).limits.total).toBe(300_000)
  expect((await world.meter(pool)).limits.total).toBe(800_000)
})
