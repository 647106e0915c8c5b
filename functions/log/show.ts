/** The one way in which a body leaves to whoever asks for it: bound to their slot, and never without one. */
import { Refusal } from '../../shared/domain/refusal.ts'
import { timeOfEntry } from '../../shared/entries/id.ts'
import type { NamedEntry } from '../../shared/entries/put.ts'
import { sentenceOf } from '../../shared/search/sentence.ts'
import { epochAt } from '../../shared/watermark/epoch.ts'
import { markedSlots } from '../../shared/watermark/marks.ts'
import { type Shown, shownOf } from '../../shared/watermark/shown.ts'
import { bind } from '../../shared/watermark/slots.ts'
import { makeView, text, type View } from '../../shared/watermark/view.ts'
import { type Sight, viewOf } from './entry-view.ts'
import type { LogView } from './open.ts'
import { type Asker, type LogReader, logReader } from './slots.ts'

export interface ShownEntry {
  readonly eid: string
  /** Salted, and the same for every reader: what the log commits to of the body. base64url. */
  readonly digest: string
  readonly body: Sight['body']
  readonly withheld?: readonly string[]
  readonly sentence: string
  /** Time and latency as this reader has them; none in evidence, which has the exact ones. */
  readonly shown?: Shown
  readonly view: View
}

/** Those that are there for whoever asks. Refused where an epoch has no slot for them any more. */
export async function showEntries(
  log: LogView,
  asker: Asker,
  entries: readonly NamedEntry[],
): Promise<readonly ShownEntry[] | Refusal> {
  const shown: ShownEntry[] = []
  for (const named of entries) {
    const sight = viewOf(asker, named.entry)
    if (sight === undefined) continue
    const one = await showEntry(log, logReader(asker), named, sight)
    if (one instanceof Refusal) return one
    shown.push(one)
  }
  return shown
}

/** What of it is shown was judged before. */
export async function showEntry(
  { origin, epochs, slotOf }: LogView,
  reader: LogReader,
  { eid, entry }: NamedEntry,
  { body, withheld }: Sight,
): Promise<ShownEntry | Refusal> {
  const epoch = await epochs(epochAt(timeOfEntry(eid)))
  const slot = await slotOf(epoch, reader)
  if (slot instanceof Refusal) return slot
  const bound = bind(epoch, eid, entry)
  const marked = slot < markedSlots(epoch.slots)
  return {
    eid,
    digest: text(bound.digest),
    body,
    ...(withheld.length > 0 && { withheld }),
    sentence: sentenceOf(body),
    ...(marked && { shown: shownOf(body, bound.opening(slot).carrier) }),
    view: makeView(bound, { log: origin, epoch, slot, index: entry.i, withheld }),
  }
}
