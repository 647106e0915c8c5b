/** What the exporter does for fingerprints, beside answering who asks about them. */
import type { ExporterDeps } from '../deps.ts'
import { compactOnce } from './compact.ts'
import { packReplies } from './pack.ts'
import { expireFingerprints } from './remove.ts'

/** A process looks so often: hours end once an hour. Milliseconds. */
const lookMs = 60_000

const lookedAt = new WeakMap<ExporterDeps, number>()

/** How many replies were packed, segments merged and objects removed. */
export async function keepFingerprints(deps: ExporterDeps, until: number): Promise<number> {
  const { clock, stop } = deps
  const started = clock.now()
  if ((lookedAt.get(deps) ?? Number.NEGATIVE_INFINITY) + lookMs > started) return 0
  // First, so that nothing is done for what goes.
  const gone = await expireFingerprints(deps)
  const packed = await packReplies(deps, until)
  const merged = clock.now() < until && !stop?.aborted ? await compactOnce(deps) : 0
  // What was broken off is gone on with at once.
  if (clock.now() < until) lookedAt.set(deps, started)
  return gone + packed + merged
}
