/** Whatever a stranger sends: no parser throws anything but a `NoteError`, and what it takes it writes again the same. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fromBase64, toBase64 } from '../../../shared/tlog/base64.ts'
import { formatCheckpoint, parseCheckpoint } from '../../../shared/tlog/checkpoint.ts'
import { cosignedBy } from '../../../shared/tlog/cosignature.ts'
import {
  formatNote,
  formatVerifierKey,
  isKeyName,
  keyType,
  NoteError,
  openNote,
  parseNote,
  parseVerifierKey,
} from '../../../shared/tlog/note.ts'
import { verifyConsistency, verifyInclusion } from '../../../shared/tlog/proof.ts'
import { formatProofFile, parseProofFile } from '../../../shared/tlog/proof-file.ts'
import { signingKey } from './ed25519.ts'
import { hex } from './naive-tree.ts'

const numRuns = 100
const bytes = (minLength: number, maxLength = minLength) => fc.uint8Array({ minLength, maxLength })
const line = (characters: string) =>
  fc.array(fc.constantFrom(...characters), { minLength: 1, maxLength: 20 }).map(found => found.join(''))
const name = fc
  .oneof(line('abcz.-/:0189'), fc.string({ unit: 'grapheme' }))
  .filter(isKeyName)
  .filter(text => !/\p{Cc}/u.test(text))

/** A line of what people write. */
const written = fc.string({ unit: 'grapheme' }).map(text => text.replaceAll(/\p{Cc}/gu, ''))

/** Pieces of notes, checkpoints, keys and proofs, in any order: most of what parsers look at. */
const piece = fc.oneof(
  fc.string({ unit: 'binary' }),
  bytes(0, 80).map(toBase64),
  fc.nat().map(String),
  fc.constantFrom(
    '\n',
    '\n\n',
    '— ',
    ' ',
    '+',
    'name',
    'index 0\n',
    'extra ',
    'c2sp.org/tlog-proof@v1\n',
    'log.example\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n',
    'a\n\n— a AAAAAAA=\n',
    'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n',
    '+00000000+',
    '\ud800',
    '=',
  ),
)
const anything = fc.array(piece, { maxLength: 8 }).map(pieces => pieces.join(''))

/** What `parse` makes of it; `undefined` where it refuses. */
function taken<T>(parse: () => T): T | undefined {
  try {
    return parse()
  } catch (error) {
    if (error instanceof NoteError) return undefined
    throw error
  }
}

describe('any text at all', () => {
  test('is refused as a note, or is one', () => {
    fc.assert(
      fc.property(anything, text => {
        const note = taken(() => parseNote(text))
        if (note !== undefined) expect(formatNote(note)).toBe(text)
      }),
      { numRuns },
    )
  })

  test('is refused as a checkpoint, or is one', () => {
    fc.assert(
      fc.property(anything, text => {
        const checkpoint = taken(() => parseCheckpoint(text))
        if (checkpoint !== undefined) expect(formatCheckpoint(checkpoint)).toBe(text)
      }),
      { numRuns },
    )
  })

  test('is refused as a proof, or is one', () => {
    fc.assert(
      fc.property(anything, text => {
        const file = taken(() => parseProofFile(text))
        if (file !== undefined) expect(formatProofFile(file)).toBe(text)
      }),
      { numRuns },
    )
  })

  test('is refused as a key, or is one', async () => {
    await fc.assert(
      fc.asyncProperty(anything, async text => {
        const key = await parseVerifierKey(text).catch((error: unknown) => {
          expect(error).toBeInstanceOf(NoteError)
        })
        if (key) expect(await formatVerifierKey(key.name, key.type, key.publicKey)).toBe(text)
      }),
      { numRuns },
    )
  })

  test('is no base64, or is that of its bytes', () => {
    fc.assert(
      fc.property(fc.oneof(anything, line('AB/+=')), text => {
        const decoded = fromBase64(text)
        if (decoded !== undefined) expect(Buffer.from(decoded).toString('base64')).toBe(text)
      }),
      { numRuns },
    )
  })
})

