/**
 * What must always hold of the log, looked at with every item and every object that is written, and once all is quiet.
 * Each finding names the invariant that it breaks:
 *
 * 1. an entry that was acknowledged is in the tree once, at the place that it names;
 * 2. what was published stays: no object of the tree changes, no checkpoint gets smaller or tells of another tree;
 * 3. a checkpoint that is published has its leaves, its tiles and its archives, and they come to its root;
 * 4. an entry has a place, and an expiry, only once a tree with it is published, and then waits no longer;
 * 5. an epoch is committed to before any entry of it;
 * 6. nothing halts where nothing contradicts anything;
 * 7. the state is never behind what is published, and goes from one version to the next;
 * 8. when all is quiet, every entry gets its place within a bounded number of rounds.
 */
import type { LogKey } from '../../../functions/sequencer/log-key.ts'
import type { Staged } from '../../../functions/sequencer/staged.ts'
import { keys } from '../../../shared/domain/keys.ts'
import type { LogState } from '../../../shared/domain/log.ts'
import type { Entry } from '../../../shared/entries/entry.ts'
import { isEntryId, timeOfEntry } from '../../../shared/entries/id.ts'
import { parseLeaf } from '../../../shared/watermark/leaf.ts'
import type { Applied, Backend } from '../backend.ts'
import type { Bucket, Changed } from './bucket.ts'
import type { Leaves } from './leaves.ts'
import { bundleAt, leavesOf, NaiveTree } from './naive-tree.ts'

export interface Watched {
  readonly backend: Backend
  readonly bucket: Bucket
  readonly logKey: LogKey
  /** What an entry's leaf must be. */
  readonly leaves: Leaves
  readonly retentionMs: number
  readonly nameOf: (eid: string) => string
}

const epochLeaf = 5

export class LogInvariants {
  readonly violations: string[] = []
  /** Entries whose put was answered with success. */
  readonly acknowledged = new Set<string>()
  readonly tree = new NaiveTree()
  /** How many checkpoints were published. */
  trees = 0
  /** Whether something contradicts something, so that it must halt. */
  contradicted = false
  readonly #watched: Watched
  /** Places by leaves, and entries by places. */
  readonly #placeOf = new Map<string, number>()
  readonly #at = new Map<number, string>()
  readonly #epochs = new Set<number>()

  constructor(watched: Watched) {
    this.#watched = watched
  }

  get epochs(): number {
    return this.#epochs.size
  }

  found(invariant: number, what: string): void {
    this.violations.push(`invariant ${invariant}: ${what}`)
  }

  applied({ op, before, after }: Applied): void {
    const { pk, table } = op.key
    if (table !== 'entries') return
    if (pk === keys.logState.pk) this.#stateChanged(before as LogState | undefined, after as LogState)
    else if (isEntryId(pk)) this.#entryChanged(pk, before as Entry | undefined, after as Entry | undefined)
    else if (before && JSON.stringify(before) !== JSON.stringify(after)) this.found(5, `${pk} changed`)
  }

  halted(what: string): void {
    if (!this.contradicted) this.found(6, what)
  }

