import { beforeAll, describe, expect, test } from 'vitest'
import { fromBase64, toBase64 } from '../../../shared/tlog/base64.ts'
import {
  formatNote,
  formatSignature,
  formatVerifierKey,
  isKeyName,
  keyType,
  NoteError,
  openNote,
  parseNote,
  parseVerifierKey,
  type VerifierKey,
} from '../../../shared/tlog/note.ts'
import { type SigningKey, signingKey } from './ed25519.ts'
import { fromHex } from './naive-tree.ts'

/** What implementations of signed notes share: two keys, and a text that both have signed. */
const peterKey = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW'
const peterSeed = 'AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz'
const enochKey = 'EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop'
const text =
  "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
const peterSig =
  '— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n'
const enochSig =
  '— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n'

let peter: VerifierKey
let enoch: VerifierKey
let own: SigningKey
beforeAll(async () => {
  peter = await parseVerifierKey(peterKey)
  enoch = await parseVerifierKey(enochKey)
  own = await signingKey('PeterNeumann', fromBase64(peterSeed)?.slice(1))
})

const refusal = async (note: string, key: VerifierKey): Promise<string> => {
  const error = await openNote(note, key).catch((error: unknown) => error)
  if (!(error instanceof NoteError)) throw new Error(`it was not refused: ${String(error)}`)
  return error.message
}
const malformed = (note: string): string => {
  try {
    parseNote(note)
  } catch (error) {
    if (error instanceof NoteError) return error.message
    throw error
  }
  throw new Error(`it was taken for a note: ${JSON.stringify(note)}`)
}

describe('c2sp.org/signed-note, “Signatures”', () => {
  test('the example is verified by its key', async () => {
    const key = await parseVerifierKey(
      'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k',
    )
    const note =
      'This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n'
    expect((await openNote(note, key)).text).toBe('This is an example message.\n')
    expect(await refusal(note.replace('an example', 'no example'), key)).toContain('does not verify')
  })

  test('a text signed with the shared key has the shared signature', () => {
    expect(own.key).toEqual(peter)
    expect(formatSignature(own.sign(text))).toBe(peterSig)
    expect(formatNote({ text, signatures: [own.sign(text)] })).toBe(`${text}\n${peterSig}`)
  })

  test('each of two signatures verifies by its key, wherever it stands', async () => {
    for (const note of [`${text}\n${peterSig}${enochSig}`, `${text}\n${enochSig}${peterSig}`])
      for (const key of [peter, enoch]) {
        const { text: opened, signatures } = await openNote(note, key)
        expect(opened).toBe(text)
        expect(signatures.map(({ name }) => name).sort()).toEqual(['EnochRoot', 'PeterNeumann'])
      }
  })

  test('of an unknown key is ignored, though it shares the name or the id of a known one', async () => {
    const bad = toBase64(Uint8Array.from({ length: 68 }, (_, i) => i))
    const unknown = [
      `— Unknown ${bad}\n`,
      `— PeterNeumann ${bad}\n`,
      `— PeterNeumann2 ${peterSig.slice(15)}`,
      // Of a kind that is not known here, of five bytes, and of 2,432.
      `— witness.example ${toBase64(new Uint8Array(5))}\n`,
      `— witness.example ${toBase64(new Uint8Array(2_432))}\n`,
      `— zero\u200bwidth\u{1f512} ${bad}\n`,
    ].join('')
    expect((await openNote(`${text}\n${unknown}${peterSig}${unknown}`, peter)).text).toBe(text)
    expect(await refusal(`${text}\n${unknown}`, peter)).toBe('it has no signature of PeterNeumann (c74f20a3)')
  })

  test('twice by the same key is as good as once, and both have to verify', async () => {
    expect((await openNote(`${text}\n${peterSig}${peterSig}`, peter)).text).toBe(text)
    const spoiled = peterSig.replace('x08go/Z', 'x08go/a')
    for (const lines of [peterSig + spoiled, spoiled + peterSig, spoiled])
      expect(await refusal(`${text}\n${lines}`, peter)).toBe('the signature of PeterNeumann does not verify')
  })

  test('of a known key that is too short, too long or of nothing does not verify', async () => {
    const bytes = own.sign(text).bytes
    for (const wrong of [
      bytes.slice(0, 63),
      bytes.slice(0, 1),
      new Uint8Array([...bytes, 0]),
      new Uint8Array(64),
    ]) {
      const note = formatNote({ text, signatures: [{ ...own.sign(text), bytes: wrong }] })
      expect(await refusal(note, peter)).toBe('the signature of PeterNeumann does not verify')
    }
  })

  test('of a text is none of another', async () => {
    for (const other of [
      text.toUpperCase(),
      `\n${text}`,
      `${text}\n`,
      `\ufeff${text}`,
      text.replace('think', 'thi\u200bnk'),
    ])
      expect(await refusal(`${other}\n${peterSig}`, peter)).toBe(
        'the signature of PeterNeumann does not verify',
      )
  })

  test('a witness’s key opens no note: what it signs is not the text', async () => {
    const witness = await signingKey('PeterNeumann', undefined, keyType.cosignature)
    const note = formatNote({ text, signatures: [witness.sign(text)] })
    expect(await refusal(note, witness.key)).toBe('the key of PeterNeumann signs no notes by itself')
  })

  test('a key that is no point of the curve has signed nothing', async () => {
    const publicKey = new Uint8Array(32).fill(0xff)
    const key = await parseVerifierKey(await formatVerifierKey('nobody', keyType.ed25519, publicKey))
    const note = formatNote({ text, signatures: [{ ...key, bytes: new Uint8Array(64) }] })
    expect(await refusal(note, key)).toBe('the signature of nobody does not verify')
  })
})

