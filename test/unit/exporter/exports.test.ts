import { describe, expect, test } from 'vitest'
import { nodeSha256, nodeSha256Stream } from '../../../client/cli/bundle-file.ts'
import { verifyBundle } from '../../../client/log/bundle.ts'
import { search } from '../../../functions/api/log/search.ts'
import { makeExports } from '../../../functions/exporter/exports.ts'
import { keys } from '../../../shared/domain/keys.ts'
import { Refusal } from '../../../shared/domain/refusal.ts'
import { leafType, parseLeaf } from '../../../shared/watermark/leaf.ts'
import { person } from '../functions/log/read-world.ts'
import { type ExportWorld, exportWorld, recordsIn } from './export-world.ts'

const verified = async (world: ExportWorld, id: string) => {
  const bytes = await world.file(id)
  const file = { size: bytes.length, read: async (from: number, to: number) => bytes.subarray(from, to) }
  return verifyBundle(file, { key: world.verifierKey, sha256: nodeSha256Stream, hash: nodeSha256 })
}

describe('a bundle', () => {
  test('holds what a search finds for its reader, and proves all of it, who asked included', async () => {
    const world = await exportWorld()
    const id = await world.asked({ q: 'type:access time:-1d..now' })
    await world.make()
    const { state, rows, chunks = 0, bytes, sha256 } = await world.job(id)
    expect({ state, rows }).toEqual({ state: 'done', rows: 8 })
    expect(chunks).toBeGreaterThan(3)

    const found = await verified(world, id)
    expect(found).toMatchObject({ records: 8, granted: true, unproved: [] })
    expect(found.manifest).toMatchObject({ export: id, kind: 'bundle', purpose: 'A test', records: 8 })
    expect((await world.file(id)).length).toBe(bytes)
    expect(await world.told('export_made')).toMatchObject([
      { unmapped: { export: id, records: 8, bytes, sha256 } },
    ])

    // Whoever restores the registry goes by it.
    const [readers] = await world.store.get([keys.epochReaders(24_322)])
    const slot = readers?.readers.person_ada?.slot
    expect(slot).toEqual(expect.any(Number))
    expect(await world.told('export_made')).toMatchObject([
      { unmapped: { slots: [{ epoch: 24_322, slot }] } },
    ])

    const shown = await search(world.asking(person('ada')), { q: 'type:access time:-1d..now', limit: 100 })
    if (shown instanceof Refusal) throw new Error(shown.code)
    expect(recordsIn(await world.files(id))).toEqual(shown.items.map(({ ...one }) => one))
  })

  test('names its reader: two people who ask for the same have two slots, and neither is in the other', async () => {
    const world = await exportWorld()
    const ids = [
      await world.asked({ q: 'type:access time:-1d..now' }),
      await world.asked({ q: 'type:access time:-1d..now', as: 'ben' }),
    ]
    await world.make()
    const [ada, ben] = await Promise.all(ids.map(id => verified(world, id)))
    expect(ada?.manifest.readers).toHaveLength(1)
    expect(ada?.manifest.readers).not.toEqual(ben?.manifest.readers)
    expect(ada?.manifest.by.person).toBe('person_ada')
    const [reader = { reader: '' }] = ada?.manifest.readers ?? []
    const theirs = await world.files(ids[1] ?? '')
    expect(Object.values(theirs).join()).not.toContain(reader.reader)
  })

  test('is of the tree that was published when it was asked for: what comes meanwhile is not in it', async () => {
    const world = await exportWorld()
    const id = await world.asked({ q: 'type:access time:-1d..2026-11-28' })
    const { size } = await world.job(id)
    let runs = 0
    await makeExports(
      world.exporter({
        stop: {
          get aborted() {
            return runs++ > 1
          },
        } as AbortSignal,
      }),
      world.now() + 1e6,
    )
    expect((await world.job(id)).parts).toBeGreaterThan(0)
    expect((await world.job(id)).collected).toBeUndefined()
    world.pass(11_000)
    const later = await world.call()
    await world.sequence()
    world.pass(100_000)
    await world.make()
    const records = recordsIn(await world.files(id)) as readonly { eid: string; view: { index: number } }[]
    expect(records).toHaveLength(8)
    expect(records.every(({ view }) => view.index < size)).toBe(true)
    expect(records.map(({ eid }) => eid)).not.toContain(later)
    expect((await verified(world, id)).granted).toBe(true)
  })

  test('waits for an entry that has its leaf in that tree and is not told of its place yet', async () => {
    const world = await exportWorld()
    const id = await world.asked()
    const [state] = await world.store.get([keys.logState])
    if (state === undefined) throw new Error('no state')
    const { size } = await world.job(id)
    await world.store.write({
      kind: 'put',
      key: keys.logState,
      item: { ...state, staged: `staging/${size - 2}-${size + 1}-aa`, finished: 'staging/before' },
    })
    await makeExports(world.exporter(), world.now() + 1e6)
    expect(await world.job(id)).toMatchObject({ state: 'running', parts: 0 })
    await world.store.write({
      kind: 'put',
      key: keys.logState,
      item: { ...state, staged: `staging/${size}-${size + 1}-aa`, finished: 'staging/before' },
    })
    await makeExports(world.exporter(), world.now() + 1e6)
    expect((await world.job(id)).state).toBe('done')
  })

  test('of nothing is whole, and verifies', async () => {
    const world = await exportWorld()
    const id = await world.asked({ q: 'code:hold_active time:-1d..now' })
    await world.make()
    expect(await verified(world, id)).toMatchObject({ records: 0, granted: true })
  })

  test('from the archive holds the same after the table has let go of the entries', async () => {
    const world = await exportWorld({ calls: 9 })
    const q = 'type:access time:-1d..now'
    const table = await world.asked({ q })
    await world.make()
    const before = recordsIn(await world.files(table))
    for (const { eid } of before) await world.store.write({ kind: 'remove', key: keys.entry(eid) })
    const id = await world.asked({ q, archive: true })
    await world.make()
    const found = await verified(world, id)
    expect(found).toMatchObject({ records: 14, manifest: { kind: 'archive' } })
    const sorted = (all: readonly { eid: string }[]) => all.toSorted((a, b) => (a.eid < b.eid ? -1 : 1))
    expect(sorted(recordsIn(await world.files(id)))).toEqual(sorted(before))
  })

  test('is granted by an entry whose leaf has the type of exports', async () => {
    const world = await exportWorld()
    const id = await world.asked()
    const { entry } = await world.job(id)
    const [granted] = await world.store.get([keys.entry(entry)])
    const bundles = [...world.objects.all]
      .filter(([key]) => key.startsWith('log/tile/entries/'))
      .map(([, bytes]) => bytes)
    const last = bundles.toSorted((a, b) => b.length - a.length)[0] ?? Buffer.alloc(0)
    const leaf = parseLeaf(last.subarray((granted?.i ?? 0) * 108 + 2, (granted?.i ?? 0) * 108 + 108))
    expect(leaf?.type).toBe(leafType.export)
    expect(JSON.parse(granted?.body ?? '{}').unmapped).toMatchObject({
      kind: 'export_granted',
      reader: 'person_ada',
      query: 'time:-1d..now',
      purpose: 'A test',
      digest: expect.stringMatching(/^[\w-]{43}$/),
    })
  })
})