describe('what is written is read again', () => {
  test('notes, with any signatures', () => {
    const id = bytes(4).map(hex)
    const signature = fc.record({ name, id, bytes: bytes(1, 80) })
    const text = fc.array(written, { maxLength: 5 }).map(lines => lines.join('\n'))
    fc.assert(
      fc.property(text, fc.array(signature, { minLength: 1, maxLength: 5 }), (text, signatures) => {
        const note = { text: `${text}\n`, signatures }
        expect(parseNote(formatNote(note))).toEqual(note)
      }),
      { numRuns },
    )
  })

  test('checkpoints', () => {
    fc.assert(
      fc.property(name, fc.maxSafeNat(), bytes(32), (origin, size, root) => {
        expect(parseCheckpoint(formatCheckpoint({ origin, size, root }))).toEqual({ origin, size, root })
      }),
      { numRuns },
    )
  })

  test('proofs', () => {
    const file = fc.record(
      {
        extra: bytes(0, 40),
        index: fc.maxSafeNat(),
        proof: fc.array(bytes(32), { maxLength: 53 }),
        checkpoint: fc.string(),
      },
      { requiredKeys: ['index', 'proof', 'checkpoint'], noNullPrototype: true },
    )
    fc.assert(
      fc.property(file, file => {
        expect(parseProofFile(formatProofFile(file))).toEqual(file)
      }),
      { numRuns },
    )
  })

  test('keys', async () => {
    const type = fc.constantFrom(keyType.ed25519, keyType.cosignature)
    await fc.assert(
      fc.asyncProperty(name, type, bytes(32), async (name, type, publicKey) => {
        const key = await parseVerifierKey(await formatVerifierKey(name, type, publicKey))
        expect(key).toMatchObject({ name, type, publicKey })
      }),
      { numRuns },
    )
  })

  test('base64, of a megabyte too', () => {
    const large = Uint8Array.from({ length: 2 ** 20 + 1 }, (_, i) => i * i)
    expect(toBase64(large)).toBe(Buffer.from(large).toString('base64'))
    expect(fromBase64(toBase64(large))).toEqual(large)
    fc.assert(
      fc.property(bytes(0, 100), bytes => {
        expect(toBase64(bytes)).toBe(Buffer.from(bytes).toString('base64'))
        expect(fromBase64(toBase64(bytes))).toEqual(bytes)
      }),
      { numRuns },
    )
  })
})

describe('whatever is to be verified is answered', () => {
  test('signatures of any bytes, by keys of any bytes', async () => {
    const text = 'log.example\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n'
    const type = fc.constantFrom(keyType.ed25519, keyType.cosignature)
    const publicKey = fc.oneof(
      bytes(32),
      fc.constantFrom(0, 1, 255).map(byte => new Uint8Array(32).fill(byte)),
    )
    await fc.assert(
      fc.asyncProperty(type, publicKey, bytes(1, 80), async (type, publicKey, signature) => {
        const key = await parseVerifierKey(await formatVerifierKey('log.example', type, publicKey))
        const note = { text, signatures: [{ name: key.name, id: key.id, bytes: signature }] }
        const opening = type === keyType.ed25519 ? openNote(formatNote(note), key) : cosignedBy(note, [key])
        await expect(opening).rejects.toThrow(NoteError)
      }),
      { numRuns },
    )
  })

  test('proofs of any numbers and any bytes', async () => {
    const number = fc.oneof(fc.nat(10), fc.double(), fc.maxSafeInteger())
    const hash = fc.oneof(bytes(32), bytes(0, 40))
    await fc.assert(
      fc.asyncProperty(
        number,
        number,
        hash,
        hash,
        fc.array(hash, { maxLength: 60 }),
        async (a, b, one, two, proof) => {
          const included = await verifyInclusion({ leaf: one, index: a, size: b, root: two, proof })
          const given = { older: { size: a, root: one }, newer: { size: b, root: two }, proof }
          expect([included, await verifyConsistency(given)].every(is => typeof is === 'boolean')).toBe(true)
        },
      ),
      { numRuns },
    )
  })

  test('a key made from a seed signs what it verifies', async () => {
    const { key, sign } = await signingKey('log.example')
    await fc.assert(
      fc.asyncProperty(
        written.map(text => `${text}\n`),
        async text => {
          expect((await openNote(formatNote({ text, signatures: [sign(text)] }), key)).text).toBe(text)
        },
      ),
      { numRuns },
    )
  })
})
