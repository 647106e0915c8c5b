import type { Objects } from '../../shared/ports/objects.ts'
import { subtreeReader } from '../log-tiles.ts'
import { appendCosignatures } from './cosignatures.ts'
import type { LogKey } from './log-key.ts'
import { readPublished } from './published.ts'
import { type WitnessDeps, witnessCheckpoint } from './witness.ts'

export type WitnessingDeps = WitnessDeps & { readonly objects: Objects; readonly logKey: LogKey }

/**
 * Has the published checkpoint cosigned by those witnesses whose cosignature it lacks. To be run beside the sequencer and
 * not within its rounds: however long a witness takes, entries get their places. Harmless where several do it at once.
 */
export async function witnessPublished(deps: WitnessingDeps): Promise<void> {
  const { objects, witnesses } = deps
  if (witnesses.length === 0) return
  const published = await readPublished(deps)
  if (published === undefined) return
  const { note: checkpoint, size } = published
  const cosignatures = await witnessCheckpoint(deps, { checkpoint, size }, subtreeReader(objects, size))
  if (cosignatures.length > 0) await appendCosignatures(objects, checkpoint, cosignatures)
}
