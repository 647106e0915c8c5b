/** c2sp.org/tlog-witness from the log's side: what is asked, what is taken, and who is told when it is refused. */
import { generateKeyPairSync, sign } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createCosigner } from '../../../client/cli/witness-cosigner.ts'
import type { KeptLog } from '../../../client/cli/witness-memory.ts'
import { appendCosignatures } from '../../../functions/sequencer/cosignatures.ts'
import { type WitnessDeps, witnessCheckpoint } from '../../../functions/sequencer/witness.ts'
import { openFileObjects } from '../../../shared/adapters/embedded/file-objects.ts'
import { openSqliteStore, type SqliteStore } from '../../../shared/adapters/embedded/sqlite-store.ts'
import { systemClock } from '../../../shared/adapters/world.ts'
import { indexes, keys } from '../../../shared/domain/keys.ts'
import { type HttpRequest, type HttpResponse, NotSent } from '../../../shared/ports/http.ts'
import type { Objects } from '../../../shared/ports/objects.ts'
import { StoreUnavailable } from '../../../shared/ports/store.ts'
import { sizeType } from '../../../shared/tlog/add-checkpoint.ts'
import { formatCheckpoint } from '../../../shared/tlog/checkpoint.ts'
import { cosignature, cosignatureInput, cosignedBy } from '../../../shared/tlog/cosignature.ts'
import {
  formatNote,
  formatSignature,
  formatVerifierKey,
  keyType,
  parseNote,
  parseVerifierKey,
  type VerifierKey,
} from '../../../shared/tlog/note.ts'
import type { ReadSubtree } from '../../../shared/tlog/proof.ts'
import { leafHashes, mth, utf8 } from '../tlog/naive-tree.ts'

const origin = 'example.com/log'
const leaves = leafHashes(64)
const fork = [...leaves.slice(0, 7), ...leafHashes(128).slice(70)]

async function newKey(name: string, type: VerifierKey['type']) {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const raw = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url')
  const vkey = await formatVerifierKey(name, type, raw)
  const verifier = await parseVerifierKey(vkey)
  return { vkey, verifier, sign: (bytes: Uint8Array) => new Uint8Array(sign(null, bytes, privateKey)) }
}
type OwnKey = Awaited<ReturnType<typeof newKey>>

type Answer = (request: HttpRequest, signal: AbortSignal) => Promise<HttpResponse>

interface Party {
  readonly url: string
  readonly key: OwnKey
  answer: Answer
  readonly asked: string[]
}

let log: OwnKey
let store: SqliteStore
let parties: Party[]
let deps: WitnessDeps
let alarms: { readonly name: string; readonly fields: Readonly<Record<string, string | number>> }[]
let counted: string[]
let ahead: number

beforeEach(async () => {
  log = await newKey(origin, keyType.ed25519)
  store = openSqliteStore(':memory:', Object.values(indexes))
  parties = []
  alarms = []
  counted = []
  ahead = 0
})
afterEach(() => store.close())

/** A witness with a memory of its own, that is reached without a network. */
async function addParty(name: string): Promise<Party> {
  const key = await newKey(name, keyType.cosignature)
  const kept = new Map<string, KeptLog>()
  const cosigner = createCosigner({
    key,
    memory: {
      seen: one => kept.get(one),
      origins: () => kept.keys(),
      keep: async (one, next) => void kept.set(one, next),
    },
    logs: [log.verifier],
    now: () => Date.now(),
    tell: () => {},
  })
  const party: Party = {
    url: `https://${name}`,
    key,
    asked: [],
    async answer({ body }) {
      const answered = await cosigner.submit(body ?? new Uint8Array())
      if (answered.status === 200) return reply(200, answered.line)
      return answered.status === 409
        ? reply(409, `${answered.size}\n`, sizeType)
        : reply(answered.status, `${answered.why}\n`)
    },
  }
  parties.push(party)
  deps = {
    store,
    http: {
      open(request, signal) {
        const asked = parties.find(({ url }) => request.url === `${url}/add-checkpoint`)
        if (asked === undefined) throw new NotSent('nobody is there')
        asked.asked.push(
          Buffer.from(request.body ?? [])
            .toString()
            .split('\n')[0] ?? '',
        )
        return asked.answer(request, signal)
      },
    },
    clock: { ...systemClock, now: () => Date.now() + ahead },
    telemetry: {
      count: (name, labels) => counted.push(`${name} ${labels?.witness}`),
      alarm: (name, fields) => alarms.push({ name, fields }),
      error: message => counted.push(message),
    },
    witnesses: parties.map(({ url, key: { verifier } }) => ({ url, key: verifier })),
    witnessPatienceMs: 300,
  }
  return party
}