  #stateChanged(before: LogState | undefined, after: LogState | undefined): void {
    if (after === undefined) return void this.found(7, 'the state is gone')
    if (after.halted) return void this.halted(`it halts: ${after.halted.why}: ${after.halted.detail}`)
    const { size = 0, rev = 0, staged = '' } = before ?? {}
    const grows = after.size > size && after.rev === rev + 1
    const stays = after.size === size && after.rev === rev && after.staged === staged
    if (!grows && !stays)
      this.found(7, `the state goes from ${size} (version ${rev}) to ${after.size} (version ${after.rev})`)
    if (grows) this.#commits(after, size)
  }

  /** What the state names from now on can be finished by anybody. */
  #commits({ staged, size, checkpoint }: LogState, before: number): void {
    const bytes = this.#watched.bucket.get(staged)?.bytes
    if (bytes === undefined) return void this.found(7, `the state names ${staged}, which is not there`)
    const [line = ''] = Buffer.from(bytes).toString('latin1').split('\n', 1)
    const { older, newer, ...rest } = JSON.parse(line) as Staged
    if (
      older !== before ||
      newer !== size ||
      Buffer.from(rest.checkpoint, 'latin1').toString() !== checkpoint
    )
      this.found(7, `the state goes from ${before} to ${size}, and ${staged} from ${older} to ${newer}`)
  }

  #entryChanged(eid: string, before: Entry | undefined, after: Entry | undefined): void {
    const name = this.#watched.nameOf(eid)
    if (after === undefined) return void this.found(1, `${name} is gone`)
    const { i, exp, pending } = after
    if (before && (before.body !== after.body || before.digest !== after.digest))
      this.found(1, `${name} changed`)
    if (before?.i !== undefined && before.i !== i)
      this.found(1, `${name} had place ${before.i} and has place ${i}`)
    if (i === undefined && exp !== undefined) this.found(4, `${name} expires and has no place`)
    if (i === undefined && pending === undefined) this.found(4, `${name} has no place and waits for none`)
    if (i === undefined || before?.i !== undefined) return
    if (pending !== undefined) this.found(4, `${name} has place ${i} and still waits`)
    if (exp === undefined || exp * 1000 < timeOfEntry(eid) + this.#watched.retentionMs)
      this.found(4, `${name} has place ${i} and expires too early`)
    const other = this.#at.get(i)
    if (other !== undefined) this.found(1, `${name} and ${this.#watched.nameOf(other)} have place ${i}`)
    this.#at.set(i, eid)
    const leaf = this.tree.leaves[i]
    if (leaf === undefined) this.found(4, `${name} has place ${i}, and no tree with it is published`)
    else if (!leaf.equals(this.#watched.leaves.of(eid, after)))
      this.found(1, `${name} has place ${i}, where the tree has another leaf`)
  }

  put({ key, before, after }: Changed): void {
    if (key === 'log/checkpoint') this.#published(before, after)
    else if (before !== undefined) this.found(2, `${key} is written a second time`)
  }

  #published(before: Uint8Array | undefined, after: Uint8Array): void {
    const { logKey, backend } = this.#watched
    const [older, newer] = [before && Buffer.from(before).toString(), Buffer.from(after).toString()]
    const { size, root } = logKey.open(newer)
    const known = older === undefined ? 0 : logKey.open(older).size
    // What follows the text may only grow: signatures of those who have seen it.
    if (older !== undefined && newer.startsWith(older)) return
    if (size <= known) return void this.found(2, `a tree of ${size} is published after one of ${known}`)
    const [state] = backend.get([keys.logState]) as [LogState | undefined]
    if (state === undefined || state.size < size)
      return void this.found(7, `a tree of ${size} is published, the state is at ${state?.size}`)
    this.trees += 1
    if (this.#read(size)) this.#holds(known, size, root)
  }

  /** Its leaves after those that were published before. */
  #read(size: number): boolean {
    const { leaves } = this.tree
    const older = leaves.length
    for (let place = older - (older % 256); place < size; place += 256) {
      const path = `log/${bundleAt(place, size)}`
      const bundle = this.#watched.bucket.get(path)
      if (bundle === undefined) {
        this.found(3, `a tree of ${size} is published, and ${path} is not there`)
        return false
      }
      const read = leavesOf(bundle.bytes)
      const known = leaves.slice(place, place + 256)
      if (known.some((leaf, n) => !read[n]?.equals(leaf)))
        this.found(2, `${path} has other leaves than before`)
      this.tree.append(read.slice(known.length))
    }
    if (leaves.length !== size) this.found(3, `a tree of ${size} is published with ${leaves.length} leaves`)
    for (const [n, leaf] of leaves.slice(older).entries()) this.#leaf(older + n, leaf)
    return leaves.length === size
  }

  #leaf(place: number, leaf: Buffer): void {
    const text = leaf.toString('base64')
    const twin = this.#placeOf.get(text)
    if (twin !== undefined) this.found(1, `leaf ${place} of the tree is leaf ${twin} once more`)
    this.#placeOf.set(text, place)
    const { type, epoch = 0 } = parseLeaf(leaf) ?? {}
    const begins = !this.#epochs.has(epoch)
    if (begins !== (type === epochLeaf))
      this.found(5, `leaf ${place} is ${begins ? 'the first' : 'another'} of epoch ${epoch}, of type ${type}`)
    this.#epochs.add(epoch)
  }

  #holds(older: number, size: number, root: Uint8Array): void {
    if (!this.tree.root(size).equals(root)) this.found(3, `a tree of ${size} is published with another root`)
    for (const { path, bytes } of this.tree.files(older, size)) {
      const found = this.#watched.bucket.get(`log/${path}`)
      if (found === undefined) this.found(3, `a tree of ${size} is published without ${path}`)
      else if (!bytes.equals(found.bytes))
        this.found(3, `${path} of a tree of ${size} is not what it must be`)
    }
  }

  /** When nothing goes on any more. */
  quiet(): void {
    const { backend, bucket, nameOf, logKey } = this.#watched
    const entries = backend
      .all('entries')
      .flatMap(({ key, item }) => (isEntryId(key.pk) ? [{ eid: key.pk, entry: item as Entry }] : []))
    const stored = new Set(entries.map(({ eid }) => eid))
    for (const eid of this.acknowledged)
      if (!stored.has(eid)) this.found(1, `${nameOf(eid)} was acknowledged and is lost`)
    for (const { eid, entry } of entries)
      if (entry.i === undefined) this.found(8, `${nameOf(eid)} never gets a place`)
    const { length } = this.tree.leaves
    if (length !== entries.length) this.found(1, `${entries.length} entries come to ${length} leaves`)
    const [state] = backend.get([keys.logState]) as [LogState | undefined]
    if (state === undefined || entries.length === 0) return
    if (state.finished !== state.staged) this.found(8, `${state.staged} is never finished`)
    const published = bucket.get('log/checkpoint')
    const size = published ? logKey.open(Buffer.from(published.bytes).toString()).size : 0
    if (size !== state.size)
      this.found(8, `the state is at ${state.size}, and a tree of ${size} is published`)
  }
}