describe('c2sp.org/signed-note, “Format”', () => {
  test('the text ends with the last empty line, and may have others', async () => {
    const poem = 'Ognuno sta solo sul cuor della terra\n\ned è subito sera.\n'
    expect(parseNote(`${poem}\n${peterSig}`).text).toBe(poem)
    expect((await openNote(formatNote({ text: poem, signatures: [own.sign(poem)] }), peter)).text).toBe(poem)
    expect(parseNote(`\n\n${peterSig}`).text).toBe('\n')
    expect(parseNote(`${text}\n\n\n${peterSig}`).text).toBe(`${text}\n\n`)
  })

  test.each([
    ['a text alone', text],
    ['no signature', `${text}\n`],
    ['no empty line', text + peterSig],
    ['no newline at the end', `${text}\n${peterSig.slice(0, -1)}`],
    ['nothing', ''],
    ['a newline', '\n'],
    ['two', '\n\n'],
    ['three', '\n\n\n'],
  ])('there has to be a text, an empty line, a signature: %s', (_, note) => {
    expect(malformed(note)).toMatch(/^(a note is a text, an empty line|a signature reads)/)
  })

  test.each(['\u0000', '\u0001', '\t', '\r', '\u001f'])('no control character: %j', character => {
    expect(malformed(`${character}${text}\n${peterSig}`)).toBe('a note has no control characters')
    expect(malformed(`${text}\n${peterSig.slice(0, -1)}${character}\n`)).toBe(
      'a note has no control characters',
    )
  })

  test('what is no UTF-8 is no note', () => {
    expect(malformed(`\ud800${text}\n${peterSig}`)).toBe('a note is a text of UTF-8')
    expect(malformed(`${text}\n${peterSig.replace('Peter', '\udfff')}`)).toBe('a note is a text of UTF-8')
  })

  const base64 = peterSig.slice(15, -1)
  test.each([
    ['a hyphen', `- PeterNeumann ${base64}`],
    ['an en dash', `– PeterNeumann ${base64}`],
    ['no name', `—  ${base64}`],
    ['a name of two words', `— Peter Neumann ${base64}`],
    ['a plus in the name', `— Peter+Neumann ${base64}`],
    ['a space of Unicode in the name', `— Peter\u2003Neumann ${base64}`],
    ['a line separator in the name', `— Peter\u2028Neumann ${base64}`],
    ['a next line in the name', `— Peter\u0085Neumann ${base64}`],
    ['two spaces', `— PeterNeumann  ${base64}`],
    ['a space more', `— PeterNeumann ${base64} `],
    ['no signature', '— PeterNeumann '],
    ['an id alone', `— PeterNeumann ${toBase64(fromHex('c74f20a3'))}`],
    ['base64 without padding', `— PeterNeumann ${base64.slice(0, -1)}`],
    ['base64url', `— PeterNeumann ${base64.replaceAll('/', '_')}`],
    ['base64 with bits left over', `— PeterNeumann ${base64.slice(0, -2)}N=`],
    ['another line', 'Unexpected line.'],
  ])('a signature’s line is of one form: %s', (_, line) => {
    expect(malformed(`${text}\n${line}\n`)).toMatch(/^a signature reads/)
    expect(malformed(`${text}\n${peterSig}${line}\n`)).toMatch(/^a signature reads/)
    expect(malformed(`${text}\n${line}\n${peterSig}`)).toMatch(/^a signature reads/)
  })

  test('16 signatures of 5 kB are read; more than 32, or a note of a megabyte, are not', () => {
    const large = `— ${'witness.example/'.repeat(4)}w ${toBase64(new Uint8Array(5_000))}\n`
    expect(parseNote(`${text}\n${large.repeat(16)}`).signatures).toHaveLength(16)
    expect(parseNote(`${text}\n${peterSig.repeat(32)}`).signatures).toHaveLength(32)
    expect(malformed(`${text}\n${peterSig.repeat(33)}`)).toBe('a note has at most 32 signatures')
    expect(malformed(`${'a'.repeat(2 ** 20)}\n\n${peterSig}`)).toBe('a note has at most 262144 characters')
  })
})

