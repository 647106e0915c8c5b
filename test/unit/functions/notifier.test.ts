/** What organisations are told, by receivers that listen, fail, hang, redirect and go away. */
import { Webhook } from 'standardwebhooks'
import { describe, expect, test } from 'vitest'
import { notify } from '../../../functions/notifier/app.ts'
import { notifyFor } from '../../../functions/notifier/run.ts'
import { every } from '../../../scripts/embedded/every.ts'
import { EventsUnavailable } from '../../../shared/ports/events.ts'
import { SecretsUnavailable } from '../../../shared/ports/keys.ts'
import { StoreUnavailable } from '../../../shared/ports/store.ts'
import { hangs, notifierWorld, openReceiver, secretOf, status } from './notifier-world.ts'

describe('a notice that is due', () => {
  test('is sent to every webhook of its organisation, signed with the secret of each', async () => {
    const world = notifierWorld()
    const [one, two] = [await openReceiver(), await openReceiver()]
    await world.organisation('organisation_1', { webhook_1: one.url, webhook_2: two.url })
    const id = await world.notice('organisation_1', { next: 'sallyport partner get organisation_9' })
    expect(await notify(world.deps)).toMatchObject({ done: 1, later: 0 })
    for (const [receiver, webhook] of [
      [one, 'webhook_1'],
      [two, 'webhook_2'],
    ] as const) {
      const [received, ...more] = receiver.received
      expect(more).toEqual([])
      const verifier = new Webhook(await secretOf('organisation_1', webhook))
      const told = verifier.verify(received?.body ?? '', received?.headers as Record<string, string>)
      expect(told).toMatchObject({
        type: 'partner.suspended',
        data: { id, organisation: 'organisation_1', next: 'sallyport partner get organisation_9' },
      })
      expect(received).toMatchObject({
        id,
        path: '/hook?token=s3cr3t',
        headers: { 'content-type': 'application/json' },
      })
    }
    const verifier = new Webhook(await secretOf('organisation_1', 'webhook_2'))
    expect(() =>
      verifier.verify(one.received[0]?.body ?? '', one.received[0]?.headers as Record<string, string>),
    ).toThrow()
  })

  test('is done with then: it waits for nobody and is not sent again', async () => {
    const world = notifierWorld()
    const receiver = await openReceiver()
    await world.organisation('organisation_1', { webhook_1: receiver.url })
    const id = await world.notice('organisation_1')
    await notify(world.deps)
    const notice = await world.read(id)
    expect(notice).not.toHaveProperty('due')
    expect(notice).toMatchObject({ attempts: 1, delivered: { webhook_1: expect.any(Number) } })
    world.wait(3_600_000)
    expect(await notify(world.deps)).toEqual({ done: 0, later: 0, given_up: 0, passed_over: 0 })
    expect(receiver.received).toHaveLength(1)
  })

  test('goes to no other organisation, and to no webhook that is disabled', async () => {
    const world = notifierWorld()
    const [own, other] = [await openReceiver(), await openReceiver()]
    await world.organisation('organisation_1', { webhook_1: own.url })
    await world.organisation('organisation_2', { webhook_1: other.url })
    await world.store.write({
      kind: 'update',
      key: { table: 'registry', pk: 'organisation#organisation_1', sk: '-' },
      change: { set: [[['webhooks', 'webhook_1', 'disabledAt'], 1]] },
    })
    await world.notice('organisation_1')
    expect(await notify(world.deps)).toMatchObject({ done: 1 })
    expect([...own.received, ...other.received]).toEqual([])
  })

  test('of an organisation without webhooks, or that is not there, is done at once', async () => {
    const world = notifierWorld()
    await world.organisation('organisation_1', {})
    const ids = [await world.notice('organisation_1'), await world.notice('organisation_unknown')]
    expect(await notify(world.deps)).toMatchObject({ done: 2 })
    for (const id of ids) expect(await world.read(id)).not.toHaveProperty('due')
  })

  test('is not sent before its time', async () => {
    const world = notifierWorld()
    const receiver = await openReceiver()
    await world.organisation('organisation_1', { webhook_1: receiver.url })
    const dueAt = world.deps.clock.now() + 60_000
    await world.notice('organisation_1', { dueAt })
    expect(await notify(world.deps)).toMatchObject({ done: 0, nextDueAt: dueAt })
    world.wait(60_000)
    expect(await notify(world.deps)).toMatchObject({ done: 1 })
  })
})

describe('the event bus', () => {
  test('gets every notice once, beside the webhooks', async () => {
    const published: object[] = []
    const world = notifierWorld({ events: { publish: async event => void published.push(event) } })
    const receiver = await openReceiver()
    await world.organisation('organisation_1', { webhook_1: receiver.url })
    const id = await world.notice('organisation_1')
    await notify(world.deps)
    await notify(world.deps)
    expect(published).toEqual([
      { type: 'partner.suspended', at: expect.any(Number), detail: expect.objectContaining({ id }) },
    ])
    expect((await world.read(id)).delivered).toEqual({
      webhook_1: expect.any(Number),
      event_bus: expect.any(Number),
    })
  })

  test('that does not answer is asked again, while the webhooks are not', async () => {
    let down = true
    const world = notifierWorld({
      events: {
        publish: async () => {
          if (down) throw new EventsUnavailable('down')
        },
      },
    })
    const receiver = await openReceiver()
    await world.organisation('organisation_1', { webhook_1: receiver.url })
    await world.notice('organisation_1')
    expect(await notify(world.deps)).toMatchObject({ later: 1 })
    down = false
    world.wait(2_000)
    expect(await notify(world.deps)).toMatchObject({ done: 1 })
    expect(receiver.received).toHaveLength(1)
  })
})

