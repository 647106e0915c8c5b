import { hash } from 'node:crypto'
import canonicalize from 'canonicalize'
import { beforeEach, describe, expect, test } from 'vitest'
import type { Answer } from '../../../../functions/api/operation.ts'
import { agreementShown } from '../../../../functions/api/shapes/agreement.ts'
import { keys } from '../../../../shared/domain/keys.ts'
import type { Refusal } from '../../../../shared/domain/refusal.ts'
import { time } from '../../../../shared/domain/time.ts'
import { applied, ceiling, day, type GrantWorld, grantWorld, start, told } from './grant-world.ts'

const terms = {
  partner: 'cedar',
  models: ['aurora'],
  starts_at: time(start),
  ends_at: time(start + 100 * day),
  purposes: ['triage'],
  capabilities: ['infer', 'tools'],
  clauses: { quota: 'q-1', purpose: 'p-1', capabilities: 'c-1', retention_notice: 'n-1' },
  ceiling,
}

let world: GrantWorld
beforeEach(async () => {
  world = await grantWorld()
})

const offer = (who = 'dana', change: object = {}): Promise<Answer | Refusal> =>
  world.call(who, 'offerAgreement', { body: { terms: { ...terms, ...change } } })

/** The id of what was offered, and its digest. */
async function offered(): Promise<{ readonly id: string; readonly digest: string }> {
  const { body } = applied(await offer())
  const { id } = (body as { subject: { id: string } }).subject
  const { digest } = await world.get(keys.agreement(id))
  return { id, digest }
}

const sign = (who: string, id: string, digest: string, rev = 1): Promise<Answer | Refusal> =>
  world.call(who, 'signAgreement', { path: { agreement: id }, body: { digest }, rev })

describe('an agreement is offered', () => {
  test('by the developer, at once, and is not effective by that', async () => {
    const { id } = await offered()
    const agreement = await world.get(keys.agreement(id))
    expect([agreement.state, agreement.developer, agreement.partner]).toEqual(['offered', 'halcyon', 'cedar'])
    expect(agreement.consentedAt).toBeUndefined()
    expect(agreement.ceiling).toEqual({
      total: 1_000_000,
      perDay: 100_000,
      rpm: 600,
      burst: 100,
      streams: 64,
    })
  })

  test('its identity is the SHA-256 of its terms as they are shown', async () => {
    const { id, digest } = await offered()
    const { body } = applied(await world.call('pat', 'getAgreement', { path: { agreement: id } }))
    const shown = agreementShown.parse(body)
    expect(shown.digest).toBe(hash('sha256', canonicalize(shown.terms) ?? '', 'base64url'))
    expect(shown.digest).toBe(digest)
  })

  test.each([
    ['a partner that there is not', { partner: 'nobody' }, 'record_unknown partner'],
    ['an office in place of a partner', { partner: 'ofr' }, 'record_unknown partner'],
    ['a model that there is not', { models: ['unheard-of'] }, 'record_unknown models'],
    ['an end before its start', { ends_at: time(start - day) }, 'body_malformed ends_at'],
    [
      'a term that is over',
      { starts_at: time(start - 9 * day), ends_at: time(start - day) },
      'body_malformed ends_at',
    ],
  ])('not with %s', async (_, change, code) => {
    expect(told(await offer('dana', change))).toBe(code)
  })

  test('not to a partner of others: for them there is none', async () => {
    expect(told(await offer('zoe'))).toBe('record_unknown partner')
  })

  test('not on a model of another developer', async () => {
    await world.records.model({ id: 'foreign', developer: 'zephyr' })
    expect(told(await offer('dana', { models: ['foreign'] }))).toBe('record_unknown models')
  })

  test('not by the office or the partner', async () => {
    expect(told(await offer('nora'))).toBe('role_missing')
    expect(told(await offer('pat'))).toBe('role_missing')
  })

  test('not on a model that was withdrawn', async () => {
    await world.records.model({ state: 'withdrawn' })
    expect(told(await offer())).toBe('model_withdrawn models')
  })
})

describe('an agreement is signed', () => {
  test('by the partner-admin, who names the digest that they have read', async () => {
    const { id, digest } = await offered()
    expect(applied(await sign('pat', id, digest)).status).toBe(200)
    expect((await world.get(keys.agreement(id))).state).toBe('effective')
  })

  test('not under the digest of another version', async () => {
    const { id } = await offered()
    expect(told(await sign('pat', id, 'another'))).toBe('version_stale digest')
    expect((await world.get(keys.agreement(id))).state).toBe('offered')
  })

  test('not by whoever offers it, nor by a user, nor for another partner', async () => {
    const { id, digest } = await offered()
    expect(told(await sign('dana', id, digest))).toBe('role_missing')
    expect(told(await sign('uma', id, digest))).toBe('role_missing')
    expect(told(await sign('rita', id, digest))).toBe('record_unknown')
    expect((await world.get(keys.agreement(id))).state).toBe('offered')
  })

  test('not twice, and not after its term', async () => {
    const { id, digest } = await offered()
    await sign('pat', id, digest)
    expect(told(await sign('pat', id, digest, 2))).toBe('state_forbids')
    const late = await offered()
    world.pass(101 * day)
    expect(told(await sign('pat', late.id, late.digest))).toBe('state_forbids')
  })
})

describe('its notices are acknowledged', () => {
  const acknowledge = (who: string, id: string, digest: string, rev: number) =>
    world.call(who, 'acknowledgeAgreement', { path: { agreement: id }, body: { digest }, rev })

  test('once it is effective, and once', async () => {
    const { id, digest } = await offered()
    expect(told(await acknowledge('pat', id, digest, 1))).toBe('state_forbids')
    await sign('pat', id, digest)
    world.pass(1_000)
    expect(applied(await acknowledge('pat', id, digest, 2)).status).toBe(200)
    expect((await world.get(keys.agreement(id))).consentedAt).toBe(start + 1_000)
    expect(told(await acknowledge('pat', id, digest, 3))).toBe('state_forbids')
  })

  test('each step has its entry', async () => {
    const { id, digest } = await offered()
    const { body } = applied(await sign('pat', id, digest))
    const entry = await world.entry((body as { entry: string }).entry)
    expect(entry).toMatchObject({
      action: 'agreement.sign',
      decision: 'applied',
      organisation: 'cedar',
      role: 'partner-admin',
      params: { digest },
    })
  })
})

describe('who sees an agreement', () => {
  test.each([
    ['the partner', 'pat', true],
    ['its users', 'uma', true],
    ['the developer', 'dana', true],
    ['the office that selects the partner', 'nora', true],
    ['its auditor', 'audrey', true],
    ['another partner', 'rita', false],
    ['another developer', 'zoe', false],
    ['another office', 'elsa', false],
  ])('%s', async (_, who, seen) => {
    const { id } = await offered()
    const one = await world.call(who, 'getAgreement', { path: { agreement: id } })
    expect(told(one) === 'record_unknown').toBe(!seen)
    const { body } = applied(await world.call(who, 'listAgreements'))
    const ids = (body as { items: readonly { id: string }[] }).items.map(item => item.id)
    expect(ids.includes(id)).toBe(seen)
  })

  test('asking for another partner’s by name shows nothing more', async () => {
    await offered()
    const { body } = applied(await world.call('rita', 'listAgreements', { query: { partner: 'cedar' } }))
    expect(body).toEqual({ items: [], next: null })
  })
})
