import type { Bench } from './bench.ts'
import { catchUp } from './log/catch-up.ts'
import { inclusion } from './log/inclusion.ts'
import { proofReads } from './log/proofs.ts'
import { searchPages } from './log/search.ts'
import { treeAlone, treeWithSlots } from './log/tree.ts'

export const log: Bench = {
  name: 'log',
  title:
    'What an entry of the log costs, from its leaf to its place in the tree, how soon it has that, and what is read to prove and to find it; computation beside as many bare hashes.',
  async run(settings) {
    const rows = [
      await treeAlone(settings),
      await treeWithSlots(settings),
      await proofReads(settings),
      await catchUp(settings),
      await inclusion(settings),
      await searchPages(settings),
    ]
    return rows.flat()
  },
}
