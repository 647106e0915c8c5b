/** Receivers that fail, hang, redirect, answer without end, or stand where none may: each is an outcome, none an accident. */
import { describe, expect, test } from 'vitest'
import { notify } from '../../../functions/notifier/app.ts'
import { hangs, notifierWorld, openReceiver, status } from './notifier-world.ts'

describe('a receiver that fails', () => {
  test('is asked again after a second, then five, with the same id and a new time; the others are not', async () => {
    const world = notifierWorld()
    const [works, fails] = [await openReceiver(), await openReceiver()]
    fails.reply = status(500)
    await world.organisation('organisation_1', { webhook_1: works.url, webhook_2: fails.url })
    const id = await world.notice('organisation_1')
    for (const [attempts, seconds] of [
      [1, 1],
      [2, 5],
      [3, 30],
    ] as const) {
      expect(await notify(world.deps)).toMatchObject({ later: 1, done: 0 })
      const now = world.deps.clock.now()
      const notice = await world.read(id)
      expect(notice).toMatchObject({ due: 'pending', attempts })
      const pause = (notice.dueAt ?? 0) - now
      expect(pause).toBeGreaterThan(seconds * 1_000 - 1_000)
      expect(pause).toBeLessThanOrEqual(seconds * 1_200)
      world.wait(seconds * 1_200)
    }
    fails.reply = status(200)
    world.wait(30_000)
    expect(await notify(world.deps)).toMatchObject({ done: 1 })
    expect(works.received).toHaveLength(1)
    expect(fails.received.map(one => one.id)).toEqual([id, id, id, id])
    const times = fails.received.map(({ headers }) => Number(headers['webhook-timestamp']))
    expect(times).toEqual([...times].sort((a, b) => a - b))
    expect(new Set(times).size).toBe(4)
  })

  test.each([301, 302, 307, 308])('a redirect (%i) is not followed', async code => {
    const world = notifierWorld()
    const [elsewhere, redirects] = [await openReceiver(), await openReceiver()]
    redirects.reply = status(code, { location: elsewhere.url })
    await world.organisation('organisation_1', { webhook_1: redirects.url })
    await world.notice('organisation_1')
    expect(await notify(world.deps)).toMatchObject({ later: 1 })
    expect(elsewhere.received).toEqual([])
  })

  test('by not listening is asked again', async () => {
    const world = notifierWorld()
    await world.organisation('organisation_1', { webhook_1: 'http://127.0.0.1:1/' })
    await world.notice('organisation_1')
    expect(await notify(world.deps)).toMatchObject({ later: 1 })
  })

  test('by hanging is left after its time, and holds up no other organisation', async () => {
    const world = notifierWorld({ deliveryMs: 1_000 })
    const [slow, works] = [await openReceiver(), await openReceiver()]
    slow.reply = hangs
    await world.organisation('organisation_1', { webhook_1: slow.url })
    await world.organisation('organisation_2', { webhook_1: works.url })
    await world.notice('organisation_1')
    await world.notice('organisation_2')
    const startedAt = Date.now()
    let firstAfter = Number.POSITIVE_INFINITY
    works.reply = response => {
      firstAfter = Date.now() - startedAt
      response.writeHead(204).end()
    }
    expect(await notify(world.deps)).toMatchObject({ later: 1, done: 1 })
    expect(firstAfter).toBeLessThan(800)
    expect(Date.now() - startedAt).toBeLessThan(3_000)
  })

  test('is asked once a pass, however many notices wait for it', async () => {
    const world = notifierWorld()
    const fails = await openReceiver()
    fails.reply = status(503)
    await world.organisation('organisation_1', { webhook_1: fails.url })
    for (let i = 0; i < 5; i++) await world.notice('organisation_1')
    expect(await notify(world.deps)).toMatchObject({ later: 1, passed_over: 4 })
    expect(fails.received).toHaveLength(1)
  })

  test('comes after those that work, when there is no time for all', async () => {
    const world = notifierWorld({ deliveryMs: 400, runMs: 300 })
    const slow = await openReceiver()
    const works = await openReceiver()
    slow.reply = hangs
    for (let i = 0; i < 9; i++) {
      await world.organisation(`organisation_${i}`, { webhook_1: slow.url })
      await world.notice(`organisation_${i}`, { attempts: 3 })
    }
    await world.organisation('organisation_works', { webhook_1: works.url })
    await world.notice('organisation_works')
    await notify(world.deps)
    expect(works.received).toHaveLength(1)
  })

  test('is one whose answer has no end: the status counts, and no more than 64 KB of it are read', async () => {
    const world = notifierWorld()
    const endless = await openReceiver()
    let written = 0
    endless.reply = async response => {
      response.writeHead(200)
      for (const chunk = Buffer.alloc(16_384); !response.destroyed && written < 50e6; written += chunk.length)
        if (!response.write(chunk)) await new Promise(resolve => setTimeout(resolve, 1))
    }
    await world.organisation('organisation_1', { webhook_1: endless.url })
    await world.notice('organisation_1')
    expect(await notify(world.deps)).toMatchObject({ done: 1 })
    expect(written).toBeLessThan(50e6)
  })

  test('nor one whose answer only trickles', async () => {
    const world = notifierWorld({ deliveryMs: 300 })
    const trickles = await openReceiver()
    trickles.reply = response => void response.writeHead(200).write('.')
    await world.organisation('organisation_1', { webhook_1: trickles.url })
    await world.notice('organisation_1')
    const startedAt = Date.now()
    expect(await notify(world.deps)).toMatchObject({ done: 1 })
    expect(Date.now() - startedAt).toBeLessThan(1_500)
  })
})

describe('an address that is not taken', () => {
  test.each(['http://10.0.0.1/', 'https://169.254.169.254/', 'https://user:pw@hooks.example/', 'nonsense'])(
    '%s is not connected to, whatever the record says',
    async url => {
      let opened = 0
      const world = notifierWorld({
        http: {
          open: async () => {
            opened += 1
            throw new Error('opened')
          },
        },
      })
      await world.organisation('organisation_1', { webhook_1: url })
      await world.notice('organisation_1')
      expect(await notify(world.deps)).toMatchObject({ later: 1 })
      expect(opened).toBe(0)
    },
  )
})
