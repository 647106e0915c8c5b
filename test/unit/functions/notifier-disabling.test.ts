/** When nothing more is sent to a webhook, and who is told. */
import { describe, expect, test } from 'vitest'
import { notify } from '../../../functions/notifier/app.ts'
import { disable } from '../../../functions/notifier/disable.ts'
import { indexes, keys } from '../../../shared/domain/keys.ts'
import type { Notice } from '../../../shared/domain/notices.ts'
import { SecretsUnavailable } from '../../../shared/ports/keys.ts'
import type { Key } from '../../../shared/ports/store.ts'
import { day, notifierWorld, openReceiver, type Receiver, status } from './notifier-world.ts'

type World = ReturnType<typeof notifierWorld>

/** Goes on until nothing waits, from one due time to the next, for so many days at most. */
async function goOn(world: World, days: number): Promise<void> {
  const end = world.deps.clock.now() + days * day
  for (;;) {
    await notify(world.deps)
    const { nextDueAt } = await notify(world.deps)
    const now = world.deps.clock.now()
    if (nextDueAt === undefined || nextDueAt > end) return
    world.wait(Math.max(0, nextDueAt - now) + 1)
  }
}

async function noticesOf(world: World, organisation: string): Promise<readonly Notice[]> {
  const page = await world.store.query({
    index: indexes.byOwner,
    partition: organisation,
    from: 'notice#',
    to: 'notice$',
    order: 'asc',
    limit: 100,
  })
  const found = await world.store.get(page.keys as readonly Key<Notice>[])
  return found.flatMap(one => (one ? [one] : []))
}

async function failing(): Promise<Receiver> {
  const receiver = await openReceiver()
  receiver.reply = status(500)
  return receiver
}

describe('a receiver that answers 410 Gone', () => {
  test('is sent nothing more, at once, with an entry, an alarm, and a notice to those who still listen', async () => {
    const world = notifierWorld()
    const [gone, works] = [await openReceiver(), await openReceiver()]
    gone.reply = status(410)
    await world.organisation('organisation_1', { webhook_1: gone.url, webhook_2: works.url })
    const id = await world.notice('organisation_1')
    expect(await notify(world.deps)).toMatchObject({ done: 1 })
    expect(await world.webhook('organisation_1', 'webhook_1')).toMatchObject({
      disabledAt: expect.any(Number),
    })
    expect(await world.webhook('organisation_1', 'webhook_2')).not.toHaveProperty('disabledAt')
    expect(world.alarms).toEqual([
      ['webhook_disabled', { organisation: 'organisation_1', webhook: 'webhook_1', why: 'gone' }],
    ])
    expect(await world.entries('organisation_1')).toEqual([
      {
        kind: 'webhook_disabled',
        organisation: 'organisation_1',
        webhook: 'webhook_1',
        why: 'gone',
        notice: id,
      },
    ])
    await notify(world.deps)
    expect(gone.received).toHaveLength(1)
    expect(works.received.map(({ body }) => JSON.parse(body).type)).toEqual([
      'partner.suspended',
      'webhook.disabled',
    ])
    expect((await noticesOf(world, 'organisation_1')).every(one => one.due === undefined)).toBe(true)
  })

  test('does not change the version of its organisation, so it can make no proposal stale', async () => {
    const world = notifierWorld()
    const gone = await openReceiver()
    gone.reply = status(410)
    await world.organisation('organisation_1', { webhook_1: gone.url })
    await world.notice('organisation_1')
    await notify(world.deps)
    const [organisation] = await world.store.get([keys.organisation('organisation_1')])
    expect(organisation?.rev).toBe(1)
  })

  test('is disabled once, whoever else finds it out', async () => {
    const world = notifierWorld()
    await world.organisation('organisation_1', { webhook_1: 'http://127.0.0.1:1/' })
    const [organisation] = await world.store.get([keys.organisation('organisation_1')])
    if (organisation === undefined) throw new Error('no organisation')
    const tries = await Promise.all(
      Array.from({ length: 5 }, () => disable(world.deps, organisation, 'webhook_1', 'gone', 'n')),
    )
    expect(tries.filter(Boolean)).toHaveLength(1)
    expect(await world.entries('organisation_1')).toHaveLength(1)
    expect(world.alarms).toHaveLength(1)
  })

  test('that was taken off the record meanwhile leaves no trace', async () => {
    const world = notifierWorld()
    await world.organisation('organisation_1', {})
    const [organisation] = await world.store.get([keys.organisation('organisation_1')])
    if (organisation === undefined) throw new Error('no organisation')
    expect(await disable(world.deps, organisation, 'webhook_1', 'gone', 'n')).toBe(false)
    expect(await world.entries('organisation_1')).toEqual([])
  })
})

