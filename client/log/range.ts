/** Many records at once: each is in the log, all by one checkpoint, none twice with two contents. */
import { toBase64 } from '../../shared/tlog/base64.ts'
import { sameHash } from '../../shared/tlog/hash.ts'
import { readLogKey, type Tree, verifyGrowth } from './checkpoint.ts'
import { type Compared, compare } from './compare.ts'
import { type Fault, gravest, NotVerified } from './fault.ts'
import type { ReadLogFile } from './log-files.ts'
import { createTrees, proveRecord, type Trees, type VerifiedRecord } from './record.ts'
import { readRecord } from './record-shape.ts'

/** Lines of a file of JSON, of which empty ones are passed over; or entries as the API answers with them. */
export type Records = Iterable<unknown> | AsyncIterable<unknown>

export interface VerifyRangeOptions {
  /** The log's verifier key, as its `/log/vkey` answers, and as you trust it. */
  readonly key: string
  /** The log's files: its tiles show that the tree of every record is the beginning of the largest. */
  readonly files?: ReadLogFile
  /** What another reader was given: which of both were shown the same is told. */
  readonly others?: Records
}

export interface VerifiedRange {
  readonly log: string
  /** The largest tree that any record is proved by. */
  readonly size: number
  readonly root: string
  /** Entries, each counted once. */
  readonly entries: number
  /** Leaves of the first and of the last of them. */
  readonly first: number
  readonly last: number
  /** Leaves between these two of which there is no record: not for this reader, or left out. */
  readonly between: number
  /** Records of an entry of which there was one before, and which say the same. */
  readonly repeated: number
  /** Whose copies they are: pseudonyms. */
  readonly readers: readonly string[]
  /** Entries of which a field is withheld. */
  readonly withheld: number
  /** What the records show all the same, and nothing vouches for, each named once. */
  readonly unproved: readonly string[]
  /** Trees that the records are proved by. */
  readonly trees: number
  readonly compared?: Compared
}

/** What a range comes to, whether it is verified or not. */
export interface Examined {
  /** Absent: no record was proved. */
  readonly facts?: VerifiedRange
  /** The first of them; empty: it is verified. */
  readonly faults: readonly Fault[]
  /** How many there are in all. */
  readonly faultCount: number
}

/** Throws a `NotVerified` where any of it is not shown. */
export async function verifyRange(records: Records, options: VerifyRangeOptions): Promise<VerifiedRange> {
  const { facts, faults } = await examineRange(records, options)
  if (facts === undefined || faults.length > 0) throw new NotVerified(faults)
  return facts
}

/** One entry as it was proved. */
export interface Proved {
  readonly index: number
  readonly digest: string
  readonly place: string
}

/** What was proved of one file. */
export interface Gathered {
  readonly byEid: ReadonlyMap<string, Proved>
  readonly byIndex: ReadonlyMap<number, string>
  readonly readers: ReadonlySet<string>
}

const maxFaults = 20
const maxRecords = 1_000_000

export async function examineRange(
  records: Records,
  { key, files, others }: VerifyRangeOptions,
): Promise<Examined> {
  const trees = createTrees(await readLogKey(key), files)
  const faults = createFaults()
  const used = new Map<string, Tree>()
  const own = createGathering()
  await gather(records, { trees, used, gathering: own, faults, prefix: '' })
  const theirs = others === undefined ? undefined : createGathering()
  if (others !== undefined && theirs !== undefined)
    await gather(others, { trees, used, gathering: theirs, faults, prefix: 'the other file, ' })

  const largest = [...used.values()].reduce<Tree | undefined>(
    (most, tree) => (most === undefined || tree.size > most.size ? tree : most),
    undefined,
  )
  if (largest) await verifyTrees([...used.values()], largest, trees, faults)
  const compared = theirs && compare(own, theirs, faults.add)
  return {
    ...(largest && own.byEid.size > 0 && { facts: factsOf(own, largest, used.size, compared) }),
    faults: faults.first,
    faultCount: faults.count,
  }
}

export type AddFault = (fault: Fault) => void

