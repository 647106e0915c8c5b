/** A verifier of records and bundles as somebody writes it who has docs/log-format.md and nothing else of Sallyport. */
import { createHash, createPublicKey, verify } from 'node:crypto'
import { inflateRawSync } from 'node:zlib'
import canonicalize from 'canonicalize'

const H = (...parts: (Uint8Array | string | number)[]): Buffer => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(typeof part === 'number' ? Uint8Array.of(part) : part)
  return hash.digest()
}
const check = (holds: boolean, what: string): void => {
  if (!holds) throw new Error(what)
}
const jcs = (value: unknown): string => canonicalize(value) ?? ''
const b64u = (text: string | undefined): Buffer => Buffer.from(text ?? '', 'base64url')
const fields = [
  'comment',
  ...['reference', 'params', 'difference', 'hit', 'effects', 'shown', 'proposed_shown'].map(
    name => `unmapped.${name}`,
  ),
]

type Loose = { [name: string]: unknown }
type Body = { metadata: { uid: string }; time: number; unmapped: Loose } & Loose
type Bytes = 'log' | 'body_salt' | 'carrier' | 'salt' | 'attr_commit' | 'seal_commit'
type Numbers = Record<'epoch' | 'type' | 'flags' | 'index' | 'position', number>
type Fields = { path: string[]; field_salts?: Record<string, string>; field_hashes?: Record<string, string> }
type View = Record<Bytes, string> & Numbers & Fields
type Shown = { eid: string; digest: string; body: Body; withheld?: string[]; proof?: string; view: View }

/** Steps 1 to 5: the hash of the leaf that the tree must have. */
function leafOf({ eid, digest, body, withheld = [], view }: Shown): Buffer {
  check(body.metadata.uid === eid, 'another id')
  const digits = [...eid.slice(6, 16)].map(digit => '0123456789abcdefghjkmnpqrstvwxyz'.indexOf(digit))
  const time = new Date(digits.reduce((value, digit) => value * 32 + digit, 0))
  check(view.epoch === time.getUTCFullYear() * 12 + time.getUTCMonth(), 'another epoch')
  const committed = structuredClone(body)
  for (const name of fields) {
    const inner = name.replace('unmapped.', '')
    const place = inner === name ? committed : committed.unmapped
    const [hash, salt] = [view.field_hashes?.[name], view.field_salts?.[name]]
    check(withheld.includes(name) === (hash !== undefined), `${name}: withheld or not`)
    if (hash !== undefined) {
      check(place[inner] === undefined || name === 'unmapped.hit', `${name} is withheld and there`)
      place[inner] = hash
    } else if (place[inner] !== undefined) {
      check(salt !== undefined, `${name} has no salt`)
      place[inner] = H(4, b64u(salt), jcs(place[inner])).toString('base64url')
    } else check(salt === undefined, `${name} is not there`)
  }
  const d = H(3, b64u(view.body_salt), jcs(committed))
  check(d.equals(b64u(digest)), 'the body does not give the digest')
  const carrier = b64u(view.carrier)
  check(carrier.length === 24, 'the carrier')
  const [at, took] = [carrier.readBigUInt64BE(8), carrier.readBigUInt64BE(16)]
  const [due, begun] = [BigInt(body.time) * 1000n, BigInt(Number(body.start_time ?? body.time)) * 1000n]
  const tens = (micros: bigint) => micros - (micros % 10_000_000n)
  const isMarked = [due, begun].includes(tens(at)) && tens(took) === (due > begun ? due - begun : 0n)
  const hasLatency = body.start_time !== undefined || took === 0n
  check((at === due && took === 0n) || (isMarked && hasLatency), 'the time of the slot')
  check(view.path.length <= 10 && view.position >= 0 && view.position < 2 ** view.path.length, 'the position')
  let root = H(2, b64u(view.salt), carrier, d)
  view.path.forEach((hash, level) => {
    root = (view.position >> level) & 1 ? H(1, b64u(hash), root) : H(1, root, b64u(hash))
  })
  const head = Buffer.alloc(10, 'TPL1')
  head[4] = view.type
  head[5] = view.flags
  head.writeUInt32BE(view.epoch, 6)
  const [attr, seal] = [b64u(view.attr_commit), b64u(view.seal_commit)]
  check(attr.length === 32 && seal.length === 32, 'a commitment')
  return H(0, head, root, attr, seal)
}

/** RFC 9162 §2.1.3.2. */
function included(leaf: Buffer, index: number, size: number, proof: Buffer[], root: Buffer): boolean {
  let [fn, sn, r] = [index, size - 1, leaf]
  if (index >= size) return false
  for (const p of proof) {
    if (sn === 0) return false
    if (fn % 2 === 1 || fn === sn) {
      r = H(1, p, r)
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [fn / 2, Math.floor(sn / 2)]
    } else r = H(1, r, p)
    ;[fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)]
  }
  return sn === 0 && r.equals(root)
}

/** Step 6. */
function openCheckpoint(note: string, vkey: string): { origin: string; size: number; root: Buffer } {
  const [, name = '', id = '', base64 = ''] = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/.exec(vkey) ?? []
  const key = Buffer.from(base64, 'base64')
  check(key[0] === 1 && H(name, '\n', key).subarray(0, 4).toString('hex') === id, 'no key of a log')
  const x = key.subarray(1).toString('base64url')
  const publicKey = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
  const at = note.lastIndexOf('\n\n')
  const text = note.slice(0, at + 1)
  const signed = note
    .slice(at + 2)
    .split('\n')
    .some(line => {
      const [dash, signer, signature = ''] = line.split(' ')
      const bytes = Buffer.from(signature, 'base64')
      if (dash !== '—' || signer !== name || bytes.subarray(0, 4).toString('hex') !== id) return false
      return verify(null, Buffer.from(text), publicKey, bytes.subarray(4))
    })
  const [origin = '', size, root = '', end, ...rest] = text.split('\n')
  check(signed, 'the signature of the log')
  check(origin === name && end === '' && rest.length === 0, 'a checkpoint of this log')
  return { origin, size: Number(size), root: Buffer.from(root, 'base64') }
}