describe('the requester', () => {
  const suspend = (world: ExportWorld) =>
    world.store.write({
      kind: 'update',
      key: keys.person('person_ada'),
      change: { set: [[['state'], 'suspended']] },
    })

  test('who is suspended before it is collected gets none, and why', async () => {
    const world = await exportWorld()
    const id = await world.asked()
    await suspend(world)
    await world.make()
    expect(await world.job(id)).toMatchObject({ state: 'failed', failure: { code: 'person_suspended' } })
    expect(await world.told('export_failed')).toMatchObject([{ unmapped: { code: 'person_suspended' } }])
    expect(world.alarms).toEqual([])
    expect(await world.download(id)).toMatchObject({ code: 'person_suspended' })
  })

  test('who is suspended between two parts gets none either', async () => {
    const world = await exportWorld()
    const id = await world.asked()
    let runs = 0
    await makeExports(
      world.exporter({
        stop: {
          get aborted() {
            return runs++ > 1
          },
        } as AbortSignal,
      }),
      world.now() + 1e6,
    )
    expect((await world.job(id)).parts).toBeGreaterThan(0)
    await suspend(world)
    await world.make()
    expect(await world.job(id)).toMatchObject({ state: 'failed', failure: { code: 'person_suspended' } })
  })

  test('who has roles no longer by which they were shown it cannot fetch it', async () => {
    const world = await exportWorld()
    const id = await world.asked()
    await world.make()
    await world.countersign(id)
    expect(await world.download(id, 'bytes=0-', { roles: ['partner-user'] })).toMatchObject({
      code: 'export_unavailable',
    })
    expect(await world.download(id, 'bytes=0-', { roles: ['partner-admin', 'counsel'] })).toMatchObject({
      status: 206,
    })
  })
})

