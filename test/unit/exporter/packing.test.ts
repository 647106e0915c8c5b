import { beforeEach, describe, expect, test } from 'vitest'
import { compactOnce, toMerge } from '../../../functions/exporter/fingerprints/compact.ts'
import {
  parseSegmentKey,
  type SegmentName,
  segmentKey,
} from '../../../functions/exporter/fingerprints/names.ts'
import { packReplies } from '../../../functions/exporter/fingerprints/pack.ts'
import { openNamed } from '../../../functions/exporter/fingerprints/segments.ts'
import { keepFingerprints } from '../../../functions/exporter/fingerprints/task.ts'
import { hourOf } from '../../../shared/domain/time.ts'
import { pendingPrefix } from '../../../shared/fingerprint/pending.ts'
import { lookup } from '../../../shared/fingerprint/read-segment.ts'
import type { RemovableObjects } from '../../../shared/ports/objects.ts'
import {
  begins,
  dayMs,
  dyingAt,
  epoch,
  type FingerprintWorld,
  fingerprintWorld,
  hourMs,
} from './fingerprint-world.ts'

let world: FingerprintWorld
beforeEach(() => {
  world = fingerprintWorld()
})

const long = (): number => world.now() + hourMs
const pack = (objects: RemovableObjects = world.objects, most?: number): Promise<number> =>
  packReplies(world.deps({ objects }), long(), most)
const eidsOf = (replies: readonly { readonly eid: string }[]): readonly string[] =>
  replies.map(({ eid }) => eid).sort()
/** Some replies of an hour that has ended so long ago that it is packed. */
async function anHour(count = 5, at = begins) {
  const replies = []
  for (let n = 0; n < count; n++) replies.push(await world.leave(at + n * 10_000))
  world.pass(Math.max(0, at + hourMs + 20 * 60_000 - world.now()))
  return replies
}

describe('an hour', () => {
  test('is packed twenty minutes after its end, and not before: a call may still be going on', async () => {
    const [reply] = await anHour(1)
    world.pass(-1)
    expect(await pack()).toBe(0)
    expect(await world.segments()).toEqual([])
    world.pass(1)
    expect(await pack()).toBe(1)
    expect(await world.packed()).toEqual([reply?.eid])
    expect(world.waiting()).toEqual([])
  })

  test('becomes one segment, in which every fingerprint of every reply is found', async () => {
    const replies = await anHour()
    await pack()
    const [key = ''] = await world.segments()
    const name = parseSegmentKey(key) as SegmentName
    expect(name).toMatchObject({ epoch, first: hourOf(begins), last: hourOf(begins) })
    expect(segmentKey(name)).toBe(key)
    const segment = await openNamed(world.objects, name)
    const all = replies.flatMap(({ fingerprints }) => [...fingerprints])
    expect((await lookup(segment, all)).map(({ fingerprint }) => fingerprint)).toEqual(
      [...new Set(all)].sort((a, b) => (a < b ? -1 : 1)),
    )
    expect(await world.packed()).toEqual(eidsOf(replies))
  })

  test('whose replies are many becomes several segments, each within its bound', async () => {
    const replies = await anHour(20)
    expect(await pack(world.objects, 3_000)).toBe(20)
    const sizes = (await world.segments()).map(key => parseSegmentKey(key)?.bytes ?? 0)
    expect(sizes.length).toBeGreaterThan(2)
    // Its names come on top.
    expect(Math.max(...sizes)).toBeLessThan(3_000 + 200)
    expect(await world.packed()).toEqual(eidsOf(replies))
  })

  test('that had been packed takes what comes later in a further segment', async () => {
    const replies = await anHour(3)
    await pack()
    const late = await world.leave(begins + 30_000)
    expect(await pack()).toBe(1)
    expect(await world.segments()).toHaveLength(2)
    expect(await world.packed()).toEqual(eidsOf([...replies, late]))
  })

  test('leaves what nobody of ours has put there, and says so', async () => {
    const replies = await anHour(2)
    const foreign = `${pendingPrefix(epoch, hourOf(begins))}${replies[0]?.eid.replace('.outcome', '')}`
    await world.objects.put(foreign, Buffer.from('what is this'), { ifAbsent: true })
    expect(await pack()).toBe(2)
    expect(world.waiting()).toEqual([foreign])
    expect(world.errors.join()).toContain('fingerprints that wait cannot be read')
  })

  test('that is damaged keeps no other one from being packed', async () => {
    await anHour(2)
    await pack()
    const [key = ''] = await world.segments()
    const bytes = Uint8Array.from(world.objects.all.get(key) ?? [])
    await world.objects.remove(key)
    await world.objects.put(key, bytes.fill(0, 20, 24), { ifAbsent: true })
    await world.leave(begins + 50_000)
    await anHour(2, begins + hourMs)
    expect(await pack()).toBe(2)
    expect(world.errors.join()).toContain('fingerprints of an hour were not packed')
    expect(world.waiting()).toHaveLength(1)
  })
})

