/** Whatever fails, and whenever: the file is the one that it would have been, and each thing is told once. */
import { describe, expect, test } from 'vitest'
import { makeExports } from '../../../functions/exporter/exports.ts'
import { chunkKey } from '../../../shared/domain/exports.ts'
import { keys } from '../../../shared/domain/keys.ts'
import type { RemovableObjects } from '../../../shared/ports/objects.ts'
import { ObjectsUnavailable } from '../../../shared/ports/objects.ts'
import { type Store, StoreUnavailable } from '../../../shared/ports/store.ts'
import { type ExportWorld, exportWorld } from './export-world.ts'

/** A world that fails at its nth call: before that did anything, or after, so that its answer is lost. */
function failingAt(world: ExportWorld, nth: number, lost: boolean) {
  let calls = 0
  const guard =
    <A extends readonly unknown[], R>(run: (...args: A) => Promise<R>, fault: () => Error) =>
    async (...args: A): Promise<R> => {
      calls += 1
      if (calls !== nth) return run(...args)
      if (lost) await run(...args)
      throw fault()
    }
  const { store, objects } = world
  const noStore = () => new StoreUnavailable('planted')
  const noObjects = () => new ObjectsUnavailable('planted')
  return {
    store: {
      get: guard(store.get.bind(store) as never, noStore),
      query: guard(store.query.bind(store), noStore),
      write: guard(store.write.bind(store) as never, noStore),
      writeInOrder: guard(store.writeInOrder.bind(store), noStore),
      transact: guard(store.transact.bind(store), noStore),
    } as Store,
    objects: {
      get: guard(objects.get.bind(objects), noObjects),
      put: guard(objects.put.bind(objects), noObjects),
      list: guard(objects.list.bind(objects), noObjects),
      remove: objects.remove.bind(objects),
    } as RemovableObjects,
    calls: () => calls,
  }
}

const opened = async () => {
  const world = await exportWorld({ calls: 4 })
  return { world, id: await world.asked() }
}

describe.each([
  ['before it did anything', false],
  ['with its answer lost', true],
])('a call to the store or the bucket that fails, %s', (_, lost) => {
  test('whichever it is, changes nothing of the file, and it is told once that it is made', async () => {
    const reference = await opened()
    const counting = failingAt(reference.world, 0, false)
    await makeExports(reference.world.exporter(counting), reference.world.now() + 1e6)
    const wanted = await reference.world.file(reference.id)
    expect((await reference.world.job(reference.id)).chunks).toBeGreaterThan(2)
    const total = counting.calls()
    expect(total).toBeGreaterThan(40)

    for (let nth = 1; nth <= total; nth++) {
      const { world, id } = await opened()
      await makeExports(world.exporter(failingAt(world, nth, lost)), world.now() + 1e6).catch(() => undefined)
      await world.make()
      const job = await world.job(id)
      expect([nth, job.state, job.edition]).toEqual([nth, 'done', 0])
      expect((await world.file(id)).equals(wanted), `failed at ${nth}`).toBe(true)
      expect(await world.told('export_made')).toHaveLength(1)
      expect((await world.store.get([keys.openExports('cedar')]))[0]?.open).toEqual({})
      expect(world.alarms).toEqual([])
    }
  }, 60_000)
})

describe('two exporters', () => {
  test('share the jobs, and neither does what the other has begun', async () => {
    const world = await exportWorld()
    const ids = [await world.asked(), await world.asked({ as: 'ben' })]
    const until = world.now() + 1e6
    await Promise.all([makeExports(world.exporter(), until), makeExports(world.exporter(), until)])
    await world.make()
    for (const id of ids) expect((await world.job(id)).state).toBe('done')
    expect(await world.told('export_made')).toHaveLength(2)
    expect(world.errors).toEqual([])
  })

  test('one of which takes the other for dead make one file', async () => {
    const reference = await opened()
    await reference.world.make()
    const wanted = await reference.world.file(reference.id)
    const { world, id } = await opened()
    let turns = 0
    // Each step of one lets the other, whose clock is a minute ahead and more, take the job from it.
    const slow = {
      ...world.exporter(),
      clock: { now: () => world.now() + 61_000 * turns++, sleep: async () => undefined },
    }
    const until = world.now() + 1e12
    await Promise.all([makeExports(slow, until), makeExports(slow, until), makeExports(slow, until)])
    await world.make()
    expect((await world.job(id)).state).toBe('done')
    expect((await world.file(id)).equals(wanted)).toBe(true)
    expect(await world.told('export_made')).toHaveLength(1)
  })
})

describe('made again', () => {
  test('from the same request it is the same file, byte for byte, with nothing left of the first', async () => {
    const { world, id } = await opened()
    const before = await world.job(id)
    await world.make()
    const first = await world.file(id)
    for (const key of [...world.objects.all.keys()])
      if (key.startsWith('export/')) await world.objects.remove(key)
    world.pass(86_400_000)
    await world.store.write({ kind: 'put', key: keys.export(id), item: before })
    await world.make()
    expect((await world.file(id)).equals(first)).toBe(true)
  })

  test('from its parts it is the same file', async () => {
    const { world, id } = await opened()
    await world.make()
    const { proving, ...done } = await world.job(id)
    const first = await world.file(id)
    for (const key of [...world.objects.all.keys()])
      if (key.includes('/zip/')) await world.objects.remove(key)
    await world.store.write({
      kind: 'put',
      key: keys.export(id),
      item: { ...done, ...(proving && { proving }), state: 'running', due: 'export' },
    })
    await world.make()
    expect((await world.file(id)).equals(first)).toBe(true)
  })

  test('where an earlier program has put other chunks, the file is made beside them', async () => {
    const { world, id } = await opened()
    const job = await world.job(id)
    await world.objects.put(chunkKey(job, 1), Buffer.from('of another program'), { ifAbsent: true })
    await world.make()
    expect(await world.job(id)).toMatchObject({ state: 'done', edition: 1 })
    expect(Object.keys(await world.files(id))).toContain('manifest.json')
  })
})

test('a job that cannot be made is given up in the end, with an alarm, and its requester is told', async () => {
  const { world, id } = await opened()
  const broken: RemovableObjects = {
    ...world.objects,
    get: async key => (key.startsWith('log/tile/') ? undefined : world.objects.get(key)),
  }
  for (let run = 0; run < 40; run++) {
    await makeExports(world.exporter({ objects: broken }), world.now() + 1e6)
    world.pass(300_000)
  }
  expect(await world.job(id)).toMatchObject({ state: 'failed', failure: { code: 'internal' } })
  expect(world.alarms).toEqual(['export_failed'])
  expect((await world.store.get([keys.openExports('cedar')]))[0]?.open).toEqual({})
})
