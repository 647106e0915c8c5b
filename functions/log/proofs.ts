/** Proofs of inclusion in the tree that is published, from its tiles: as many reads as the tree has levels of them. */
import type { Objects } from '../../shared/ports/objects.ts'
import { type Checkpoint, parseCheckpoint } from '../../shared/tlog/checkpoint.ts'
import { parseNote } from '../../shared/tlog/note.ts'
import { proveInclusion } from '../../shared/tlog/proof.ts'
import { formatProofFile } from '../../shared/tlog/proof-file.ts'
import { logFolder } from '../log-origin.ts'
import { subtreeReader } from '../log-tiles.ts'

export interface PublishedTree extends Checkpoint {
  /** The signed note, with its cosignatures. */
  readonly checkpoint: string
  /** The text of a `.tlog-proof` file (c2sp.org/tlog-proof) for the leaf at this place, which is below the size. */
  prove(index: number): Promise<string>
}

/** `undefined` before the first checkpoint. The log is this deployment's own: readers verify what they are given. */
export async function readTree(objects: Objects): Promise<PublishedTree | undefined> {
  const found = await objects.get(`${logFolder}checkpoint`)
  if (found === undefined) return undefined
  const checkpoint = new TextDecoder().decode(found.bytes)
  const tree = parseCheckpoint(parseNote(checkpoint).text)
  const read = subtreeReader(objects, tree.size)
  return {
    ...tree,
    checkpoint,
    async prove(index) {
      return formatProofFile({ index, proof: await proveInclusion(read, index, tree.size), checkpoint })
    },
  }
}