describe('a receiver that takes nothing for three days', () => {
  test('is given up, and nothing more is sent to it until it is registered anew', async () => {
    const world = notifierWorld()
    const dead = await failing()
    await world.organisation('organisation_1', { webhook_1: dead.url })
    const startedAt = world.deps.clock.now()
    const id = await world.notice('organisation_1')
    await goOn(world, 2.9)
    expect(await world.webhook('organisation_1', 'webhook_1')).not.toHaveProperty('disabledAt')
    expect(await world.read(id)).toMatchObject({ due: 'pending' })

    await goOn(world, 1)
    const lasted = ((await world.webhook('organisation_1', 'webhook_1'))?.disabledAt ?? 0) - startedAt
    expect(lasted).toBeGreaterThanOrEqual(3 * day)
    expect(lasted).toBeLessThan(3.4 * day)
    expect(await world.read(id)).not.toHaveProperty('due')
    expect(world.alarms.map(([name]) => name).filter(name => name !== 'notices_overdue')).toEqual([
      'webhook_disabled',
      'notice_given_up',
    ])
    expect(await world.entries('organisation_1')).toMatchObject([
      { kind: 'webhook_disabled', why: 'failing' },
    ])

    const asked = dead.received.length
    expect(asked).toBeLessThan(30)
    dead.reply = status(204)
    await world.notice('organisation_1')
    await goOn(world, 1)
    expect(dead.received).toHaveLength(asked)
  })

  test('but takes others is not dead: that one is given up, and the webhook goes on', async () => {
    const world = notifierWorld()
    const picky = await openReceiver()
    await world.organisation('organisation_1', { webhook_1: picky.url })
    const bad = await world.notice('organisation_1')
    picky.reply = (response, received) => status(received.id === bad ? 400 : 204)(response, received)
    await goOn(world, 2)
    await world.notice('organisation_1')
    await goOn(world, 2)
    expect(await world.read(bad)).not.toHaveProperty('due')
    expect(await world.read(bad)).toMatchObject({ delivered: {} })
    expect(await world.webhook('organisation_1', 'webhook_1')).not.toHaveProperty('disabledAt')
    expect(world.alarms.map(([name]) => name)).toContain('notice_given_up')
    expect(world.alarms.map(([name]) => name)).not.toContain('webhook_disabled')
  })

  test('because no notifier ran is not to blame: it gets its attempts first', async () => {
    const world = notifierWorld()
    const receiver = await failing()
    await world.organisation('organisation_1', { webhook_1: receiver.url })
    const id = await world.notice('organisation_1')
    world.wait(5 * day)
    expect(await notify(world.deps)).toMatchObject({ later: 1, given_up: 0 })
    receiver.reply = status(204)
    world.wait(2_000)
    expect(await notify(world.deps)).toMatchObject({ done: 1 })
    expect(await world.read(id)).toMatchObject({ delivered: { webhook_1: expect.any(Number) } })
  })

  test('because nothing could be signed here is not to blame either', async () => {
    const world = notifierWorld({
      secrets: {
        derive: async () => {
          throw new SecretsUnavailable('down')
        },
      },
    })
    const receiver = await openReceiver()
    await world.organisation('organisation_1', { webhook_1: receiver.url })
    await world.notice('organisation_1')
    await goOn(world, 4)
    expect(receiver.received).toEqual([])
    expect(await world.webhook('organisation_1', 'webhook_1')).not.toHaveProperty('disabledAt')
    expect(world.alarms.map(([name]) => name)).toContain('notice_given_up')
  })

  test('is not given up as younger than that', async () => {
    const world = notifierWorld()
    const dead = await failing()
    const now = world.deps.clock.now()
    await world.organisation('organisation_1', { webhook_1: dead.url }, now - day)
    await world.notice('organisation_1', { at: now - 4 * day, attempts: 20 })
    expect(await notify(world.deps)).toMatchObject({ given_up: 1 })
    expect(await world.webhook('organisation_1', 'webhook_1')).not.toHaveProperty('disabledAt')
  })
})
