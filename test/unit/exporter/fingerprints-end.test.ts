/** Fingerprints go with their month: by themselves once it is older than everything is kept, and with its bodies. */
import { beforeEach, describe, expect, test } from 'vitest'
import { deleteMonths } from '../../../functions/exporter/delete.ts'
import { packReplies } from '../../../functions/exporter/fingerprints/pack.ts'
import { expireFingerprints } from '../../../functions/exporter/fingerprints/remove.ts'
import { keys } from '../../../shared/domain/keys.ts'
import type { RemovableObjects } from '../../../shared/ports/objects.ts'
import { startOfEpoch } from '../../../shared/watermark/epoch.ts'
import {
  begins,
  dayMs,
  dyingAt,
  epoch,
  type FingerprintWorld,
  fingerprintWorld,
  hourMs,
  retentionMs,
} from './fingerprint-world.ts'
import { retentionMs as keptMs, keptWorld, month } from './kept-world.ts'

let world: FingerprintWorld
beforeEach(async () => {
  world = fingerprintWorld()
  for (const of of [epoch, epoch + 1]) await putKey(of)
  for (const at of [begins, begins + hourMs, startOfEpoch(epoch + 1)]) await world.leave(at)
  world.pass(2 * hourMs)
  await packReplies(world.deps(), world.now() + hourMs)
  // Left behind by a gate that died.
  await world.leave(begins + 5 * hourMs)
})

const putKey = (of: number) =>
  world.store.write({ kind: 'put', key: keys.attributionKey(of), item: { epoch: of, wrapped: 'x' } })
const isKeyed = async (of: number): Promise<boolean> =>
  (await world.store.get([keys.attributionKey(of)]))[0] !== undefined
const objectsOf = (of: number): readonly string[] =>
  [...world.objects.all.keys()].filter(key => new RegExp(`^attr/(pending/)?${of}/`).test(key))
const order = (q: string) =>
  world.store.write({
    kind: 'put',
    key: keys.standingOrders,
    item: { orders: { preservation_1: { q, at: begins } }, rev: 7 },
  })
/** To the moment at which the month is older than everything is kept. */
const toItsEnd = () => world.pass(startOfEpoch(epoch + 1) + retentionMs + 2 * dayMs - world.now())

describe('of a month that is older than everything is kept', () => {
  test('key, segments and what still waits are gone; those of the next month stay', async () => {
    toItsEnd()
    world.pass(-1)
    expect(await expireFingerprints(world.deps())).toBe(0)
    expect(objectsOf(epoch)).toHaveLength(3)
    world.pass(1)
    expect(await expireFingerprints(world.deps())).toBe(3)
    expect(objectsOf(epoch)).toEqual([])
    expect(await isKeyed(epoch)).toBe(false)
    expect(objectsOf(epoch + 1)).toHaveLength(1)
    expect(await isKeyed(epoch + 1)).toBe(true)
    expect(world.errors).toEqual([])
  })

  test('a key whose objects are gone is gone too', async () => {
    await putKey(epoch - 1)
    toItsEnd()
    await expireFingerprints(world.deps())
    expect(await isKeyed(epoch - 1)).toBe(false)
  })

  test('they stay while an order stands that reaches into it, and go when it is lifted', async () => {
    await order('partner:cedar time:2026-11-30..2026-12-05')
    toItsEnd()
    expect(await expireFingerprints(world.deps())).toBe(0)
    expect(await isKeyed(epoch)).toBe(true)
    await order('partner:cedar time:2026-12-01..2026-12-05')
    expect(await expireFingerprints(world.deps())).toBe(3)
    expect(await isKeyed(epoch)).toBe(false)
  })

  test.each([['the first'], ['a further']])(
    '%s order that is placed at the same moment is obeyed',
    async which => {
      if (which === 'a further') await order('partner:cedar time:2027-01-01..2027-02-01')
      toItsEnd()
      let placed = false
      const store: typeof world.store = {
        ...world.store,
        get: world.store.get.bind(world.store),
        async transact(ops) {
          if (!placed) await world.store.write({ kind: 'remove', key: keys.standingOrders })
          if (!placed) await world.store.write({ kind: 'put', key: keys.standingOrders, item: other })
          placed = true
          return world.store.transact(ops)
        },
      }
      const other = { orders: { preservation_2: { q: 'partner:cedar', at: begins } }, rev: 8 }
      expect(await expireFingerprints(world.deps({ store }))).toBe(0)
      expect(placed).toBe(true)
      expect(await isKeyed(epoch)).toBe(true)
      expect(objectsOf(epoch)).toHaveLength(3)
    },
  )

  test('an order that cannot be read keeps everything', async () => {
    await order('colour:red')
    toItsEnd()
    await expect(expireFingerprints(world.deps())).rejects.toThrow('is none any more')
    expect(objectsOf(epoch)).toHaveLength(3)
    expect(await isKeyed(epoch)).toBe(true)
  })

  test('wherever it dies, what is left has no key; the next one takes the rest', async () => {
    toItsEnd()
    for (let dies = 1; dies < 14; dies++) {
      const objects = dyingAt(world.objects, dies, dies % 2 === 0)
      await expireFingerprints(world.deps({ objects })).catch(() => undefined)
      if (objectsOf(epoch).length < 3) expect(await isKeyed(epoch)).toBe(false)
    }
    await expireFingerprints(world.deps())
    expect(objectsOf(epoch)).toEqual([])
    expect(await isKeyed(epoch)).toBe(false)
  })

  test('what a lock keeps has no key, is told, and goes later', async () => {
    toItsEnd()
    const remove: RemovableObjects['remove'] = async () => ({ ok: false })
    expect(await expireFingerprints(world.deps({ objects: { ...world.objects, remove } }))).toBe(0)
    expect(await isKeyed(epoch)).toBe(false)
    expect(world.errors.join()).toContain('they are locked')
    expect(await expireFingerprints(world.deps())).toBe(3)
  })
})