export function verifyRecord(record: Shown, vkey: string): { index: number; reader: string } {
  const [head = '', ...rest] = (record.proof ?? '').split('\n\n')
  const [, index = '', ...hashes] = head.split('\n')
  const { origin, size, root } = openCheckpoint(rest.join('\n\n'), vkey)
  check(record.view.log === origin && index === `index ${record.view.index}`, 'a proof of this record')
  const proof = hashes.map(hash => Buffer.from(hash, 'base64'))
  check(included(leafOf(record), record.view.index, size, proof, root), 'it is not in the tree')
  return { index: record.view.index, reader: b64u(record.view.carrier).subarray(0, 8).toString('hex') }
}

/** By the directory at the end. */
function unzip(zip: Buffer): Map<string, string> {
  const files = new Map<string, string>()
  let at = zip.readUInt32LE(zip.length - 6)
  for (let n = zip.readUInt16LE(zip.length - 12); n > 0; n--) {
    const [packed, length, from] = [
      zip.readUInt32LE(at + 20),
      zip.readUInt16LE(at + 28),
      zip.readUInt32LE(at + 42),
    ]
    const name = zip.toString('utf8', at + 46, at + 46 + length)
    const start = from + 30 + zip.readUInt16LE(from + 26) + zip.readUInt16LE(from + 28)
    const bytes = zip.subarray(start, start + packed)
    check(!files.has(name), 'a name twice')
    files.set(name, (zip.readUInt16LE(at + 10) === 8 ? inflateRawSync(bytes) : bytes).toString())
    at += 46 + length
  }
  return files
}

export function verifyBundle(
  bytes: Uint8Array,
  vkey: string,
): { records: number; gaps: number[]; granted: boolean } {
  const files = unzip(Buffer.from(bytes))
  const read = (name: string): string => files.get(name) ?? ''
  const manifest = JSON.parse(read('manifest.json'))
  check(files.size === manifest.files.length + 1, 'other files than it names')
  for (const { name, sha256 } of manifest.files)
    check(H(read(name)).toString('hex') === sha256, `another ${name}`)
  const { origin, size, root } = openCheckpoint(read('checkpoint'), vkey)
  const proofs = JSON.parse(read('proofs.json'))
  check(JSON.parse(read('keys.json')).log === vkey && manifest.log === origin, 'another log')
  check(
    proofs.size === size && proofs.root === root.toString('base64') && size >= manifest.size,
    'another tree',
  )
  const records = read('records.jsonl')
    .split('\n')
    .slice(0, -1)
    .map(line => JSON.parse(line) as Shown)
  const exact = read('exact.jsonl')
    .split('\n')
    .slice(0, -1)
    .map(line => JSON.parse(line))
  check(records.length === manifest.records && records.length === proofs.proofs.length, 'as many as it says')
  records.forEach((record, n) => {
    const { index, hashes } = proofs.proofs[n]
    const { view, body, eid, withheld = [] } = record
    check(view.log === origin && view.index === index && index < manifest.size, 'a proof of this record')
    const path = hashes.map((hash: string) => Buffer.from(hash, 'base64'))
    check(included(leafOf(record), index, size, path, root), 'it is not in the tree')
    const month = `${Math.floor(view.epoch / 12)}-${String((view.epoch % 12) + 1).padStart(2, '0')}`
    const reader = b64u(view.carrier).subarray(0, 8).toString('hex')
    check(
      manifest.readers.some(
        (one: { month: string; reader: string }) => one.month === month && one.reader === reader,
      ),
      'another reader',
    )
    if (manifest.kind !== 'evidence') return
    const seal = H(5, b64u(exact[n].seal_salt), jcs(body), '\n', jcs(exact[n].exact))
    check(exact[n].eid === eid && withheld.length === 0 && seal.equals(b64u(view.seal_commit)), 'its seal')
    const floor = (micros: string) => Math.floor(Number(micros) / 1e7) * 1e4
    check(floor(exact[n].exact.time) === body.time, 'its exact time')
  })
  const places = records.map(({ view }) => view.index).sort((a, b) => a - b)
  check(new Set(places).size === records.length, 'one place twice')
  const gaps = places.flatMap((place, n) =>
    Array.from({ length: place - (places[n - 1] ?? place - 1) - 1 }, (_, i) => (places[n - 1] ?? 0) + 1 + i),
  )
  if (files.has('granted.json')) {
    const granted = JSON.parse(read('granted.json')) as Shown
    verifyRecord(granted, vkey)
    const { kind, export_kind, by, ...told } = granted.body.unmapped
    const names = ['export', 'query', 'from', 'to', 'size', 'purpose']
    check(
      granted.eid === manifest.entry && granted.view.type === 3 && kind === 'export_granted',
      'no grant of it',
    )
    check(export_kind === manifest.kind && by === manifest.decided_by, 'another grant')
    check(
      names.every(name => told[name] === manifest[name]),
      'another grant',
    )
    check((granted.body.actor as { user: Loose }).user.uid === manifest.by.person, 'granted to somebody else')
  }
  return { records: records.length, gaps, granted: files.has('granted.json') }
}
