/** Thirty days after an inquiry has ended, its answer goes; and what was handed in for one that never came to be. */

import {
  type InquiryRecord,
  inquiryFolder,
  inquiryKept,
  parseInputKey,
} from '../../../shared/domain/inquiries.ts'
import { keys } from '../../../shared/domain/keys.ts'
import { keysBelow } from '../../keys-below.ts'
import type { ExporterDeps } from '../deps.ts'
import { dueFor } from '../lease.ts'

/** A process looks so often. Milliseconds. */
const lookMs = 3_600_000
/** Longer than an API takes from the input to the inquiry. */
const strayMs = 3_600_000

const lookedAt = new WeakMap<ExporterDeps, number>()

/** How many answers are gone. */
export async function expireInquiries(deps: ExporterDeps, until: number): Promise<number> {
  const { clock, stop } = deps
  const started = clock.now()
  if ((lookedAt.get(deps) ?? Number.NEGATIVE_INFINITY) + lookMs > started) return 0
  let gone = 0
  for (const { id } of await overdue(deps)) {
    if (clock.now() >= until || stop?.aborted) return gone
    const { ok } = await deps.store.write({
      kind: 'update',
      key: keys.inquiry(id),
      change: { set: [[['state'], 'expired']], remove: [['result'], ['due']] },
      if: { eq: [['due'], inquiryKept] },
    })
    if (ok) gone += 1
  }
  await removeStrays(deps)
  lookedAt.set(deps, started)
  return gone
}

async function overdue(deps: ExporterDeps): Promise<readonly InquiryRecord[]> {
  const kept = await dueFor<InquiryRecord>(deps, inquiryKept)
  return kept.filter(({ keptUntil = 0 }) => keptUntil <= deps.clock.now())
}

/** Its request broke off between: nobody would ever remove it. */
async function removeStrays({ store, objects, clock }: ExporterDeps): Promise<void> {
  const before = clock.now() - strayMs
  for await (const key of keysBelow(objects, inquiryFolder)) {
    const input = parseInputKey(key)
    if (input === undefined || input.at > before) continue
    const [inquiry] = await store.get([keys.inquiry(input.id)])
    if (inquiry === undefined) await objects.remove(key)
  }
}
