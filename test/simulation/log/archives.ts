import { openArchive } from '../../../functions/log/archive.ts'
import { keys } from '../../../shared/domain/keys.ts'
import type { Entry } from '../../../shared/entries/entry.ts'
import { derived } from './keyholder.ts'
import type { LogWorld } from './world.ts'

const folder = /^body\/(\d+)\//

/** Each entry that has a place is in one archive, with the same place and the same words. */
export async function judgeArchives({ bucket, backend, invariants, names }: LogWorld): Promise<void> {
  const secrets = { derive: async (...label: Parameters<typeof derived>) => derived(...label) }
  const archived = new Set<number>()
  for (const { key, bytes } of bucket.all()) {
    const [, epoch] = folder.exec(key) ?? []
    if (epoch === undefined) continue
    for (const { i, eid, body } of await openArchive(secrets, Number(epoch), bytes)) {
      const [entry] = backend.get([keys.entry(eid)]) as [Entry | undefined]
      const name = names.get(eid) ?? eid
      if (archived.has(i)) invariants.found(1, `place ${i} is archived twice, in ${key} too`)
      if (entry?.i !== i || entry.body !== body)
        invariants.found(1, `${key} has ${name} at ${i}, as it is not`)
      archived.add(i)
    }
  }
  const { length } = invariants.tree.leaves
  if (archived.size !== length) invariants.found(1, `${archived.size} of ${length} leaves are archived`)
}
