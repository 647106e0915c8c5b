/**
 * The log as a stranger sees it, who has the address and the key, a verifier of their own, and none of this code: a
 * tree of three levels of tiles that the product's sequencer has made, one batch after another, and serves.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readConfig } from '../../scripts/embedded/config.ts'
import { openSallyport, type Sallyport } from '../../scripts/embedded/sallyport.ts'
import { describeSkipped } from '../../scripts/emulators.ts'
import { putEntry } from '../../shared/entries/put.ts'
import { readEntry } from '../../shared/entries/read.ts'
import { parseCheckpoint } from '../../shared/tlog/checkpoint.ts'
import { parseNote } from '../../shared/tlog/note.ts'
import { type File, flipped, spoil } from './spoiling-proxy.ts'
import { buildVerifier, missingForVerifier, verifyLog } from './verifier.ts'

/** More than 256 · 256, so that there is a third level. */
const entries = 70_000
const atOnce = 2_000
/** Of two months: each begins with an entry that commits to its key. */
const firstAt = Date.UTC(2026, 9, 20)
const everyMs = 30_000
const leaves = entries + 2

const missing = missingForVerifier()
if (missing) console.log(describeSkipped('of the log by a verifier in Go', [missing]))

describe.skipIf(missing)('c2sp.org/tlog-tiles: the served log, by golang.org/x/mod/sumdb', () => {
  let data: string
  let sallyport: Sallyport
  let program: string
  let address: string
  let vkey: string

  beforeAll(async () => {
    program = await buildVerifier(line => console.log(line))
    data = await mkdtemp(join(tmpdir(), 'sallyport-log-'))
    // Few slots: what is judged here is the tree, and not what a leaf commits to.
    const config = { ...readConfig({}), data, port: 0, readerSlots: 4 }
    sallyport = await openSallyport(config, { database: ':memory:' })
    address = `${sallyport.issuer}/log`
    for (let n = 0; n < entries; n += atOnce) {
      const { written, failure } = await sallyport.store.writeInOrder(batchFrom(n))
      if (written.length < atOnce) throw failure ?? new Error('an entry was refused')
    }
    while ((await publishedSize()) < leaves) await setTimeout(250)
    vkey = (await (await fetch(`${address}/vkey`)).text()).trimEnd()
  }, 300_000)
  afterAll(async () => {
    await sallyport?.close(0)
    await rm(data, { recursive: true, force: true })
  })

  async function publishedSize(): Promise<number> {
    const answer = await fetch(`${address}/checkpoint`)
    return answer.ok ? parseCheckpoint(parseNote(await answer.text()).text).size : 0
  }

  test('every entry, every tile, 500 inclusions and 100 older trees hold', async () => {
    const { code, said } = await verifyLog(program, address, vkey)
    expect(said).toMatch(
      /^size 70002, root \S{44}: 274 bundles, 277 tiles, 500 inclusions, 100 consistencies$/,
    )
    expect(code).toBe(0)
  })

  const few = { inclusion: 5, consistency: 5 }
  const inconsistent = /^tile\/[\w/.]+: downloaded inconsistent tile$/
  const bundle = 'tile/entries/100'
  const otherRoot = /^the entries have the root \S{44}, the checkpoint has \S{44}/

  test.each([
    ['a bit of a tile', 'tile/0/100', flipped(4_096), inconsistent],
    ['a bit of the last hash of a tile', 'tile/0/272', flipped(-1), inconsistent],
    ['a bit of a tile above', 'tile/1/000', flipped(0), inconsistent],
    ['a bit of the last tile of the leaves', 'tile/0/273.p/114', flipped(32), inconsistent],
    ['a bit of the last tile above', 'tile/1/001.p/17', flipped(-1), inconsistent],
    ['a bit of the top', 'tile/2/000.p/1', flipped(31), inconsistent],
    ['a bit of an entry', bundle, flipped(60), otherRoot],
    ['a bit of the last entry', 'tile/entries/273.p/114', flipped(-1), otherRoot],
    ['two entries in the other order', bundle, exchanged, otherRoot],
    ['an entry one byte longer', bundle, flipped(1), /^tile\/entries\/100/],
    ['a bundle cut short', bundle, cut, /^tile\/entries\/100 ends before its entry 255 does$/],
    ['a bundle with an entry more', bundle, longer, /^tile\/entries\/100: 2 bytes follow its last entry$/],
    ['a bit of the size', 'checkpoint', changed('\n70002\n', '\n70003\n'), /^checkpoint: invalid signature/],
    ['an older size', 'checkpoint', changed('\n70002\n', '\n60002\n'), /^checkpoint: invalid signature/],
    ['a bit of the signature', 'checkpoint', flipped(-20), /^checkpoint: (invalid signature|malformed note)/],
    ['a bit of the name', 'checkpoint', flipped(0), /^checkpoint: invalid signature/],
    ['no signature', 'checkpoint', changed('— ', '- '), /^checkpoint: malformed note/],
    ['a tile that is not there', 'tile/0/007', absent, /^tile\/0\/007: .*answered 404/],
    ['a bundle that is not there', 'tile/entries/007', absent, /^tile\/entries\/007: answered 404/],
    ['a tile served as a page', 'tile/0/007', asPage, /of type "text\/html"/],
  ] as const)('is noticed: %s', async (_, path, change, fault) => {
    await using proxy = await spoil(address, path, change)
    const { code, said } = await verifyLog(program, proxy.address, vkey, few)
    expect(said).toMatch(fault)
    expect(code).toBe(1)
    expect(proxy.asked()).toBeGreaterThan(0)
  })

  test('is noticed: another log’s key', async () => {
    const other = 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k'
    const { code, said } = await verifyLog(program, address, other, few)
    expect(said).toBe('checkpoint: note has no verifiable signatures')
    expect(code).toBe(1)
  })

  test('through the proxy, with nothing changed, all of it holds', async () => {
    await using proxy = await spoil(address, 'tile/0/100', file => file)
    expect((await verifyLog(program, proxy.address, vkey, few)).code).toBe(0)
  })
})

function batchFrom(first: number) {
  return Array.from({ length: atOnce }, (_, k) => {
    const n = first + k
    const random = Buffer.alloc(16)
    random.writeUInt32BE(n, 12)
    const facts = {
      now: firstAt + n * everyMs,
      random,
      request: `request_${n}`,
      operation: 'list',
      eids: [],
      slots: [],
    }
    return putEntry(readEntry({ ...facts, reader }))
  })
}

const reader = { id: 'user_1', name: 'Ada', organisation: 'org_1', kind: 'person' } as const

const withBytes = (file: File, bytes: Uint8Array): File => ({ ...file, bytes })
function exchanged(file: File): File {
  const [one, two, rest] = [file.bytes.slice(0, 108), file.bytes.slice(108, 216), file.bytes.slice(216)]
  return withBytes(file, Buffer.concat([two, one, rest]))
}
const cut = (file: File): File => withBytes(file, file.bytes.slice(0, -1))
const longer = (file: File): File => withBytes(file, Buffer.concat([file.bytes, new Uint8Array(2)]))
function changed(from: string, to: string): (file: File) => File {
  return file => withBytes(file, Buffer.from(Buffer.from(file.bytes).toString().replace(from, to)))
}
const absent = (file: File): File => ({ ...file, status: 404 })
const asPage = (file: File): File => ({ ...file, type: 'text/html' })
