/** The tree to which the table has to be brought: what is published, and a commit that was on its way beyond it. */
import { archiveFolder } from '../../functions/log/archive.ts'
import { logFolder } from '../../functions/log-origin.ts'
import type { LogKey } from '../../functions/sequencer/log-key.ts'
import { readPublished } from '../../functions/sequencer/published.ts'
import { parseStaged, type Staged, stagingKey } from '../../functions/sequencer/staged.ts'
import type { Objects } from '../../shared/ports/objects.ts'
import { sameHash } from '../../shared/tlog/hash.ts'
import type { ReadObject, TreeOf } from './whole-tree.ts'

export interface TargetDeps {
  readonly objects: Objects
  readonly logKey: Pick<LogKey, 'origin' | 'open' | 'verifierKey' | 'sign'>
}

export interface Target extends TreeOf {
  /** The signed note. */
  readonly checkpoint: string
  /** What everybody has seen; of no leaves where nothing was published. */
  readonly published: TreeOf
  /** The commit beyond what is published, that the sequencer has to finish. */
  readonly staged?: { readonly key: string; readonly begun: boolean }
  /** Keys of archives that only that commit holds. */
  readonly archives: readonly string[]
  /** What is there, and what that commit will put. */
  readonly read: ReadObject
  /** What was looked at and not taken, and why. */
  readonly passedOver: readonly string[]
}

interface Candidate extends TreeOf {
  readonly key: string
  readonly staged: Staged
  /** Of its objects, how many are there with these bytes, and one that is there with others. */
  readonly standing: number
  readonly contradicted?: string
}

/** `undefined` where no tree was ever begun. Throws where what stands there cannot be one tree. */
export async function findTarget(deps: TargetDeps): Promise<Target | undefined> {
  const { objects } = deps
  const published = await readPublished(deps)
  const commits: Candidate[] = []
  const passedOver: string[] = []
  // One follows on what is published. More, where the checkpoint itself is an older one: then all but the last are applied.
  for (let size = published?.size ?? 0; ; ) {
    const next = await nextCommit(deps, size, passedOver)
    if (next === undefined) break
    const before = commits.at(-1)
    if (before && before.standing < before.staged.objects.length)
      throw new Error(`${next.key} stands on ${before.key}, of which not every object is there.`)
    commits.push(next)
    size = next.size
  }
  const last = commits.at(-1)
  if (last === undefined && published === undefined) return undefined
  const staged = new Map(commits.flatMap(one => one.staged.objects.map(({ key, bytes }) => [key, bytes])))
  return {
    size: last?.size ?? published?.size ?? 0,
    root: last?.root ?? published?.root ?? new Uint8Array(),
    checkpoint: last?.staged.checkpoint ?? published?.note ?? '',
    published: { size: published?.size ?? 0, root: published?.root ?? new Uint8Array() },
    ...(last && { staged: { key: last.key, begun: last.standing > 0 } }),
    archives: [...staged.keys()].filter(key => key.startsWith(archiveFolder)),
    read: async key => staged.get(key) ?? (await objects.get(key))?.bytes,
    passedOver,
  }
}

/**
 * Of several that were made on one tree, the state had named one at most, and only of that one objects can be there. Where
 * there are none, nobody has seen any of them, and the largest is as good as another.
 */
async function nextCommit(
  deps: TargetDeps,
  older: number,
  passedOver: string[],
): Promise<Candidate | undefined> {
  const whole: Candidate[] = []
  for (let after: string | undefined; ; ) {
    const { keys, next } = await deps.objects.list(`staging/${older}-`, after)
    for (const key of keys) {
      const candidate = await readCandidate(deps, key, older)
      if (typeof candidate === 'string') passedOver.push(`${key}: ${candidate}`)
      else whole.push(candidate)
    }
    if (next === undefined) break
    after = next
  }
  const [best, ...others] = whole.sort(
    (a, b) =>
      Number(a.contradicted !== undefined) - Number(b.contradicted !== undefined) ||
      b.standing - a.standing ||
      b.size - a.size,
  )
  if (best?.contradicted !== undefined)
    throw new Error(`${best.contradicted} stands with other bytes than ${best.key} would put there.`)
  for (const { key } of others) passedOver.push(`${key}: another commit on that tree was taken`)
  return best
}

async function readCandidate(
  { objects, logKey }: TargetDeps,
  key: string,
  older: number,
): Promise<Candidate | string> {
  const found = await objects.get(key)
  if (found === undefined) return 'it is not there any more'
  let staged: Staged
  let size: number
  let root: Uint8Array
  try {
    staged = parseStaged(found.bytes)
    ;({ size, root } = logKey.open(staged.checkpoint))
  } catch (error) {
    return `it is not whole, or not signed: ${(error as Error).message}`
  }
  const named = stagingKey(older, size, Buffer.from(root).toString('hex'))
  if (key !== named || staged.older !== older || staged.newer !== size || size <= older)
    return 'its checkpoint is of another commit'
  if (staged.eids.length !== size - older) return 'it has not as many entries as leaves'
  if (
    !staged.objects.every(({ key }) => key.startsWith(`${logFolder}tile/`) || key.startsWith(archiveFolder))
  )
    return 'it would put what no commit puts'
  let standing = 0
  let contradicted: string | undefined
  for (const { key, bytes } of staged.objects) {
    const there = await objects.get(key)
    if (there === undefined) continue
    if (sameHash(there.bytes, bytes)) standing += 1
    else contradicted ??= key
  }
  return { key, staged, size, root, standing, ...(contradicted !== undefined && { contradicted }) }
}
