import type { Bench, Row, Settings } from './bench.ts'
import { attacks } from './watermark/attacks.ts'
import { attribution } from './watermark/attribution.ts'
import { leaks } from './watermark/leaks.ts'
import { proofs } from './watermark/proofs.ts'

/** Each measures one thing, on its own. */
const parts: readonly ((settings: Settings) => readonly Row[] | Promise<readonly Row[]>)[] = [
  proofs,
  attacks,
  leaks,
  attribution,
]

export const watermark: Bench = {
  name: 'watermark',
  title:
    'How many records name a reader who leaks them, whatever is done to their marks, and how sure an excerpt names the partner it was sent to; and nobody else.',
  async run(settings) {
    const rows: Row[] = []
    for (const part of parts) rows.push(...(await part(settings)))
    return rows
  },
}
