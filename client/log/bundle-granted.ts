/** That the log itself tells who asked for a bundle, and for what. */
import { fileNames } from '../../shared/bundle/files.ts'
import { grantContradicts } from '../../shared/bundle/granted.ts'
import { monthOf } from '../../shared/bundle/manifest.ts'
import type { VerifierKey } from '../../shared/tlog/note.ts'
import { parseProofFile } from '../../shared/tlog/proof-file.ts'
import { leafType } from '../../shared/watermark/leaf.ts'
import type { OpenedBundle } from './bundle-open.ts'
import { collected, type Gathering } from './bundle-records.ts'
import { NotVerified, notVerified } from './fault.ts'
import type { AddFault } from './range.ts'
import { createTrees, proveRecord } from './record.ts'
import { readRecord } from './record-shape.ts'

/** False where it is not shown. The entry that granted the export is a record of the same reader, in the same tree. */
export async function proveGranted(
  { granted, manifest, checkpoint }: OpenedBundle,
  key: VerifierKey,
  { readers }: Gathering,
  add: AddFault,
): Promise<boolean> {
  if (granted === undefined) return false
  return collected(add, async () => {
    const refuse = (message: string) => notVerified('contradicted', message, fileNames.granted)
    try {
      const record = readRecord(granted)
      const { facts } = await proveRecord(record, createTrees(key))
      if (record.proof === undefined || parseProofFile(record.proof).checkpoint !== checkpoint)
        throw refuse('it is proved by another checkpoint than that of the bundle')
      if (facts.eid !== manifest.entry) throw refuse('it is another entry than the manifest names')
      if (record.view?.type !== leafType.export) throw refuse('it is no leaf of an export')
      const own = readers.get(monthOf(facts.epoch))
      if (own && !own.has(facts.reader)) throw refuse('it is the copy of another reader')
      const contradiction = grantContradicts(manifest, record.body)
      if (contradiction !== undefined) throw refuse(contradiction)
      if (facts.index < manifest.size) throw refuse('it was in the tree before it was asked for')
    } catch (error) {
      if (!(error instanceof NotVerified)) throw error
      throw refuse(error.faults[0]?.message ?? error.message)
    }
  })
}
