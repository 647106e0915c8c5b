/** Each reader of an entry has a copy that is theirs alone, and whatever they are shown of it they can prove. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ShownEntry } from '../../functions/log/show.ts'
import { modelId } from '../../scripts/demo/story.ts'
import { parseCheckpoint } from '../../shared/tlog/checkpoint.ts'
import { parseBundle } from '../../shared/tlog/entries-bundle.ts'
import { leafInput, webSha256 } from '../../shared/tlog/hash.ts'
import { openNote, parseVerifierKey } from '../../shared/tlog/note.ts'
import { verifyInclusion } from '../../shared/tlog/proof.ts'
import { parseProofFile } from '../../shared/tlog/proof-file.ts'
import { entriesTile, tileIn, tilePath, tileWidth } from '../../shared/tlog/tile.ts'
import { type OpenedRecord, openRecord, RecordFault } from '../../shared/watermark/verify.ts'
import { because, type Deciding, deciding } from '../world/governance.ts'
import { openWorld } from '../world/open.ts'
import type { World } from '../world/world.ts'

type Proved = ShownEntry & { readonly proof: string }

let world: World
let deciders: Deciding
let eid: string
/** As each of the three reads it. */
let views: readonly Proved[]
/** From the call's answer to the last of their proofs. Milliseconds. */
let waited: number

beforeAll(async () => {
  world = await openWorld()
  deciders = deciding(world)
  const cedar = world.raw('cedar')
  const token = await cedar.token({ resource: `${world.issuer}/api` })
  await Promise.all(['priya', 'ada'].map(login => deciders.as(login)))
  const response = await cedar.chat()
  await response.text()
  const since = Date.now()
  eid = response.headers.get('x-sallyport-entry') ?? ''
  const path = `/entries/${eid}/proof`
  views = [
    await proved(() => deciders.read('priya', path).then(found => found?.body)),
    await proved(() => deciders.read('ada', path).then(found => found?.body)),
    await proved(async () => (await cedar.call('GET', `/api/v1${path}`, { token })).json()),
  ]
  waited = Date.now() - since
})
afterAll(() => world.close())

/** As soon as it has its place in the tree. */
async function proved(ask: () => Promise<unknown>): Promise<Proved> {
  for (;;) {
    const answer = await ask().catch((error: Error) => {
      if (!error.message.includes('not_in_tree_yet')) throw error
      return { code: 'not_in_tree_yet' }
    })
    if ((answer as { code?: string }).code !== 'not_in_tree_yet') return answer as Proved
    await new Promise(resolve => setTimeout(resolve, 200))
  }
}

async function published(path: string): Promise<Uint8Array> {
  const response = await fetch(`${world.issuer}/log/${path}`)
  if (response.status !== 200) throw new Error(`${path}: ${response.status}`)
  return new Uint8Array(await response.arrayBuffer())
}
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

const leafHash = async (one: ShownEntry) => webSha256(leafInput((await openRecord(one)).leaf))

/** The note has the signature of the key that the log shows to everybody. */
async function checkpointOf(note: string) {
  const key = await parseVerifierKey(text(await published('vkey')).trim())
  return parseCheckpoint((await openNote(note, key)).text)
}

test('two people and a workload read one entry: three copies, by their slots, of one digest', () => {
  for (const { body, withheld, digest } of views)
    expect([body, withheld, digest]).toEqual([views[0]?.body, undefined, views[0]?.digest])
  for (const part of ['carrier', 'salt', 'position'] as const)
    expect(new Set(views.map(({ view }) => view[part])).size, part).toBe(3)
})

test('each opens to another reader and to the same leaf, which stands at its place in the published log', async () => {
  const opened: OpenedRecord[] = []
  for (const one of views) opened.push(await openRecord(one))
  expect(new Set(opened.map(({ reader }) => reader)).size).toBe(3)
  const { size } = await checkpointOf(text(await published('checkpoint')))
  const index = views[0]?.view.index ?? size
  expect(index).toBeLessThan(size)
  const bundle = await published(tilePath(entriesTile(tileIn(size, 0, Math.floor(index / tileWidth)))))
  const leaf = parseBundle(bundle)?.[index % tileWidth]
  for (const one of opened) expect(one.leaf).toEqual(leaf)
})

