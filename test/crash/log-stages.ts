/** How far the sequencer had come with a commit when the kill came: told by the store and the objects that it left. */
import { access, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseStaged } from '../../functions/sequencer/staged.ts'
import type { LogState } from '../../shared/domain/log.ts'
import type { Entry } from '../../shared/entries/entry.ts'

/** In the order in which a commit goes through them. */
export const logStages = {
  idle: 'nothing is begun',
  staged: 'the commit is staged, and the state does not name it',
  committed: 'the state names it, and no tile is there',
  applying: 'some of its objects are there',
  applied: 'all of them are there, and the checkpoint is the one before',
  published: 'the checkpoint is published, and some entry has no place',
  placed: 'every entry has its place, and the state does not say that it is finished',
} as const

export type LogStage = keyof typeof logStages

export async function stageOfLog(
  objects: string,
  state: LogState | undefined,
  published: number,
  entryOf: (eid: string) => Entry | undefined,
): Promise<LogStage> {
  const size = state?.size ?? 0
  if (state === undefined || state.finished === state.staged) {
    const names = await readdir(join(objects, 'staging')).catch(() => [])
    return names.some(name => name.startsWith(`${size}-`)) ? 'staged' : 'idle'
  }
  const { eids, objects: brought } = parseStaged(await readFile(join(objects, state.staged)))
  if (published === size) return eids.every(eid => entryOf(eid)?.i !== undefined) ? 'placed' : 'published'
  const there = await Promise.all(
    brought.map(({ key }) =>
      access(join(objects, key)).then(
        () => true,
        () => false,
      ),
    ),
  )
  if (there.every(Boolean)) return 'applied'
  return there.some(Boolean) ? 'applying' : 'committed'
}