describe('what fails here', () => {
  test('a key that does not answer sends nothing, unsigned least of all', async () => {
    const world = notifierWorld({
      secrets: {
        derive: async () => {
          throw new SecretsUnavailable('down')
        },
      },
    })
    const receiver = await openReceiver()
    await world.organisation('organisation_1', { webhook_1: receiver.url })
    const id = await world.notice('organisation_1')
    expect(await notify(world.deps)).toMatchObject({ later: 1 })
    expect(receiver.received).toEqual([])
    expect(await world.read(id)).toMatchObject({ due: 'pending' })
  })

  test('a store that fails at one notice holds up no other', async () => {
    const world = notifierWorld()
    const receiver = await openReceiver()
    await world.organisation('organisation_1', { webhook_1: receiver.url })
    const [bad, good] = [await world.notice('organisation_1'), await world.notice('organisation_1')]
    const { store } = world
    const failing = {
      ...world.deps,
      store: {
        ...store,
        write: async (op: Parameters<typeof store.write>[0]) => {
          if (op.key.pk === `notice#${bad}`) throw new StoreUnavailable('no answer')
          return store.write(op) as never
        },
      },
    }
    expect(await notify(failing)).toMatchObject({ done: 1 })
    expect(receiver.received.map(one => one.id)).toEqual([good])
    expect(world.told.filter(line => line.startsWith('a notice could not be told'))).toHaveLength(1)
  })

  test('nothing that is logged, counted or alarmed of holds an address or a secret', async () => {
    const world = notifierWorld({ deliveryMs: 200 })
    const [gone, fails] = [await openReceiver(), await openReceiver()]
    gone.reply = status(410)
    fails.reply = hangs
    await world.organisation('organisation_1', {
      webhook_1: gone.url,
      webhook_2: fails.url,
      webhook_3: 'http://127.0.0.1:1/hook?token=s3cr3t',
    })
    await world.notice('organisation_1')
    await notify(world.deps)
    const all = JSON.stringify([world.told, await world.entries('organisation_1')])
    expect(all).not.toMatch(/s3cr3t|hook\?|127\.0\.0\.1|whsec/)
    expect(world.told.length).toBeGreaterThan(2)
  })
})

describe('a run', () => {
  test('tries again what is due within its time, and ends', async () => {
    const world = notifierWorld({ deliveryMs: 100 })
    const receiver = await openReceiver()
    receiver.reply = (response, { id }) =>
      status(receiver.received.filter(one => one.id === id).length < 2 ? 500 : 204)(
        response,
        undefined as never,
      )
    await world.organisation('organisation_1', { webhook_1: receiver.url })
    await world.notice('organisation_1')
    const startedAt = Date.now()
    expect(await notifyFor(world.deps, 8_100 + 4_000)).toMatchObject({ done: 1, later: 1 })
    expect(Date.now() - startedAt).toBeLessThan(4_000)
    expect(receiver.received).toHaveLength(2)
  })

  test('ends at once when nothing waits, or nothing in its time', async () => {
    const world = notifierWorld()
    await world.notice('organisation_1', { dueAt: Date.now() + 3_600_000 })
    const startedAt = Date.now()
    expect(await notifyFor(world.deps, 60_000)).toMatchObject({ done: 0 })
    expect(Date.now() - startedAt).toBeLessThan(5_000)
  })

  test('does what one organisation has in several passes, fifty at a time', async () => {
    const world = notifierWorld()
    const receiver = await openReceiver()
    await world.organisation('organisation_1', { webhook_1: receiver.url })
    for (let i = 0; i < 60; i++) await world.notice('organisation_1')
    expect(await notify(world.deps)).toMatchObject({ done: 50, nextDueAt: expect.any(Number) })
    expect(await notify(world.deps)).toMatchObject({ done: 10 })
    expect(new Set(receiver.received.map(one => one.id)).size).toBe(60)
  })

  test('tells a person when something has waited for an hour', async () => {
    const world = notifierWorld()
    const fails = await openReceiver()
    fails.reply = status(500)
    await world.organisation('organisation_1', { webhook_1: fails.url })
    await world.notice('organisation_1')
    await notify(world.deps)
    expect(world.alarms).toEqual([])
    world.wait(3_600_000)
    await notify(world.deps)
    expect(world.alarms).toEqual([['notices_overdue', { hours: 1 }]])
  })
})

test('the embedded server’s timer tells what comes, until it is stopped', async () => {
  const world = notifierWorld()
  const receiver = await openReceiver()
  await world.organisation('organisation_1', { webhook_1: receiver.url })
  const stop = every(world.deps, 10, 'notifier', () => notify(world.deps))
  await world.notice('organisation_1')
  await expect.poll(() => receiver.received.length).toBe(1)
  await stop()
  await world.notice('organisation_1')
  await new Promise(resolve => setTimeout(resolve, 60))
  expect(receiver.received).toHaveLength(1)
})
