/** Of an entry of every kind the archive keeps enough to make it again. */
import { expect, test } from 'vitest'
import { openArchive, parseArchiveKey, sealArchive } from '../../../../functions/log/archive.ts'
import { archivedEntry } from '../../../../functions/log/archived-entry.ts'
import { archivesOf } from '../../../../functions/sequencer/archive.ts'
import { testSecrets } from '../../../world/log-view.ts'
import { everyKind } from '../../search/every-kind.ts'

test.each(Object.entries(everyKind))('%s', async (_, { eid, entry }) => {
  const { pending, open, ...lasting } = entry
  const [archive] = await archivesOf(testSecrets, [{ i: 7, eid, entry }])
  const { epoch = 0 } = parseArchiveKey(archive?.key ?? '') ?? {}
  const [line] = await openArchive(testSecrets, epoch, archive?.bytes ?? new Uint8Array())
  expect(pending).toBeDefined()
  expect(line && archivedEntry(line)).toEqual({ ...lasting, i: 7 })
})

test('an archive of one month is none of another', async () => {
  const sealed = await sealArchive(testSecrets, 24_322, [])
  await expect(openArchive(testSecrets, 24_323, sealed)).rejects.toThrow()
})