describe('of a month whose bodies are deleted', () => {
  const start = async () => {
    const kept = await keptWorld()
    await kept.callOf('cedar')
    await kept.sequence()
    const at = Number(month.slice(0, 4)) * 12 + Number(month.slice(5)) - 1
    await kept.store.write({
      kind: 'put',
      key: keys.attributionKey(at),
      item: { epoch: at, wrapped: 'x' },
    })
    await kept.objects.put(`attr/${at}/0-0-1-${'0'.repeat(32)}`, Buffer.from('x'), { ifAbsent: true })
    kept.pass(keptMs + 40 * dayMs)
    const isThere = async () => ({
      key: (await kept.store.get([keys.attributionKey(at)]))[0] !== undefined,
      object: [...kept.objects.all.keys()].some(key => key.startsWith(`attr/${at}/`)),
    })
    // The state of the log names the bundle of the last commit, which stays until another has followed.
    await kept.callOf('cedar')
    await kept.sequence()
    return { ...kept, isThere }
  }
  test('they go when nothing of it is kept any more, and before it is told that it is done', async () => {
    const kept = await start()
    const id = await kept.place('nora', 'partner:cedar')
    await kept.deleteMonth()
    await deleteMonths(kept.deps, kept.now() + hourMs)
    expect(await kept.isThere()).toEqual({ key: true, object: true })
    await kept.lift(id)
    kept.pass(dayMs)
    await deleteMonths(kept.deps, kept.now() + hourMs)
    expect(kept.errors).toEqual([])
    expect(await kept.get(keys.logDeletion(month))).toMatchObject({ state: 'done' })
    expect(await kept.isThere()).toEqual({ key: false, object: false })
  })

  test('one that a lock keeps is looked at again a day later, and only then is it done', async () => {
    const kept = await start()
    await kept.deleteMonth()
    const remove: RemovableObjects['remove'] = async key =>
      key.startsWith('attr/') ? { ok: false } : kept.objects.remove(key)
    await deleteMonths({ ...kept.deps, objects: { ...kept.objects, remove } }, kept.now() + hourMs)
    expect(await kept.get(keys.logDeletion(month))).toMatchObject({
      state: 'deleting',
      work: { kept: { archives: 1 } },
    })
    expect(await kept.isThere()).toEqual({ key: false, object: true })
    kept.pass(dayMs)
    await deleteMonths(kept.deps, kept.now() + hourMs)
    expect(await kept.get(keys.logDeletion(month))).toMatchObject({ state: 'done' })
    expect(await kept.isThere()).toEqual({ key: false, object: false })
  })
})