describe('wherever an exporter dies', () => {
  test.each([
    ['before', false],
    ['behind', true],
  ])('%s an operation, the next one loses nothing and packs nothing twice', async (_, behind) => {
    for (let dies = 1; dies < 28; dies++) {
      world = fingerprintWorld()
      const replies = await anHour(8)
      await pack(dyingAt(world.objects, dies, behind), 2_000).catch(() => undefined)
      await pack(world.objects, 2_000)
      expect(world.waiting()).toEqual([])
      expect(await world.packed()).toEqual(eidsOf(replies))
    }
  })

  test('again and again at the same hour, nothing is lost', async () => {
    const replies = await anHour(8)
    for (let dies = 1; dies < 30; dies++)
      await pack(dyingAt(world.objects, dies, dies % 2 === 0), 2_000).catch(() => undefined)
    await pack()
    expect(world.waiting()).toEqual([])
    expect(await world.packed()).toEqual(eidsOf(replies))
  })

  test('while segments are merged, every reply stands in one of them, and at the end in one alone', async () => {
    for (let dies = 1; dies < 24; dies++) {
      world = fingerprintWorld()
      const replies = await aDay(3)
      await compactOnce(world.deps({ objects: dyingAt(world.objects, dies, dies % 2 === 0) })).catch(
        () => undefined,
      )
      expect([...new Set(await world.packed())]).toEqual(eidsOf(replies))
      for (let n = 0; n < 3; n++) await compactOnce(world.deps())
      expect(await world.segments()).toHaveLength(1)
      expect(await world.packed()).toEqual(eidsOf(replies))
    }
  })
})

/** A day of replies, each hour packed, and so long ago that it is merged. */
async function aDay(hours = 24, at = begins, each = 2) {
  const replies = []
  for (let n = 0; n < hours; n++) {
    replies.push(...(await anHour(each, at + n * hourMs)))
    await pack()
  }
  world.pass(Math.max(0, at + 3 * dayMs - world.now()))
  return replies
}

describe('several exporters at once', () => {
  test('pack an hour once', async () => {
    const replies = await anHour(40)
    await Promise.all([pack(), pack(), pack()])
    await pack()
    expect(world.waiting()).toEqual([])
    expect([...new Set(await world.packed())]).toEqual(eidsOf(replies))
  })

  test('where one saw a reply more than the other, it stands in two segments until they are merged', async () => {
    const replies = await anHour(3)
    let late: (typeof replies)[number] | undefined
    // Between the list of the first and what it puts, a second one sees a late reply and packs all four.
    const put: RemovableObjects['put'] = async (...args) => {
      if (late === undefined) {
        late = await world.leave(begins + 40_000)
        const remove: RemovableObjects['remove'] = async () => ({ ok: false })
        await pack({ ...world.objects, remove })
      }
      return world.objects.put(...args)
    }
    await pack({ ...world.objects, put })
    await pack()
    expect(world.waiting()).toEqual([])
    expect(await world.packed()).toHaveLength(7)
    world.pass(3 * dayMs)
    await compactOnce(world.deps())
    expect(await world.packed()).toEqual(eidsOf([...replies, ...(late ? [late] : [])]))
  })

  test('merge a day once', async () => {
    const replies = await aDay(5)
    await Promise.all([compactOnce(world.deps()), compactOnce(world.deps()), compactOnce(world.deps())])
    await compactOnce(world.deps())
    expect(await world.segments()).toHaveLength(1)
    expect(await world.packed()).toEqual(eidsOf(replies))
  })
})

