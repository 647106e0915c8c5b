/**
 * A data folder with many entries in the log, made once and kept in an ignored folder: putting a million takes minutes.
 * Entries, indexes and state are what the product would have made. Of the tree there is what goes on from its right edge;
 * its leaves are made up, since a search looks at none.
 */
import { hash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { logFolder } from '../../../functions/log-origin.ts'
import { sha256 } from '../../../functions/log-tiles.ts'
import { emptyOpenEdge, type OpenEdge, readEdge } from '../../../functions/sequencer/edge.ts'
import { type LogKey, openLogKey } from '../../../functions/sequencer/log-key.ts'
import { checkpointKey } from '../../../functions/sequencer/published.ts'
import { openFileObjects } from '../../../shared/adapters/embedded/file-objects.ts'
import { openFileSigner } from '../../../shared/adapters/embedded/file-signer.ts'
import { openSqliteStore, type SqliteStore } from '../../../shared/adapters/embedded/sqlite-store.ts'
import { indexes, keys } from '../../../shared/domain/keys.ts'
import type { Entry } from '../../../shared/entries/entry.ts'
import { timeOfEntry } from '../../../shared/entries/id.ts'
import type { NamedEntry } from '../../../shared/entries/put.ts'
import type { Objects } from '../../../shared/ports/objects.ts'
import type { WriteOp } from '../../../shared/ports/store.ts'
import { formatCheckpoint, parseCheckpoint } from '../../../shared/tlog/checkpoint.ts'
import { formatBundle } from '../../../shared/tlog/entries-bundle.ts'
import { grow, rootOf } from '../../../shared/tlog/grow.ts'
import { leafInput } from '../../../shared/tlog/hash.ts'
import { parseNote } from '../../../shared/tlog/note.ts'
import { countAt, joinHashes, tileIn, tilePath, tileWidth } from '../../../shared/tlog/tile.ts'
import { leafBytes } from '../../../shared/watermark/leaf.ts'
import { people } from '../../demo/people.ts'
import { startDemoProvider } from '../../demo/provider.ts'
import { readConfig } from '../../embedded/config.ts'
import { openSallyport } from '../../embedded/sallyport.ts'
import { freePort } from '../../port.ts'
import { seed } from '../../seed.ts'
import { entriesOfCall } from './entries.ts'

export interface SearchData {
  readonly folder: string
  readonly port: number
  /** Of the provider where the demo's people sign in. */
  readonly providerPort: number
  readonly entries: number
  readonly calls: number
  /** Milliseconds: the entries are spread evenly over them. */
  readonly from: number
  readonly to: number
}

const spreadMs = 5 * 86_400_000
const putAtOnce = 2_000

/** Of another shape, or another number, it is made anew. */
export async function openSearchData(entries: number, print: (line: string) => void): Promise<SearchData> {
  const some = Array.from({ length: 200 }, (_, n) => entriesOfCall(n, 0))
  const shape = hash('sha256', JSON.stringify(some)).slice(0, 12)
  const cache = resolve(import.meta.dirname, '../../../.cache/bench-search')
  const folder = join(cache, `${entries}-${shape}`)
  const told = join(folder, 'made.json')
  if (existsSync(told)) return JSON.parse(await readFile(told, 'utf8')) as SearchData
  print(`making ${entries} entries, once`)
  await rm(cache, { recursive: true, force: true })
  const data = await tellStory(folder)
  const to = Date.now()
  const range = { from: to - spreadMs, to }
  const calls = await fill(data, entries, range, print)
  const made: SearchData = { ...data, entries, calls, ...range }
  await writeFile(told, JSON.stringify(made))
  return made
}

export const dataOf = (folder: string): string => join(folder, 'data')

async function tellStory(folder: string): Promise<Pick<SearchData, 'folder' | 'port' | 'providerPort'>> {
  const data = dataOf(folder)
  await mkdir(data, { recursive: true, mode: 0o700 })
  const [port, providerPort] = [await freePort(), await freePort()]
  const sallyport = await openSallyport({ ...readConfig({}), data, port })
  const { issuer, store } = sallyport
  const provider = await openProvider(folder, providerPort, issuer)
  try {
    // Nothing is called.
    const endpoints = { openai: 'http://127.0.0.1:9/v1', anthropic: 'http://127.0.0.1:9' }
    await seed(store, { data, issuer, endpoints, provider: provider.issuer })
  } finally {
    await provider.close()
    await sallyport.close(0)
  }
  return { folder, port, providerPort }
}

export const openProvider = (folder: string, port: number, issuerOfSallyport: string) =>
  startDemoProvider({ port, issuerOfSallyport, people, keys: join(folder, 'provider-keys.json') })

/** Returns the number of calls. */
async function fill(
  { folder, port }: Pick<SearchData, 'folder' | 'port'>,
  count: number,
  { from, to }: Pick<SearchData, 'from' | 'to'>,
  print: (line: string) => void,
): Promise<number> {
  const data = dataOf(folder)
  const objects = await openFileObjects(join(data, 'bucket'))
  const signer = await openFileSigner(join(data, 'keys', 'log.json'), 'Ed25519')
  const logKey = await openLogKey(objects, `http://127.0.0.1:${port}`, signer)
  const store = openSqliteStore(join(data, 'sallyport.db'), Object.values(indexes))
  try {
    const [state] = await store.get([keys.logState])
    let edge = state
      ? await readEdge(objects, state.size, parseCheckpoint(parseNote(state.checkpoint).text).root)
      : emptyOpenEdge
    let [done, calls] = [0, 0]
    while (done < count) {
      const batch: NamedEntry[] = []
      for (; batch.length < putAtOnce && done + batch.length < count; calls++)
        batch.push(...entriesOfCall(calls, from + ((to - from) * (done + batch.length)) / count))
      await putPlaced(store, batch, edge.tree.size)
      edge = grown(edge, batch.length)
      done += batch.length
      if (done % 100_000 < putAtOnce) print(`${done} entries`)
    }
    await publishEdge({ store, objects, logKey }, edge, (state?.rev ?? 0) + 1)
    return calls
  } finally {
    store.close()
  }
}

/** As they stand when the sequencer is through with them. */
async function putPlaced(store: SqliteStore, batch: readonly NamedEntry[], first: number): Promise<void> {
  const puts = batch.map(({ eid, entry: { pending: _, ...entry } }, n): WriteOp<Entry> => {
    const exp = Math.ceil(timeOfEntry(eid) / 1000) + 400 * 86_400
    return { kind: 'put', key: keys.entry(eid), item: { ...entry, i: first + n, exp } }
  })
  const { failure } = await store.writeInOrder(puts)
  if (failure) throw failure
}

function grown({ tree, leaves }: OpenEdge, count: number): OpenEdge {
  const added = Array.from({ length: count }, (_, n) => {
    const leaf = Buffer.alloc(leafBytes)
    leaf.writeUInt32BE(tree.size + n)
    return leaf
  })
  const all = [...leaves, ...added]
  const { edge } = grow(
    sha256,
    tree,
    added.map(leaf => sha256(leafInput(leaf))),
  )
  return { tree: edge, leaves: all.slice(all.length - (edge.size % tileWidth)) }
}

async function publishEdge(
  {
    store,
    objects,
    logKey,
  }: { readonly store: SqliteStore; readonly objects: Objects; readonly logKey: LogKey },
  { tree, leaves }: OpenEdge,
  rev: number,
): Promise<void> {
  const { size, levels } = tree
  const put = (path: string, bytes: Uint8Array) => objects.put(logFolder + path, bytes, { ifAbsent: true })
  for (const [level, hashes] of levels.entries())
    if (hashes.length > 0) {
      const tile = tileIn(size, level, Math.floor(countAt(level, size) / tileWidth))
      await put(tilePath(tile), joinHashes(hashes))
      if (level === 0) await put(tilePath({ ...tile, level: 'entries' }), formatBundle(leaves))
    }
  const checkpoint = await logKey.sign(
    formatCheckpoint({ origin: logKey.origin, size, root: rootOf(sha256, tree) }),
  )
  const there = await objects.get(checkpointKey)
  await objects.put(
    checkpointKey,
    Buffer.from(checkpoint),
    there ? { ifMatch: there.etag } : { ifAbsent: true },
  )
  const staged = `staging/${size}`
  await store.write({
    kind: 'put',
    key: keys.logState,
    item: { size, checkpoint, staged, finished: staged, at: Date.now(), rev },
  })
}
