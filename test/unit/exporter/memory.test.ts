import { execFile } from 'node:child_process'
import { hash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { formatPart } from '../../../functions/exporter/part.ts'
import { sha256 } from '../../../functions/log-tiles.ts'
import { openFileObjects } from '../../../shared/adapters/embedded/file-objects.ts'
import { exportJobOf, partKey } from '../../../shared/domain/exports.ts'
import { formatCheckpoint } from '../../../shared/tlog/checkpoint.ts'
import { emptyEdge, grow, rootOf } from '../../../shared/tlog/grow.ts'
import { tilePath } from '../../../shared/tlog/tile.ts'
import { exportWorld, recordsIn } from './export-world.ts'

const records = 20_000
const perPart = 2_000

test('a file of 20,000 records is made in less than 256 MB of memory', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-memory-'))
  try {
    const world = await exportWorld()
    const id = await world.asked()
    await world.make()
    const [like] = recordsIn(await world.files(id)) as readonly { eid: string; view: { index: number } }[]
    const objects = await openFileObjects(folder)
    const leaves = Array.from({ length: records }, (_, i) => hash('sha256', `leaf ${i}`, 'buffer'))
    const { edge, tiles } = grow(sha256, emptyEdge, leaves)
    for (const { id: tile, bytes } of tiles)
      await objects.put(`log/${tilePath(tile)}`, bytes, { ifAbsent: true })
    for (let n = 0; n < records / perPart; n++) {
      const lines = Array.from({ length: perPart }, (_, i) => {
        const index = records - 1 - (n * perPart + i)
        return `${JSON.stringify({ ...like, digest: hash('sha256', `${index}`, 'base64url'), view: { ...like?.view, index } })}\n`
      })
      const { bytes } = formatPart({ readers: [], seenAs: { roles: [], audits: [] } }, lines, [])
      await objects.put(partKey('export_1', n), bytes, { ifAbsent: true })
    }
    const asked = exportJobOf({
      id: 'export_1',
      kind: 'bundle',
      organisation: 'cedar',
      person: { id: 'person_ada', name: 'Ada' },
      ...{
        q: '',
        from: 0,
        to: 1,
        size: records,
        purpose: 'A test',
        requestedAt: Date.UTC(2026, 10, 27),
        entry: like?.eid ?? '',
      },
    })
    const checkpoint = `${formatCheckpoint({ origin: 'log.example/log', size: records, root: rootOf(sha256, edge) })}\n— log.example/log AAAAAAAA\n`
    const job = {
      ...asked,
      parts: records / perPart,
      rows: records,
      proving: { checkpoint, keys: { log: '', witnesses: [] } },
    }
    await objects.put('job', Buffer.from(JSON.stringify(job)), { ifAbsent: true })

    const { stdout } = await promisify(execFile)(process.execPath, [
      // What nobody needs any more is collected early: what is counted is what is needed.
      ...['--max-old-space-size=64', '--max-semi-space-size=2'],
      join(import.meta.dirname, 'packing-process.ts'),
      folder,
    ])
    const { megabytes, bytes } = JSON.parse(stdout) as { megabytes: number; bytes: number }
    expect(bytes).toBeGreaterThan(2_500_000)
    expect(megabytes).toBeLessThan(256)
  } finally {
    await rm(folder, { recursive: true })
  }
}, 300_000)
