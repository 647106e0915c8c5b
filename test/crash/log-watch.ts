/**
 * Whether the log held, at one look after the other: it only grows, nothing in it is ever overwritten, and what it has of
 * each entry is what the table says.
 */
import { hash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { openArchive } from '../../functions/log/archive.ts'
import { openLocalSecrets } from '../../shared/adapters/embedded/local-secrets.ts'
import { systemRandom } from '../../shared/adapters/world.ts'
import type { LogEpoch, LogState } from '../../shared/domain/log.ts'
import type { Entry } from '../../shared/entries/entry.ts'
import { timeOfEntry } from '../../shared/entries/id.ts'
import type { Secrets } from '../../shared/ports/keys.ts'
import { epochAt, epochLabel } from '../../shared/watermark/epoch.ts'
import { bind, type EpochKey, openEpochKey } from '../../shared/watermark/slots.ts'
import { told } from '../world/entries.ts'
import { type LogStage, stageOfLog } from './log-stages.ts'
import { type PublishedLog, type ReadFile, readPublishedLog } from './published-log.ts'

/** The table of entries, read without the store and its indexes. */
interface Table {
  readonly entries: ReadonlyMap<string, Entry>
  readonly epochs: ReadonlyMap<number, LogEpoch>
  readonly state: LogState | undefined
}

export interface LogWatch {
  /**
   * `database` is the file of a store that nobody writes to; `expected` says which entries must have their place by now:
   * those that stood there at the look before, or all.
   */
  look(when: string, database: string, expected: 'none' | 'earlier' | 'all'): Promise<LogLook>
  /** What is served is what stands in the folder. */
  compare(served: ReadFile): Promise<void>
}

export interface LogLook {
  readonly stage: LogStage
  readonly size: number
  readonly entries: number
}

/** `data` is the folder of an embedded Sallyport that has started once. */
export async function watchLog(data: string, violations: string[]): Promise<LogWatch> {
  const objects = join(data, 'bucket', 'objects')
  const secrets = await openLocalSecrets(join(data, 'keys', 'roots'), systemRandom)
  const read: ReadFile = path => readFile(join(objects, 'log', path)).catch(absent)
  const leafOf = leavesOf(secrets)
  let before: { log: PublishedLog; table: Table; files: ReadonlyMap<string, string> } | undefined

  return {
    async look(when, database, expected) {
      const table = readTable(database)
      const log = await readPublishedLog(read)
      const files = await digestsOf(objects)
      const found = [...log.faults]
      if (before !== undefined) {
        found.push(...judgeGrowth(before, { log, table }), ...judgeFiles(before.files, files))
      }
      found.push(...judgeState(table, log))
      const places = await placesOf(table, log, leafOf, found)
      judgePlaces(table, log, places, found)
      const due =
        expected === 'all' ? table.entries : expected === 'earlier' ? before?.table.entries : undefined
      for (const eid of due?.keys() ?? [])
        if (!places.has(eid)) found.push(`${eid} is not in the tree (${expected})`)
      if (expected === 'all') await judgeArchives(objects, secrets, table, found)
      violations.push(...found.map(fault => `${when}, ${fault}`))
      before = { log, table, files }
      const stage = await stageOfLog(objects, table.state, log.leaves.length, eid => table.entries.get(eid))
      return { stage, size: log.leaves.length, entries: table.entries.size }
    },

    async compare(served) {
      const [there, own] = [await readPublishedLog(served), await readPublishedLog(read)]
      violations.push(...there.faults.map(fault => `as it is served, ${fault}`))
      if (there.checkpoint !== own.checkpoint || there.leaves.join() !== own.leaves.join())
        violations.push(`${there.leaves.length} leaves are served, and ${own.leaves.length} are there`)
    },
  }
}

const absent = (error: NodeJS.ErrnoException): undefined => {
  if (error.code !== 'ENOENT') throw error
}

function readTable(file: string): Table {
  const database = new DatabaseSync(file, { readOnly: true })
  const rows = database.prepare('SELECT pk, body FROM entries').all() as { pk: string; body: string }[]
  database.close()
  const items = rows.map(({ pk, body }) => [pk, JSON.parse(body) as object] as const)
  const epochs = items
    .filter(([pk]) => pk.startsWith('epoch#'))
    .map(([, item]) => item as LogEpoch)
    .map(item => [item.epoch, item] as const)
  return {
    entries: new Map(items.filter(([pk]) => pk.startsWith('entry_')) as [string, Entry][]),
    epochs: new Map(epochs),
    state: items.find(([pk]) => pk === 'log')?.[1] as LogState | undefined,
  }
}

/** Binds each entry once; one that was changed since is an error of the caller's to report. */
function leavesOf(secrets: Secrets) {
  const opened = new Map<number, EpochKey>()
  const bound = new Map<string, { readonly of: string; readonly leaf: string }>()
  return async (eid: string, entry: Entry, epochs: Table['epochs']): Promise<string | undefined> => {
    const of = JSON.stringify([entry.body, entry.exact])
    const known = bound.get(eid)
    if (known !== undefined) return known.of === of ? known.leaf : undefined
    const epoch = epochAt(timeOfEntry(eid))
    const begun = epochs.get(epoch)
    if (begun === undefined) return ''
    const key =
      opened.get(epoch) ??
      openEpochKey(epoch, begun.slots, await secrets.derive('watermark', epochLabel(epoch)))
    opened.set(epoch, key)
    const leaf = Buffer.from(bind(key, eid, entry).leaf).toString('hex')
    bound.set(eid, { of, leaf })
    return leaf
  }
}

function judgeGrowth(
  before: { readonly log: PublishedLog; readonly table: Table },
  { log, table }: { readonly log: PublishedLog; readonly table: Table },
): readonly string[] {
  const found: string[] = []
  const { leaves } = before.log
  if (log.leaves.length < leaves.length) found.push(`the tree shrank from ${leaves.length}`)
  const changed = leaves.findIndex((leaf, i) => log.leaves[i] !== leaf)
  if (changed >= 0) found.push(`leaf ${changed} is another than it was`)
  for (const [eid, { i }] of before.table.entries) {
    const now = table.entries.get(eid)
    if (now === undefined) found.push(`${eid} is lost`)
    else if (i !== undefined && now.i !== i) found.push(`${eid} had place ${i}, and has ${now.i}`)
  }
  return found
}

/** Of everything that is put once. */
async function digestsOf(objects: string): Promise<ReadonlyMap<string, string>> {
  const digests = new Map<string, string>()
  for (const folder of ['log/tile', 'body', 'staging']) {
    const entries = await readdir(join(objects, folder), { recursive: true, withFileTypes: true }).catch(
      absent,
    )
    for (const entry of entries ?? [])
      if (entry.isFile()) {
        const path = join(entry.parentPath, entry.name)
        digests.set(path, hash('sha256', await readFile(path)))
      }
  }
  return digests
}

const judgeFiles = (
  before: ReadonlyMap<string, string>,
  now: ReadonlyMap<string, string>,
): readonly string[] =>
  [...before].filter(([path, digest]) => now.get(path) !== digest).map(([path]) => `${path} was overwritten`)

function judgeState({ state }: Table, { leaves, checkpoint }: PublishedLog): readonly string[] {
  const found: string[] = []
  const size = state?.size ?? 0
  if (state?.halted) found.push(`the log is halted: ${JSON.stringify(state.halted)}`)
  if (size < leaves.length) found.push(`the state is at ${size}, and ${leaves.length} are published`)
  if (state && state.finished === state.staged && checkpoint !== state.checkpoint)
    found.push('the last commit is said to be finished, and another is published')
  return found
}

/** Where the leaf of each entry is in the tree: at one place, or not yet. */
async function placesOf(
  { entries, epochs }: Table,
  { leaves }: PublishedLog,
  leafOf: ReturnType<typeof leavesOf>,
  found: string[],
): Promise<ReadonlyMap<string, number>> {
  const named = new Map<string, string>()
  for (const [eid, entry] of entries) {
    const leaf = await leafOf(eid, entry, epochs)
    if (leaf === undefined) found.push(`${eid} was changed after it was put`)
    else if (leaf !== '') named.set(leaf, eid)
  }
  const places = new Map<string, number>()
  for (const [i, leaf] of leaves.entries()) {
    const eid = named.get(leaf)
    if (eid === undefined) found.push(`leaf ${i} is no entry's`)
    else if (places.has(eid)) found.push(`${eid} is in the tree at ${places.get(eid)} and at ${i}`)
    else places.set(eid, i)
  }
  return places
}

function judgePlaces(
  { entries, state }: Table,
  { leaves }: PublishedLog,
  places: ReadonlyMap<string, number>,
  found: string[],
): void {
  const finished = state?.finished === state?.staged
  for (const [eid, { i, exp, pending }] of entries) {
    const place = places.get(eid)
    if (i !== undefined && i !== place) found.push(`${eid} says ${i}, and is at ${place}`)
    if (i === undefined && place !== undefined && finished)
      found.push(`${eid} is at ${place} and does not know it, though that commit is finished`)
    if ((i === undefined) !== (exp === undefined) || (i === undefined) !== (pending !== undefined))
      found.push(`${eid} has place ${i}, expires ${exp} and waits in ${pending}`)
  }
  // Every entry of the series is of one month, or of two.
  const epochs = new Set<number>()
  for (const [eid] of [...places].sort(([, a], [, b]) => a - b)) {
    const epoch = epochAt(timeOfEntry(eid))
    const entry = entries.get(eid)
    const commits = entry !== undefined && told(entry).kind === 'epoch_commitment'
    if (!epochs.has(epoch) && !commits) found.push(`${eid} comes before the commitment of its epoch`)
    epochs.add(epoch)
  }
  if (leaves.length > 0 && epochs.size === 0) found.push('no epoch was committed to')
}

/** The sealed bodies: each entry once, at its place, with the bytes that the table has. */
async function judgeArchives(
  objects: string,
  secrets: Secrets,
  { entries }: Table,
  found: string[],
): Promise<void> {
  const kept = new Set<string>()
  const files = await readdir(join(objects, 'body'), { recursive: true, withFileTypes: true })
  for (const file of files.filter(entry => entry.isFile())) {
    const path = join(file.parentPath, file.name)
    const [epoch] = path.slice(join(objects, 'body').length + 1).split('/')
    for (const line of await openArchive(secrets, Number(epoch), await readFile(path))) {
      const entry = entries.get(line.eid)
      if (kept.has(line.eid)) found.push(`${line.eid} is archived twice`)
      kept.add(line.eid)
      if (entry?.body !== line.body || entry.i !== line.i) found.push(`${line.eid} is archived as another`)
    }
  }
  for (const eid of entries.keys()) if (!kept.has(eid)) found.push(`${eid} is not archived`)
}
