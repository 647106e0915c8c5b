/** Notifiers at once, and notifiers that die: what is sent may come twice, and is never lost. */
import { describe, expect, test } from 'vitest'
import { notify } from '../../../functions/notifier/app.ts'
import { claim, claimMs, mark } from '../../../functions/notifier/claim.ts'
import type { NotifierDeps } from '../../../functions/notifier/deps.ts'
import { StoreUnavailable } from '../../../shared/ports/store.ts'
import { notifierWorld, openReceiver, status } from './notifier-world.ts'

test('several notifiers at once send each notice once, as long as none dies', async () => {
  const world = notifierWorld()
  const receiver = await openReceiver()
  for (const organisation of ['organisation_1', 'organisation_2'])
    await world.organisation(organisation, { webhook_1: receiver.url })
  const ids: string[] = []
  for (let i = 0; i < 20; i++) ids.push(await world.notice(`organisation_${(i % 2) + 1}`))
  const runs = await Promise.all(Array.from({ length: 4 }, () => notify(world.deps)))
  expect(runs.reduce((sum, { done }) => sum + done, 0)).toBe(20)
  expect(receiver.received.map(one => one.id).sort()).toEqual([...ids].sort())
  for (const id of ids) expect(await world.read(id)).not.toHaveProperty('due')
})

/** The process ends at a write to a notice, before it or after it: nothing of it goes on. */
function diesAt(deps: NotifierDeps, write: number, when: 'before' | 'after'): NotifierDeps {
  let writes = 0
  const { store } = deps
  return {
    ...deps,
    store: {
      ...store,
      write: async (op: Parameters<typeof store.write>[0]) => {
        const dies = ++writes === write
        if (dies && when === 'before') return new Promise<never>(() => undefined)
        const written = await store.write(op)
        return dies ? new Promise<never>(() => undefined) : (written as never)
      },
    },
  }
}

describe('a notifier that dies', () => {
  test.each([
    ['before its claim', 1, 'before', 0],
    ['after its claim, before it has sent', 1, 'after', 0],
    ['after it has sent, before it has marked', 2, 'before', 1],
    ['after it has marked', 2, 'after', 1],
  ] as const)('%s leaves the notice to the next one', async (_, write, when, sent) => {
    const world = notifierWorld()
    const receiver = await openReceiver()
    await world.organisation('organisation_1', { webhook_1: receiver.url })
    const id = await world.notice('organisation_1')
    void notify(diesAt(world.deps, write, when))
    await expect.poll(() => receiver.received.length).toBe(sent)
    await new Promise(resolve => setTimeout(resolve, 50))

    world.wait(claimMs + 1)
    await notify(world.deps)
    const notice = await world.read(id)
    expect(notice).not.toHaveProperty('due')
    expect(notice.delivered).toEqual({ webhook_1: expect.any(Number) })
    // By the same id, so that the receiver drops the second.
    expect(new Set(receiver.received.map(one => one.id))).toEqual(new Set([id]))
    expect(receiver.received).toHaveLength(write === 2 && when === 'before' ? 2 : 1)
  })

  test('holds its claim for a while: nobody else sends meanwhile', async () => {
    const world = notifierWorld()
    const receiver = await openReceiver()
    await world.organisation('organisation_1', { webhook_1: receiver.url })
    const id = await world.notice('organisation_1')
    void notify(diesAt(world.deps, 1, 'after'))
    await expect.poll(async () => (await world.read(id)).attempts).toBe(1)
    world.wait(claimMs - 5_000)
    expect(await notify(world.deps)).toMatchObject({ done: 0 })
    world.wait(5_001)
    expect(await notify(world.deps)).toMatchObject({ done: 1 })
  })
})

describe('a claim', () => {
  test('whose answer was lost is still a claim when it is made again', async () => {
    const world = notifierWorld()
    const seen = await world.read(await world.notice('organisation_1'))
    const now = world.deps.clock.now()
    const claimed = { attempts: 1, dueAt: now + claimMs + 0.25 }
    expect(await claim(world.store, seen, now, 0.25)).toMatchObject(claimed)
    expect(await claim(world.store, seen, now, 0.25)).toMatchObject(claimed)
    expect(await claim(world.store, seen, now, 0.75)).toBeUndefined()
  })

  test('is not to be had of what is done', async () => {
    const world = notifierWorld()
    const seen = await world.read(await world.notice('organisation_1'))
    await mark(world.store, seen, { taken: [], now: 1 })
    expect(await claim(world.store, seen, 2, 0)).toBeUndefined()
  })

  test('that has ended still tells who took it, and leaves the rest to the next one', async () => {
    const world = notifierWorld()
    const seen = await world.read(await world.notice('organisation_1'))
    const first = await claim(world.store, seen, 1_000, 0)
    const second = await claim(world.store, first ?? seen, 1_000 + claimMs, 0)
    await mark(world.store, first ?? seen, { taken: ['webhook_1'], now: 99_000 })
    expect(await world.read(seen.id)).toMatchObject({
      due: 'pending',
      dueAt: 1_000 + 2 * claimMs,
      delivered: { webhook_1: 99_000 },
    })
    await mark(world.store, second ?? seen, { taken: ['webhook_2'], now: 100_000 })
    const done = await world.read(seen.id)
    expect(done.delivered).toEqual({ webhook_1: 99_000, webhook_2: 100_000 })
    expect(done).not.toHaveProperty('due')
  })
})

test('a mark that is lost is made up by the next attempt, which is not sent to those who took it and are marked', async () => {
  const world = notifierWorld()
  const receiver = await openReceiver()
  await world.organisation('organisation_1', { webhook_1: receiver.url })
  const id = await world.notice('organisation_1')
  const { store } = world
  let writes = 0
  const flaky = {
    ...world.deps,
    store: {
      ...store,
      write: async (op: Parameters<typeof store.write>[0]) => {
        const written = await store.write(op)
        if (++writes === 2) throw new StoreUnavailable('the answer was lost')
        return written as never
      },
    },
  }
  await notify(flaky)
  world.wait(claimMs + 1)
  await notify(world.deps)
  expect(receiver.received).toHaveLength(1)
  expect(await world.read(id)).not.toHaveProperty('due')
})

test('a receiver that is slow to refuse does not make a second notifier wait for it', async () => {
  const world = notifierWorld()
  const [slow, works] = [await openReceiver(), await openReceiver()]
  slow.reply = (response, received) =>
    new Promise(resolve => setTimeout(resolve, 500)).then(() => status(500)(response, received))
  await world.organisation('organisation_1', { webhook_1: slow.url })
  await world.organisation('organisation_2', { webhook_1: works.url })
  await world.notice('organisation_1')
  const first = notify(world.deps)
  await expect.poll(() => slow.received.length).toBe(1)
  await world.notice('organisation_2')
  expect(await notify(world.deps)).toMatchObject({ done: 1 })
  expect(slow.received).toHaveLength(1)
  await first
})