export function createFaults(): {
  readonly first: readonly Fault[]
  readonly count: number
  readonly add: AddFault
} {
  const first: Fault[] = []
  let count = 0
  return {
    first,
    get count() {
      return count
    },
    // The gravest are among those that are told, wherever they stand.
    add(fault) {
      count++
      if (first.length < maxFaults) first.push(fault)
      else {
        const spare = first.findLastIndex(one => gravest([one, fault]) !== one.kind)
        if (spare >= 0) first.splice(spare, 1, fault)
      }
    },
  }
}

interface Gathering extends Gathered {
  readonly byEid: Map<string, Proved>
  readonly byIndex: Map<number, string>
  readonly readers: Set<string>
  readonly unproved: Set<string>
  withheld: number
  repeated: number
}

const createGathering = (): Gathering => ({
  byEid: new Map(),
  byIndex: new Map(),
  readers: new Set(),
  unproved: new Set(),
  withheld: 0,
  repeated: 0,
})

interface GatherContext {
  readonly trees: Trees
  readonly used: Map<string, Tree>
  readonly gathering: Gathering
  readonly faults: { readonly add: AddFault }
  readonly prefix: string
}

async function gather(
  records: Records,
  { trees, used, gathering, faults, prefix }: GatherContext,
): Promise<void> {
  let n = 0
  let given = 0
  for await (const record of records) {
    n++
    if (typeof record === 'string' && record.trim() === '') continue
    const place = `${prefix}${typeof record === 'string' ? 'line' : 'record'} ${n}`
    if (++given > maxRecords) {
      faults.add({ kind: 'malformed', place, message: `there are at most ${maxRecords} records; split it` })
      return
    }
    try {
      const { facts, tree } = await proveRecord(readRecord(record), trees)
      used.set(`${tree.size} ${toBase64(tree.root)}`, tree)
      const conflict = keep(gathering, facts, place)
      if (conflict) faults.add({ kind: 'contradicted', place, message: conflict })
    } catch (error) {
      if (!(error instanceof NotVerified)) throw error
      for (const fault of error.faults) faults.add({ ...fault, place })
    }
  }
  if (given === 0) faults.add({ kind: 'malformed', message: `${prefix}there is no record in it` })
}

/** What is wrong with it beside those that were there before. */
function keep(gathering: Gathering, facts: VerifiedRecord, place: string): string | undefined {
  const { byEid, byIndex, readers, unproved } = gathering
  const { eid, index, digest, reader } = facts
  for (const name of facts.unproved) unproved.add(name)
  readers.add(reader)
  const before = byEid.get(eid)
  if (before) {
    if (before.index !== index)
      return `${eid} is leaf ${index} here, and leaf ${before.index} at ${before.place}`
    if (before.digest !== digest) return `${eid} tells other facts here than at ${before.place}`
    gathering.repeated++
    return undefined
  }
  const other = byIndex.get(index)
  if (other !== undefined) return `leaf ${index} is ${eid} here, and ${other} at ${byEid.get(other)?.place}`
  byEid.set(eid, { index, digest, place })
  byIndex.set(index, eid)
  if (facts.withheld.length > 0) gathering.withheld++
  return undefined
}

/** That each tree is the beginning of the largest; two of one size are one, or the log has two tales. */
async function verifyTrees(
  all: readonly Tree[],
  largest: Tree,
  { files }: Trees,
  faults: { readonly add: AddFault },
): Promise<void> {
  for (const tree of all) {
    if (tree.size === largest.size && sameHash(tree.root, largest.root)) continue
    try {
      await verifyGrowth(tree, largest, files)
    } catch (error) {
      if (!(error instanceof NotVerified)) throw error
      error.faults.forEach(faults.add)
    }
  }
}

function factsOf(
  { byEid, byIndex, readers, repeated, unproved, withheld }: Gathering,
  { log, size, root }: Tree,
  trees: number,
  compared: Compared | undefined,
): VerifiedRange {
  let [first, last] = [Number.MAX_SAFE_INTEGER, 0]
  for (const index of byIndex.keys()) [first, last] = [Math.min(first, index), Math.max(last, index)]
  return {
    log,
    size,
    root: toBase64(root),
    entries: byEid.size,
    first,
    last,
    between: last - first + 1 - byEid.size,
    repeated,
    readers: [...readers],
    withheld,
    unproved: [...unproved],
    trees,
    ...(compared && { compared }),
  }
}
