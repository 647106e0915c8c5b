/** What is collected for an export goes when its file is kept no longer; the log and the record of it stay. */
import { describe, expect, test } from 'vitest'
import { expireExports } from '../../../functions/exporter/expire.ts'
import { exportKept } from '../../../shared/domain/exports.ts'
import { keys } from '../../../shared/domain/keys.ts'
import type { RemovableObjects } from '../../../shared/ports/objects.ts'
import { ObjectsUnavailable } from '../../../shared/ports/objects.ts'
import { type ExportWorld, exportWorld, recordsIn } from './export-world.ts'

const dayMs = 86_400_000
const q = 'type:access time:2026-11-27..2026-11-28'

const objectsOf = (world: ExportWorld, id: string): readonly string[] =>
  [...world.objects.all.keys()].filter(key => key.startsWith(`export/${id}/`))
const expire = (world: ExportWorld, objects: Partial<RemovableObjects> = {}): Promise<number> =>
  expireExports(world.exporter({ objects: { ...world.objects, ...objects } }), world.now() + 60_000)

test('parts and file go thirty days after it is made, not before, and a download says what to do', async () => {
  const world = await exportWorld()
  const old = await world.asked({ q })
  await world.make()
  const before = recordsIn(await world.files(old))
  world.pass(dayMs)
  const later = await world.asked({ q: 'time:2026-11-27' })
  await world.make()
  const logged = [...world.objects.all.keys()].filter(key => !key.startsWith('export/'))
  world.pass(29 * dayMs - 500_000)
  expect(await expire(world)).toBe(0)
  expect(await world.job(old)).toMatchObject({ state: 'done', due: exportKept })
  await world.countersign(old)
  expect(await world.download(old, 'bytes=0-')).toMatchObject({ status: 206 })

  world.pass(500_000)
  // From the moment on, whether or not somebody has come to take them away.
  const refused = {
    code: 'export_expired',
    facts: { detail: expect.stringContaining('kept until 2026-12-27') },
  }
  expect(await world.download(old, 'bytes=0-')).toMatchObject(refused)
  expect(await expire(world)).toBe(1)
  expect(objectsOf(world, old)).toEqual([])
  expect(objectsOf(world, later).length).toBeGreaterThan(2)
  expect(await world.job(old)).toMatchObject({
    state: 'expired',
    rows: before.length,
    sha256: expect.any(String),
  })
  expect(await world.job(old)).not.toHaveProperty('due')
  expect((await world.job(later)).state).toBe('done')
  expect(await world.download(old, 'bytes=0-')).toMatchObject(refused)
  expect([...world.objects.all.keys()].filter(key => !key.startsWith('export/'))).toEqual(logged)
  expect(await expire(world)).toBe(0)

  const again = await world.asked({ q })
  await world.make()
  expect(recordsIn(await world.files(again))).toEqual(before)
})

test('one that failed leaves nothing behind either', async () => {
  const world = await exportWorld()
  const id = await world.asked({ q })
  await world.make({ bounds: { lookedAt: 3, records: 5 } })
  expect(await world.job(id)).toMatchObject({ state: 'failed', failure: { code: 'export_too_large' } })
  expect(objectsOf(world, id).length).toBeGreaterThan(0)
  world.pass(31 * dayMs)
  expect(await expire(world)).toBe(1)
  expect(objectsOf(world, id)).toEqual([])
  expect(await world.job(id)).toMatchObject({ state: 'expired', failure: { code: 'export_too_large' } })
})

describe('an object that cannot go', () => {
  const ended = async () => {
    const world = await exportWorld()
    const id = await world.asked({ q })
    await world.make()
    world.pass(31 * dayMs)
    return { world, id }
  }

  test('by a lock is left, and tried again a day later, without an alarm; the others go', async () => {
    const { world, id } = await ended()
    const locked = `export/${id}/part/0`
    const remove = async (key: string) => (key === locked ? { ok: false } : world.objects.remove(key))
    expect(await expire(world, { remove })).toBe(0)
    expect(objectsOf(world, id)).toEqual([locked])
    expect(await world.job(id)).toMatchObject({ state: 'expired', due: exportKept })
    world.pass(dayMs - 1)
    expect(await expire(world)).toBe(0)
    world.pass(1)
    expect(await expire(world)).toBe(1)
    expect(objectsOf(world, id)).toEqual([])
    expect(await world.job(id)).not.toHaveProperty('removeAt')
    expect([world.alarms, world.errors]).toEqual([[], []])
  })

  test('since the bucket fails is tried again at once, and meanwhile nobody is given half of a file', async () => {
    const { world, id } = await ended()
    let left = 2
    const remove = async (key: string) => {
      if (left-- <= 0) throw new ObjectsUnavailable('planted')
      return world.objects.remove(key)
    }
    const exporter = world.exporter({ objects: { ...world.objects, remove } })
    await expect(expireExports(exporter, world.now() + 60_000)).rejects.toThrow('planted')
    expect(objectsOf(world, id).length).toBeGreaterThan(0)
    expect(await world.download(id, 'bytes=0-')).toMatchObject({ code: 'export_expired' })
    left = Number.MAX_SAFE_INTEGER
    expect(await expireExports(exporter, world.now() + 60_000)).toBe(1)
    expect(objectsOf(world, id)).toEqual([])
  })
})

test('a process looks once an hour: most exports are only kept', async () => {
  const world = await exportWorld()
  const id = await world.asked({ q })
  await world.make()
  const exporter = world.exporter()
  world.pass(30 * dayMs - 500_000)
  expect(await expireExports(exporter, world.now() + 60_000)).toBe(0)
  world.pass(600_000)
  expect(await expireExports(exporter, world.now() + 60_000)).toBe(0)
  world.pass(3_000_000)
  expect(await expireExports(exporter, world.now() + 60_000)).toBe(1)
  expect((await world.store.get([keys.export(id)]))[0]?.state).toBe('expired')
})