describe('bounds', () => {
  test('more records than one export holds are refused, and nothing is handed out', async () => {
    const world = await exportWorld()
    const id = await world.asked()
    await world.make({ bounds: { lookedAt: 3, records: 4 } })
    expect(await world.job(id)).toMatchObject({ state: 'failed', failure: { code: 'export_too_large' } })
    expect(await world.download(id, 'bytes=0-')).toMatchObject({ code: 'export_too_large' })
  })

  test('ten of an organisation wait at most, and whoever asks at the same moment does not make it eleven', async () => {
    const world = await exportWorld()
    const answers = await Promise.all(Array.from({ length: 13 }, () => world.create()))
    const codes = answers.map(one => (one instanceof Refusal ? one.code : one.status))
    const open = Object.keys((await world.store.get([keys.openExports('cedar')]))[0]?.open ?? {})
    expect(codes.filter(code => code === 201)).toHaveLength(open.length)
    expect(open.length).toBeLessThanOrEqual(10)
    while (Object.keys((await world.store.get([keys.openExports('cedar')]))[0]?.open ?? {}).length < 10)
      await world.create()
    expect(await world.create()).toMatchObject({ code: 'exports_exhausted' })
    await world.sequence()
    await world.make()
    expect(await world.create()).toMatchObject({ status: 201 })
    expect(Object.keys((await world.store.get([keys.openExports('cedar')]))[0]?.open ?? {})).toHaveLength(1)
  })

  test('one that was ended by whoever died before taking it off the list makes room all the same', async () => {
    const world = await exportWorld()
    const stale = Object.fromEntries(Array.from({ length: 10 }, (_, n) => [`export_gone_${n}`, 1]))
    await world.store.write({ kind: 'put', key: keys.openExports('cedar'), item: { open: stale } })
    expect(await world.create()).toMatchObject({ status: 201 })
  })

  test('the same key asks once; with another request it is refused', async () => {
    const world = await exportWorld()
    const first = await world.create({ key: 'one' })
    expect(await world.create({ key: 'one' })).toEqual({ ...first, location: undefined })
    expect(await world.create({ key: 'one', q: 'type:access' })).toMatchObject({
      code: 'idempotency_key_reused',
    })
    expect(await world.told('export_granted')).toHaveLength(1)
  })

  test('a query that is none is told with its place; so is one that no range can have', async () => {
    const world = await exportWorld()
    expect(await world.create({ q: 'pratner:cedar' })).toMatchObject({
      code: 'query_malformed',
      facts: { position: { at: 0, length: 7 } },
    })
    expect(await world.told('export_granted')).toEqual([])
  })
})

describe('a fetch', () => {
  test('comes in parts that join to the file, each begin of which is an entry', async () => {
    const world = await exportWorld()
    const id = await world.asked()
    await world.make({ bounds: {} })
    await world.countersign(id)
    const whole = await world.file(id)
    const at = async (range?: string): Promise<Buffer> => {
      const answer = await world.download(id, range)
      if (answer instanceof Refusal) throw new Error(answer.code)
      return Buffer.from(answer.content ?? [])
    }
    expect(await at()).toEqual(whole)
    expect(
      Buffer.concat([await at('bytes=0-99'), await at('bytes=100-999'), await at('bytes=1000-')]),
    ).toEqual(whole)
    const told = await world.told('export_downloaded')
    expect(told.map(({ unmapped }) => [unmapped.from ?? null, unmapped.continued ?? false])).toEqual(
      expect.arrayContaining([
        [0, false],
        [null, true],
      ]),
    )
    expect(told).toHaveLength(3)
    expect(told.every(({ actor }) => actor.user.uid === 'person_ada')).toBe(true)
  })

  test('that cannot be recorded shows nothing', async () => {
    const world = await exportWorld()
    const id = await world.asked()
    await world.make({ bounds: {} })
    await world.countersign(id)
    for (const range of ['bytes=0-', 'bytes=5-'])
      await expect(
        world.download(id, range, { over: { write: () => Promise.reject(new Error('no store')) } }),
      ).rejects.toThrow('no store')
  })

  test('is the requester’s alone: for a colleague there is no such export', async () => {
    const world = await exportWorld()
    const id = await world.asked()
    await world.make()
    await world.countersign(id)
    expect(await world.download(id, 'bytes=0-', { as: 'ben' })).toMatchObject({ code: 'record_unknown' })
    expect(await world.told('export_downloaded')).toEqual([])
  })

  test.each(['bytes=-5', 'bytes=1-2,4-5', 'items=0-1', 'bytes=99999999-', 'bytes=7-3', ''])(
    'of the range %j is refused',
    async range => {
      const world = await exportWorld()
      const id = await world.asked()
      await world.make()
      await world.countersign(id)
      expect(await world.download(id, range)).toMatchObject({ code: 'range_required' })
    },
  )

  test('before it is made, and after it is kept no longer, is refused', async () => {
    const world = await exportWorld()
    const id = await world.asked()
    expect(await world.download(id, 'bytes=0-')).toMatchObject({ code: 'export_not_ready' })
    await world.make()
    world.pass(31 * 86_400_000)
    expect(await world.download(id, 'bytes=0-')).toMatchObject({ code: 'export_expired' })
  })
})