const reply = (status: number, body: string, type = 'text/plain'): HttpResponse => ({
  status,
  headers: { 'content-type': type },
  bytes: (async function* () {
    yield utf8(body)
  })(),
})

function checkpoint(size: number, tree = leaves): { readonly checkpoint: string; readonly size: number } {
  const text = formatCheckpoint({ origin, size, root: mth(tree.slice(0, size)) })
  return {
    checkpoint: formatNote({ text, signatures: [{ ...log.verifier, bytes: log.sign(utf8(text)) }] }),
    size,
  }
}
const reading =
  (tree = leaves): ReadSubtree =>
  async ({ height, index }) =>
    mth(tree.slice(index * 2 ** height, (index + 1) * 2 ** height))

const witnessed = (size: number, tree = leaves) =>
  witnessCheckpoint(deps, checkpoint(size, tree), reading(tree))
async function memoryOf({ key }: Party) {
  const [found] = await store.get([keys.logWitness(key.verifier.name)])
  const { pk, sk, ...memory } = { pk: '', sk: '', ...found }
  return memory
}
const names = async (size: number, tree = leaves) => (await witnessed(size, tree)).map(({ name }) => name)

describe('a witness', () => {
  test('cosigns as the tree grows, each time asked from where it was', async () => {
    const party = await addParty('w.example/1')
    for (const size of [1, 2, 9, 64]) {
      const signatures = await witnessed(size)
      const { text } = parseNote(checkpoint(size).checkpoint)
      expect(await cosignedBy({ text, signatures }, [party.key.verifier])).toMatchObject([
        { witness: 'w.example/1' },
      ])
      expect(await memoryOf(party)).toEqual({ size, at: expect.any(Number) })
    }
    expect(party.asked).toEqual(['old 0', 'old 1', 'old 2', 'old 9'])
    expect(alarms).toEqual([])
  })

  test('that knows more than is remembered of it is asked once more from there', async () => {
    const party = await addParty('w.example/1')
    await witnessed(5)
    await store.write({ kind: 'remove', key: keys.logWitness('w.example/1') })
    expect(await names(9)).toEqual(['w.example/1'])
    expect(party.asked).toEqual(['old 0', 'old 0', 'old 5'])
    expect(alarms).toEqual([])
  })

  test('that has lost its memory is asked from the beginning', async () => {
    const party = await addParty('w.example/1')
    await store.write({ kind: 'put', key: keys.logWitness('w.example/1'), item: { size: 7 } })
    expect(await names(9)).toEqual(['w.example/1'])
    expect(party.asked).toEqual(['old 7', 'old 0'])
  })

  test('whose cosignature the note has already is not asked', async () => {
    const [party, other] = [await addParty('w.example/1'), await addParty('w.example/2')]
    const published = checkpoint(5)
    const [own] = await witnessCheckpoint(deps, published, reading())
    if (!own) throw new Error('it cosigns')
    const note = parseNote(published.checkpoint)
    const carrying = {
      ...published,
      checkpoint: formatNote({ ...note, signatures: [...note.signatures, own] }),
    }
    expect((await witnessCheckpoint(deps, carrying, reading())).map(({ name }) => name)).toEqual([
      'w.example/2',
    ])
    expect([party.asked.length, other.asked.length]).toEqual([1, 2])
  })

  test('is asked beside the others: one that hangs takes no longer than its patience, and holds up nobody', async () => {
    const [slow, quick] = [await addParty('slow.example'), await addParty('quick.example')]
    slow.answer = () => new Promise(() => {})
    const before = Date.now()
    expect(await names(5)).toEqual(['quick.example'])
    expect(Date.now() - before).toBeLessThan(2_000)
    expect(await memoryOf(slow)).toMatchObject({
      size: 0,
      refused: { status: 0, detail: 'it took too long' },
    })
    expect(await memoryOf(quick)).toMatchObject({ size: 5 })
    expect(counted).toContain('witness_unreached slow.example')
    expect(alarms).toEqual([])
  })

  test('that is down is counted, recorded, left alone for a minute, and then asked again', async () => {
    const party = await addParty('w.example/1')
    const { answer } = party
    party.answer = () => Promise.reject(new NotSent('No connection'))
    expect(await names(5)).toEqual([])
    expect(await memoryOf(party)).toMatchObject({ refused: { status: 0, detail: 'NotSent' } })
    party.answer = answer
    expect(await names(6)).toEqual([])
    ahead = 61_000
    expect(await names(7)).toEqual(['w.example/1'])
    expect(await memoryOf(party)).toEqual({ size: 7, at: expect.any(Number) })
    expect([counted, party.asked.length]).toEqual([
      ['witness_unreached w.example/1', 'witness_cosigned w.example/1'],
      2,
    ])
  })

  test.each([
    ['500', reply(500, 'oops')],
    ['429', reply(429, 'later')],
  ])('that answers %s has judged nothing: no alarm', async (_, answer) => {
    const party = await addParty('w.example/1')
    party.answer = async () => answer
    expect(await names(5)).toEqual([])
    expect(counted).toEqual(['witness_unreached w.example/1'])
    expect(alarms).toEqual([])
  })
})