test('its proof holds under the log’s key, within seconds of the call', async () => {
  const now = await checkpointOf(text(await published('checkpoint')))
  for (const one of views) {
    const { index, proof, checkpoint } = parseProofFile(one.proof)
    const { size, root } = await checkpointOf(checkpoint)
    const leaf = await leafHash(one)
    expect(index).toBe(one.view.index)
    expect(await verifyInclusion({ leaf, index, size, root, proof })).toBe(true)
    expect(await verifyInclusion({ leaf: leaf.toReversed(), index, size, root, proof })).toBe(false)
    expect(size).toBeLessThanOrEqual(now.size)
  }
  expect(waited).toBeLessThan(world.live ? 10_000 : 60_000)
})

test('a copy with the mark of another reader, or with another fact, proves nothing', async () => {
  const [priya, ada] = views
  if (!priya || !ada) throw new Error('nobody has read it')
  const { carrier, salt } = ada.view
  for (const forged of [
    { ...priya, body: { ...priya.body, status_id: 2 } },
    { ...priya, view: { ...priya.view, body_salt: ada.digest } },
  ])
    await expect(openRecord(forged)).rejects.toThrow(RecordFault)
  const { leaf } = await openRecord(priya)
  for (const mark of [{ carrier }, { salt }, { carrier, salt }]) {
    const shown = 'carrier' in mark ? ada.shown : priya.shown
    const forged = { ...priya, ...(shown && { shown }), view: { ...priya.view, ...mark } }
    expect((await openRecord(forged)).leaf).not.toEqual(leaf)
  }
})

test('each has times of their own below ten seconds, which are those of their slot', async () => {
  const shown = views.map(one => one.shown)
  expect(new Set(shown.map(one => one?.time.slice(-8))).size).toBe(3)
  for (const one of shown) expect(one?.exact_to_s).toBe(10)
  const [priya, ada] = views
  if (!priya || !ada?.shown) throw new Error('nobody has read it')
  await expect(openRecord({ ...priya, shown: ada.shown })).rejects.toThrow('not those of the slot')
})

test('who is not shown the sealed words of a decision proves all the rest of it', async () => {
  const words = 'Known to those who decide.'
  const scope = { organisation: 'cedar', model: modelId }
  const { entry } = await deciders.make('ada', '/holds', {
    scope,
    reason: { ...because(words).reason, sealed: true },
  })
  const [whole, kept] = await Promise.all(
    ['ada', 'priya'].map(login =>
      proved(() => deciders.read(login, `/entries/${entry}/proof`).then(one => one?.body)),
    ),
  )
  if (!whole || !kept) throw new Error('nobody reads it')
  expect(whole.body.comment).toBe(words)
  expect(kept.withheld).toContain('comment')
  expect(JSON.stringify(kept)).not.toContain(words)
  expect(kept.view.field_hashes?.comment).toHaveLength(43)
  expect([kept.digest, kept.view.body_salt]).toEqual([whole.digest, whole.view.body_salt])
  const { leaf, unproved } = await openRecord(kept)
  expect(leaf).toEqual((await openRecord(whole)).leaf)
  expect(unproved).toEqual([])
  const { index, proof, checkpoint } = parseProofFile(kept.proof)
  expect(
    await verifyInclusion({ leaf: await leafHash(kept), index, proof, ...(await checkpointOf(checkpoint)) }),
  ).toBe(true)
})

test('each of them stands in the log as its reader, and is found by whoever asks for that', async () => {
  const query = `/entries?limit=100&q=${encodeURIComponent('type:read time:>=-1h')}`
  const operations = async () => {
    const items = (await deciders.list('priya', query)) as unknown as readonly ShownEntry[]
    return items.map(({ body }) => body as unknown as Read).filter(({ entity }) => entity.uid === eid)
  }
  await expect.poll(async () => (await operations()).length, { timeout: 60_000, interval: 500 }).toBe(2)
  const readers = (await operations()).map(({ actor, unmapped }) => [actor.user.type, unmapped.operation])
  // Who reads of another organisation is not theirs to know.
  expect(readers.toSorted()).toEqual([
    ['person', 'proof'],
    ['workload', 'proof'],
  ])
})

interface Read {
  readonly actor: { readonly user: { readonly type: string } }
  readonly entity: { readonly uid: string }
  readonly unmapped: { readonly operation: string }
}
