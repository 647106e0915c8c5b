/** `records.jsonl`: an entry a line, as the API shows it to its reader, without a proof. Pure. */
import type { Shown } from '../watermark/shown.ts'
import type { View } from '../watermark/view.ts'

export interface BundleRecord {
  readonly eid: string
  /** What the log commits to of the body, salted: the same for every reader. base64url. */
  readonly digest: string
  readonly body: Readonly<Record<string, unknown>>
  readonly withheld?: readonly string[]
  readonly sentence: string
  readonly shown?: Shown
  readonly view: View
}

/** With its newline. The names stand in one order, so that the same record is the same line. */
export const recordLine = ({ eid, digest, body, withheld, sentence, shown, view }: BundleRecord): string =>
  `${JSON.stringify({ eid, digest, body, ...(withheld && withheld.length > 0 && { withheld }), sentence, ...(shown && { shown }), view })}\n`