describe('a refusal is an alarm, and is recorded', () => {
  test('of another tree of the same size, and of one that forks: 422', async () => {
    const party = await addParty('w.example/1')
    await witnessed(9)
    expect(await names(9, fork)).toEqual([])
    ahead = 61_000
    expect(await names(20, fork)).toEqual([])
    expect(alarms).toMatchObject([
      { name: 'witness_refused', fields: { witness: 'w.example/1', status: 422, size: 9 } },
      { name: 'witness_refused', fields: { witness: 'w.example/1', status: 422, size: 20 } },
    ])
    expect(await memoryOf(party)).toMatchObject({
      size: 9,
      refused: { status: 422, detail: 'the proof does not show that the tree has only grown' },
    })
  })

  test('of a tree that was rolled back: it has cosigned a larger one', async () => {
    const party = await addParty('w.example/1')
    await witnessed(9)
    expect(await names(5)).toEqual([])
    expect(alarms).toMatchObject([
      {
        name: 'witness_refused',
        fields: { status: 409, size: 5, detail: expect.stringContaining('a tree of 9') },
      },
    ])
    expect(party.asked).toEqual(['old 0', 'old 5'])
  })

  test('but none where another sequencer has gone on meanwhile', async () => {
    const party = await addParty('w.example/1')
    await witnessed(9)
    const state = { size: 9, checkpoint: checkpoint(9).checkpoint, staged: 'a', finished: 'a', at: 1, rev: 1 }
    await store.write({ kind: 'put', key: keys.logState, item: state })
    expect(await names(5)).toEqual([])
    expect(alarms).toEqual([])
    expect(await memoryOf(party)).toEqual({ size: 9, at: expect.any(Number) })
    // What no sequencer of this log has reached is no progress of another.
    await store.write({ kind: 'put', key: keys.logState, item: { ...state, size: 8 } })
    expect(await names(5)).toEqual([])
    expect(alarms).toHaveLength(1)
  })

  test('of a log that it does not know (404), or whose key it does not know (403)', async () => {
    const party = await addParty('w.example/1')
    for (const status of [404, 403]) {
      party.answer = async () => reply(status, 'we do not\u001b[2Jknow you\nand more\n')
      expect(await names(5)).toEqual([])
      expect(alarms.pop()).toMatchObject({ fields: { status, detail: 'we do not?[2Jknow you' } })
      ahead += 61_000
    }
  })

  test('that is a 409 without end, or with a size that is none', async () => {
    const party = await addParty('w.example/1')
    party.answer = async () => reply(409, '3\n', sizeType)
    expect(await names(5)).toEqual([])
    expect(party.asked).toEqual(['old 0', 'old 3'])
    expect(alarms.pop()).toMatchObject({
      fields: { status: 409, detail: expect.stringContaining('says so again') },
    })
    ahead = 61_000
    for (const [body, type] of [['03\n'], ['3'], ['3\n', 'text/plain']] as const) {
      party.answer = async () => reply(409, body, type ?? sizeType)
      expect(await names(5)).toEqual([])
      expect(alarms.pop()).toMatchObject({ fields: { status: 409 } })
      ahead += 61_000
    }
  })
})