test('what a lock keeps is packed once, and removed when it may be', async () => {
  const replies = await anHour(3)
  const remove: RemovableObjects['remove'] = async () => ({ ok: false })
  expect(await pack({ ...world.objects, remove })).toBe(3)
  expect(await pack({ ...world.objects, remove })).toBe(0)
  expect(world.waiting()).toHaveLength(3)
  expect(await pack()).toBe(0)
  expect(world.waiting()).toEqual([])
  expect(await world.packed()).toEqual(eidsOf(replies))
})

describe('what is merged', () => {
  const name = (first: number, bytes: number, last = first): SegmentName => ({
    epoch,
    first,
    last,
    bytes,
    digest: String(first).padStart(32, '0'),
  })
  const hour = hourOf(begins)
  const days = (n: number): number => begins + n * dayMs

  test('a day that has been over for two days, alone', () => {
    const names = [name(hour, 10), name(hour + 23, 10), name(hour + 24, 10), name(hour + 47, 10)]
    expect(toMerge(names, days(3) - 1, 100)).toBeUndefined()
    expect(toMerge(names, days(3), 100)).toEqual(names.slice(0, 2))
    expect(toMerge(names.slice(1), days(3), 100)).toBeUndefined()
    expect(toMerge(names.slice(1), days(4), 100)).toEqual(names.slice(2))
  })

  test('all days, once their month has been over for two', () => {
    const names = [name(hour, 10), name(hour + 24, 10), name(hour + 240, 10)]
    expect(toMerge(names, days(32) - 1, 100)).toBeUndefined()
    expect(toMerge(names, days(32), 100)).toEqual(names)
  })

  test('neighbours that fit one, and nothing where none do', () => {
    const names = [name(hour, 60), name(hour + 24, 60), name(hour + 48, 40), name(hour + 72, 1)]
    expect(toMerge(names, days(32), 100)).toEqual(names.slice(1, 3))
    expect(toMerge(names.slice(0, 2), days(32), 100)).toBeUndefined()
    expect(toMerge(names.slice(0, 1), days(32), 100)).toBeUndefined()
  })

  test('a month of days ends as one segment, with every reply in it', async () => {
    const replies = []
    for (let day = 0; day < 4; day++) replies.push(...(await aDay(2, days(day))))
    world.pass(days(33) - world.now())
    for (let n = 0; n < 6; n++) await compactOnce(world.deps())
    const [only = '', ...more] = await world.segments()
    expect(more).toEqual([])
    expect(parseSegmentKey(only)).toMatchObject({ first: hour, last: hourOf(days(3)) + 1 })
    expect(await world.packed()).toEqual(eidsOf(replies))
  })

  test('a damaged segment stays as it is, and other months are merged', async () => {
    await aDay(2)
    const [key = ''] = await world.segments()
    const bytes = Uint8Array.from(world.objects.all.get(key) ?? [])
    await world.objects.remove(key)
    await world.objects.put(key, bytes.fill(1, 30), { ifAbsent: true })
    const next = Date.UTC(2026, 11, 1)
    const replies = await aDay(2, next)
    await compactOnce(world.deps())
    expect(await world.segments()).toHaveLength(2)
    expect(world.errors.join()).toContain('were not merged')
    expect(await world.segments(epoch + 1)).toHaveLength(1)
    expect(await world.packed(epoch + 1)).toEqual(eidsOf(replies))
  })
})

test('one run packs, merges and tells how much; a process looks once a minute', async () => {
  await aDay(3)
  await anHour(2, begins + 3 * dayMs)
  const deps = world.deps()
  expect(await keepFingerprints(deps, long())).toBe(2 + 2)
  await world.leave(begins + 3 * dayMs)
  expect(await keepFingerprints(deps, long())).toBe(0)
  world.pass(60_000)
  expect(await keepFingerprints(deps, long())).toBe(1)
  expect(world.errors).toEqual([])
})
