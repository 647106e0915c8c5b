/** Layer A at full size: 4,000 records of coalitions of two to five. */
import { openEpochKey } from '../../../shared/watermark/slots.ts'
import type { Row, Settings } from '../bench.ts'
import { loadNow } from '../results.ts'
import { judgeCopies } from './copies.ts'
import { madeUpCalls } from './leak-log.ts'

const records = 4_000
const month = 2026 * 12 + 10
const from = Date.UTC(2026, 10, 3, 8)

export async function proofs({ scale, print }: Settings): Promise<readonly Row[]> {
  const count = Math.max(20, Math.round((records * scale) / 2))
  const calls = { seed: 'copies', count, from, organisation: 'cedar', model: 'aurora', developer: 'halcyon' }
  const entries = madeUpCalls(calls)
  const epoch = openEpochKey(month, 64, new Uint8Array(32).fill(5))
  const { named, unproved, wrong } = await judgeCopies(epoch, entries)
  print(`${entries.length} leaked records: ${named} put down to their reader, ${unproved} prove nothing`)
  return [
    {
      what: `put down to anybody else by a proof, of ${entries.length.toLocaleString('en-US')} records of 2 to 5 readers`,
      value: wrong,
      unit: 'records',
      target: { at: 'most', value: 0 },
      load: loadNow(),
    },
  ]
}