describe('a cosignature is not taken', () => {
  const answering = async (line: (text: string, party: Party) => string | Promise<string>) => {
    const party = await addParty('w.example/1')
    const { text } = parseNote(checkpoint(5).checkpoint)
    const lines = await line(text, party)
    party.answer = async () => reply(200, lines)
    expect(await names(5)).toEqual([])
    expect(alarms).toMatchObject([{ name: 'witness_refused', fields: { status: 200 } }])
    expect(await memoryOf(party)).toMatchObject({ size: 0, refused: { status: 200 } })
    return alarms[0]?.fields.detail
  }
  const by = (key: OwnKey, text: string, { at = 1_790_000_000, as = key.verifier } = {}): string =>
    formatSignature(cosignature(as, at, key.sign(cosignatureInput(text, at))))

  test('by the wrong key, under its own name or under that of the witness', async () => {
    const other = await newKey('w.example/1', keyType.cosignature)
    expect(await answering(text => by(other, text))).toMatch(/it sent no cosignature of w.example\/1/)
    parties = []
    alarms = []
    ahead = 61_000
    expect(await answering((text, { key }) => by(other, text, { as: key.verifier }))).toBe(
      'the cosignature of w.example/1 does not verify',
    )
  })

  test('of another checkpoint, or of none', async () => {
    await answering((_, { key }) => by(key, parseNote(checkpoint(6).checkpoint).text))
  })

  test('without a time', async () => {
    await answering((text, { key }) => by(key, text, { at: 0 }))
  })

  test('under a text of the witness’s own that begins with the checkpoint', async () => {
    const detail = await answering((text, { key }) => `more\n\n${by(key, `${text}\nmore\n`)}`)
    expect(detail).toBe('it sent more than lines of signatures')
  })

  test('that is empty, HTML, or without end', async () => {
    await answering(() => '')
    parties = []
    alarms = []
    ahead = 61_000
    await answering(() => '<p>It works!</p>\n')
    parties = []
    alarms = []
    ahead = 122_000
    expect(await answering(() => 'x'.repeat(70_000))).toBe('its answer has more than 65536 bytes')
  })

  test('but one beside lines of others is, alone', async () => {
    const party = await addParty('w.example/1')
    const other = await newKey('w.example/9', keyType.cosignature)
    const { text } = parseNote(checkpoint(5).checkpoint)
    party.answer = async () => reply(200, by(other, text) + by(party.key, text))
    expect(await names(5)).toEqual(['w.example/1'])
  })
})

describe('what fails here', () => {
  test('says nothing about the witness: a store that is out, a tile that is missing', async () => {
    const party = await addParty('w.example/1')
    await witnessed(3)
    const broken = async () => Promise.reject(new Error('no such tile'))
    expect(await witnessCheckpoint(deps, checkpoint(9), broken)).toEqual([])
    expect(await memoryOf(party)).toEqual({ size: 3, at: expect.any(Number) })
    const out = async () => Promise.reject(new StoreUnavailable('out'))
    const without = { ...deps, store: { get: out, write: out } }
    expect(await witnessCheckpoint(without, checkpoint(9), reading())).toHaveLength(1)
    expect(alarms).toEqual([])
    expect(counted.filter(one => !one.startsWith('witness_'))).toEqual([
      'a proof for a witness could not be made',
      'what is known of witnesses could not be read',
      'what a witness answered could not be kept',
    ])
  })
})

describe('appending cosignatures', () => {
  let folder: string
  let objects: Objects
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sallyport-'))
    objects = await openFileObjects(folder)
  })
  afterEach(() => rm(folder, { recursive: true }))
  const publish = (note: string) => objects.put('log/checkpoint', utf8(note), { ifAbsent: true })
  const published = async () => Buffer.from((await objects.get('log/checkpoint'))?.bytes ?? []).toString()
  const signers = async () => parseNote(await published()).signatures.map(({ name }) => name)

  test('keeps the log’s signature and those that came before, each once', async () => {
    await Promise.all([addParty('w.example/1'), addParty('w.example/2')])
    const { checkpoint: note } = checkpoint(5)
    await publish(note)
    const [one, two] = await witnessed(5)
    if (!one || !two) throw new Error('both cosign')
    expect(await appendCosignatures(objects, note, [one])).toBe(true)
    expect(await appendCosignatures(objects, note, [one, two])).toBe(true)
    expect(await appendCosignatures(objects, await published(), [two])).toBe(false)
    expect(await signers()).toEqual([origin, one.name, two.name])
    expect(parseNote(await published()).text).toBe(parseNote(note).text)
  })

  test('of two at once loses none', async () => {
    await Promise.all([addParty('w.example/1'), addParty('w.example/2')])
    const { checkpoint: note } = checkpoint(5)
    await publish(note)
    await Promise.all((await witnessed(5)).map(one => appendCosignatures(objects, note, [one])))
    expect((await signers()).sort()).toEqual([origin, 'w.example/1', 'w.example/2'])
  })

  test('does nothing once another checkpoint is published, or none is', async () => {
    await addParty('w.example/1')
    const signatures = await witnessed(5)
    expect(await appendCosignatures(objects, checkpoint(5).checkpoint, signatures)).toBe(false)
    const later = checkpoint(6).checkpoint
    await publish(later)
    expect(await appendCosignatures(objects, checkpoint(5).checkpoint, signatures)).toBe(false)
    expect(await published()).toBe(later)
  })
})