describe('c2sp.org/signed-note, “Verifier keys”', () => {
  test('name, id and key are read and written', async () => {
    expect(peter).toMatchObject({ name: 'PeterNeumann', id: 'c74f20a3', type: keyType.ed25519 })
    expect(await formatVerifierKey(peter.name, peter.type, peter.publicKey)).toBe(peterKey)
    expect(await formatVerifierKey(enoch.name, enoch.type, enoch.publicKey)).toBe(enochKey)
  })

  test('one key has another id for each type', async () => {
    const cosigning = await formatVerifierKey(peter.name, keyType.cosignature, peter.publicKey)
    expect(await parseVerifierKey(cosigning)).toMatchObject({ type: keyType.cosignature })
    expect(cosigning).not.toContain(peter.id)
  })

  test('no part of a key is a key', async () => {
    for (let from = 0; from < peterKey.length; from++)
      for (let to = from; to <= peterKey.length; to++)
        if (to - from < peterKey.length)
          await expect(parseVerifierKey(peterKey.slice(from, to))).rejects.toThrow(NoteError)
  })

  test('nor is one with a character changed', async () => {
    for (let at = 0; at < peterKey.length; at++) {
      const next = String.fromCharCode(peterKey.charCodeAt(at) + 1)
      const changed = peterKey.slice(0, at) + next + peterKey.slice(at + 1)
      await expect(parseVerifierKey(changed), changed).rejects.toThrow(NoteError)
    }
  })

  test.each([
    [
      'a key of another length, with its own id',
      'PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==',
    ],
    [
      'an unknown type, with its own id',
      'PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW',
    ],
    ['the id in capitals', peterKey.replace('c74f20a3', 'C74F20A3')],
    ['a newline at the end', `${peterKey}\n`],
    ['a space before it', ` ${peterKey}`],
    ['another name', peterKey.replace('Peter', 'Petra')],
  ])('not one: %s', async (_, key) => {
    await expect(parseVerifierKey(key)).rejects.toThrow(NoteError)
  })

  test('of 33 bytes, and no other length', async () => {
    for (const length of [0, 31, 33, 64]) {
      const key = await formatVerifierKey('log.example', keyType.ed25519, new Uint8Array(length))
      await expect(parseVerifierKey(key)).rejects.toThrow('is not of a type that is verified here')
    }
  })

  test.each([
    ['example.com/foo', true],
    ['gate.example:8443/log', true],
    ['\u{1f512}', true],
    ['', false],
    ['a b', false],
    ['a+b', false],
    ['a\u00a0b', false],
    ['a\u3000', false],
    ['\n', false],
    ['\ud83d', false],
  ])('%j is a name: %s', (name, is) => {
    expect(isKeyName(name)).toBe(is)
  })
})
