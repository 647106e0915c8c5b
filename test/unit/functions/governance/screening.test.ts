/** Screening: the third attribute that an organisation vouches for. A reference to it, and never what it found. */
import { beforeEach, describe, expect, test } from 'vitest'
import { viewOf } from '../../../../functions/log/entry-view.ts'
import { lapse } from '../../../../functions/sweeper/run.ts'
import { indexes, keys } from '../../../../shared/domain/keys.ts'
import type { Notice } from '../../../../shared/domain/notices.ts'
import type { Attributes } from '../../../../shared/domain/parties.ts'
import type { Key } from '../../../../shared/ports/store.ts'
import { because, type ConsultationWorld, consultationWorld } from './consultation-world.ts'
import { applied, day, start, told } from './grant-world.ts'

let world: ConsultationWorld
beforeEach(async () => {
  world = await consultationWorld()
  await world.records.client()
})

const until = (ms: number) => new Date(start + ms).toISOString()
const claim = (value: string, days = 100) => ({ value, expires_at: until(days * day) })

const attestClient = (who: string, rev: number, body: object) =>
  world.call(who, 'attestClient', { path: { client: 'client_1' }, body: { ...because, ...body }, rev })
const attestPerson = (who: string, about: string, rev: number, body: object) =>
  world.call(who, 'attributesPerson', { path: { person: about }, body: { ...because, ...body }, rev })

const attributesOf = async (who: string) =>
  (await world.body<{ attributes: object }>(who, 'getClient', { path: { client: 'client_1' } })).attributes

describe('of a client', () => {
  test('is attested by its administrator, beside nationality and region, and taken away', async () => {
    applied(await attestClient('pat', 1, { screening: claim('HR-2026.0117_a'), nationality: claim('US') }))
    expect(await attributesOf('pat')).toEqual({
      nationality: { value: 'US', expires_at: until(100 * day), attested_by: 'pat' },
      region: null,
      screening: { value: 'HR-2026.0117_a', expires_at: until(100 * day), attested_by: 'pat' },
    })
    applied(await attestClient('pat', 2, { nationality: null }))
    expect((await world.get(keys.client('client_1'))).attributes).toEqual({
      screening: { value: 'HR-2026.0117_a', expiresAt: start + 100 * day, by: 'pat' },
    })
    applied(await attestClient('pat', 3, { screening: null }))
    expect((await world.get(keys.client('client_1'))).attributes).toBeUndefined()
  })

  test('is a reference of up to 100 characters, unmarked, and ends within a year', async () => {
    for (const value of ['', 'a b', 'x'.repeat(101), 'passed!', 'é'])
      await expect(attestClient('pat', 1, { screening: claim(value) }), value).rejects.toThrow()
    expect(told(await attestClient('pat', 1, { screening: claim('SECRET') }))).toBe(
      'classification_exceeded screening.value',
    )
    for (const days of [0, 400])
      expect(told(await attestClient('pat', 1, { screening: claim('HR-1', days) }))).toBe(
        'body_malformed screening.expires_at',
      )
    expect((await world.get(keys.client('client_1'))).rev).toBe(1)
  })

  test('is attested by nobody else', async () => {
    for (const who of ['uma', 'dana', 'nora'])
      expect(told(await attestClient(who, 1, { screening: claim('HR-1') })), who).toBe('role_missing')
    expect(told(await attestClient('rita', 1, { screening: claim('HR-1') }))).toBe('record_unknown')
  })

  test('is changed under a hold by nationality, which does not go by it', async () => {
    await world.records.client({
      attributes: { nationality: { value: 'FR', expiresAt: start + day, by: 'pat' } },
    })
    await world.hold('hold_1', 'nora', { nationality: 'FR' })
    applied(await attestClient('pat', 1, { screening: claim('HR-1') }))
    expect((await world.get(keys.client('client_1'))).attributes?.nationality?.value).toBe('FR')
    expect(told(await attestClient('pat', 2, { nationality: null }))).toBe('hold_active')
  })
})

describe('of a person', () => {
  test('is attested by another administrator, and shown as the other attributes are', async () => {
    applied(await attestPerson('pat', 'uma', 1, { screening: claim('HR-2') }))
    const shown = async (who: string) =>
      (await world.body<{ attributes: unknown }>(who, 'getPerson', { path: { person: 'uma' } })).attributes
    expect(await shown('pat')).toMatchObject({ screening: { value: 'HR-2', by: 'pat' }, nationality: null })
    expect(await shown('audrey')).toBeNull()
    expect(told(await attestPerson('uma', 'uma', 2, { screening: claim('HR-3') }))).toBe('role_missing')
    expect(told(await attestPerson('pat', 'pat', 1, { screening: claim('HR-3') }))).toBe('own_proposal')
  })

  test('keeps what else is attested, and what was said before', async () => {
    applied(await attestPerson('pat', 'uma', 1, { nationality: claim('FR') }))
    applied(await attestPerson('pat', 'uma', 2, { screening: claim('HR-2') }))
    expect((await world.get(keys.person('uma'))).attributes).toMatchObject({
      nationality: { value: 'FR' },
      screening: { value: 'HR-2' },
    })
    expect(told(await attestPerson('pat', 'uma', 3, {}))).toBe('body_malformed nationality')
    expect(told(await attestPerson('pat', 'uma', 3, { screening: claim('CONFIDENTIAL') }))).toBe(
      'classification_exceeded screening.value',
    )
  })

  test('stands in the log for their own administrators alone', async () => {
    const { body } = applied(await attestPerson('pat', 'uma', 1, { screening: claim('HR-2') })) as {
      body: { entry: string }
    }
    const entry = await world.get(keys.entry(body.entry))
    const seen = async (who: string) => JSON.stringify(viewOf(await world.caller(who), entry))
    expect(await seen('pat')).toContain('HR-2')
    for (const who of ['uma', 'dana', 'nora']) expect(await seen(who), who).not.toContain('HR-2')
  })
})

describe('a screening that ends', () => {
  const told = async () => {
    const range = { index: indexes.byOwner, partition: 'cedar', from: 'notice#', to: 'notice$' }
    const page = await world.store.query({ ...range, order: 'asc', limit: 100 })
    return (await world.store.get(page.keys as readonly Key<Notice>[])).flatMap(one => (one ? [one] : []))
  }
  const screening: Attributes['screening'] = { value: 'HR-1', expiresAt: start + 10 * day, by: 'pat' }

  test('is announced 14 days ahead, once, to those who vouch', async () => {
    await world.records.client({ attributes: { screening }, createdAt: start })
    await world.person('uma', 'cedar', 'partner-user', { attributes: { screening } })
    expect(await lapse(world.deps)).toMatchObject({ attributes_reminded: 2 })
    expect(await lapse(world.deps)).toEqual({})
    expect((await told()).map(({ type, text }) => `${type}: ${text.split(' is ')[0]}`).toSorted()).toEqual([
      'client.attributes_expiring: The screening of batch',
      'person.attributes_expiring: The screening of uma',
    ])
  })
})
