/** Calls as a gate records them, of clients that run side by side: what readers are shown, and leak. */
import { hash } from 'node:crypto'
import { type CallFacts, intentEntry, outcomeEntry } from '../../../shared/entries/call.ts'
import { type NamedEntry, putEntry } from '../../../shared/entries/put.ts'
import type { Store } from '../../../shared/ports/store.ts'
import { type EntryStream, entryStream } from '../../../shared/watermark/stream.ts'

/** What the generators here leave to chance follows from a seed. */
export const chanceOf = (seed: string): EntryStream => entryStream(hash('sha256', seed, 'buffer'), seed)

export interface Calls {
  readonly seed: string
  readonly count: number
  /** When the first was made. Milliseconds. */
  readonly from: number
  readonly organisation: string
  readonly model: string
  readonly developer: string
}

/** Each is an intent and an outcome, from 4 to 60 s later; a call begins every seven seconds or so. */
export function madeUpCalls({
  seed,
  count,
  from,
  organisation,
  model,
  developer,
}: Calls): readonly NamedEntry[] {
  const chance = chanceOf(seed)
  let now = from
  return Array.from({ length: count }, (_, n) => {
    now += 1_000 + chance.below(12_000)
    const client = chance.below(5)
    const facts: CallFacts = {
      request: `${seed}-${n}-${chance.belowWide(1_000_000)}`,
      address: '192.0.2.1',
      protocol: 'openai',
      operation: 'chat.completions',
      organisation,
      client: `client_${seed}${client}`,
      clientName: ['planner', 'triage', 'billing', 'intake', 'research'][client] ?? 'planner',
      tokenId: `token_${n}`,
      key: 'thumbprint',
      model,
      developer,
      grant: 'grant_1',
      agreement: { id: 'agreement_1', digest: 'd' },
      purpose: 'defensive-research',
      clauses: ['quota-1'],
    }
    const intent = intentEntry(facts, { reserve: 4_000, meters: ['m'] }, now, chance.bytes(16))
    const charge = 100 + chance.below(3_900)
    const outcome = outcomeEntry(
      intent.eid,
      intent.entry,
      { ending: 'completed', charge, meters: [], usage: { input: 90, output: charge - 90 } },
      now + 4_000 + chance.below(56_000),
    )
    return [intent, outcome]
  }).flat()
}

/** Before anybody's sequencer looks: the intent first. */
export async function putCalls(store: Store, calls: readonly NamedEntry[]): Promise<void> {
  for (const [n, call] of calls.entries()) {
    // Its outcome closes it.
    if (n % 2 === 0) continue
    const intent = calls[n - 1]
    if (intent) {
      const { open: _, ...closed } = intent.entry
      await store.write(putEntry({ eid: intent.eid, entry: closed }))
    }
    await store.write(putEntry(call))
  }
}
