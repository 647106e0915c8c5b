import { describe, expect, test } from 'vitest'
import { cosignatureInput, cosignedBy } from '../../../shared/tlog/cosignature.ts'
import {
  formatNote,
  keyType,
  type Note,
  NoteError,
  type NoteSignature,
  parseNote,
  parseVerifierKey,
} from '../../../shared/tlog/note.ts'
import { signingKey } from './ed25519.ts'

const root = 'CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I='
const text = `example.com/behind-the-sofa\n20852163\n${root}\n`

describe('c2sp.org/tlog-cosignature, “Ed25519 signed message”', () => {
  test('is the example', () => {
    expect(new TextDecoder().decode(cosignatureInput(text, 1_679_315_147))).toBe(
      `cosignature/v1\ntime 1679315147\nexample.com/behind-the-sofa\n20852163\n${root}\n`,
    )
  })

  test('the example’s line has the time of the example', () => {
    const line =
      '— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n'
    const [own] = parseNote(`${text}\n${line}`).signatures
    expect(own).toMatchObject({ name: 'witness.example.com/w1', id: '8d66cf3f' })
    expect(own?.bytes).toHaveLength(72)
    const seconds = own && new DataView(own.bytes.buffer, own.bytes.byteOffset).getBigUint64(0)
    expect(seconds).toBe(1_679_315_147n)
  })

  // Of another implementation: one note of a log of certificates, whose own signature is of type 5, and one without any.
  const witness = 'witness.example.org+b8a2cf20+BFLN3yikSfFkVAJtrnh/CiY3Zozkoy7clp+P7XB28qUN'
  const witnessed = `rome2026h1.example.org\n300\nlCkHUpkmVBEms2r2T1K6Og69+wUuuN3MIEW1/ezu2v0=\n
— rome2026h1.example.org kVB1JgAAAZtxtEwABAMARzBFAiEAi+mTa2xjL1IdWpH82OeciGsGvwRAP+f1WkfKaSZCfFECIHoNPZ/Q3y6UNzvKOO9cuLr6V16vPNfhwhle9f6r5H/Z
— witness.example.org uKLPIAAAAABpVGeAhm2bOvKc3LaB9PFN1ruG19Y5yqslmcAAbhftnn1Zznmo0LXFZq4LGvqKqLX8jWlwLKasxEGTLIqAVusneCBmBw==\n`
  const mirror = 'mirror.example.org+3fb148ef+BAAjjch9GyYz0sJsJx7ALhbdAtz2ov0unbzSl1vMp94O'
  const mirrored = `rome2026h1.example.org\n300\ngw31yQrqZZCcEOPrzX+bpy3nJ6QgngTKn8G1m0i62uU=\n
— mirror.example.org P7FI7wAAAABpVGeAjA1S4pJm6MbcXjX7UUImu4azZtrfcVW2uyr/LXIYlwEJzXC0N0EiZkbqfLdXt/4gVEEuGmxJjAfXKMCISpsJAg==\n`

  test('those of another implementation verify, each by its key', async () => {
    const keys = [await parseVerifierKey(witness), await parseVerifierKey(mirror)]
    const at = Date.UTC(2025, 11, 31) / 1000
    expect(await cosignedBy(parseNote(witnessed), keys)).toEqual([{ witness: 'witness.example.org', at }])
    expect(await cosignedBy(parseNote(mirrored), keys)).toEqual([{ witness: 'mirror.example.org', at }])
  })
})

describe('c2sp.org/tlog-cosignature: who has cosigned', () => {
  const at = 1_800_000_000
  const log = signingKey('log.example')
  const one = signingKey('one.example', new Uint8Array(32).fill(1), keyType.cosignature)
  const two = signingKey('two.example', new Uint8Array(32).fill(2), keyType.cosignature)
  const noteWith = (...signatures: readonly NoteSignature[]): Note =>
    parseNote(formatNote({ text, signatures }))

  test('those whose signature is there, in the order in which they are asked for', async () => {
    const [a, b] = [await one, await two]
    const note = noteWith((await log).sign(text), b.cosign(text, at + 5), a.cosign(text, at))
    expect(await cosignedBy(note, [a.key, b.key])).toEqual([
      { witness: 'one.example', at },
      { witness: 'two.example', at: at + 5 },
    ])
    expect(await cosignedBy(note, [b.key])).toEqual([{ witness: 'two.example', at: at + 5 }])
    expect(await cosignedBy(noteWith((await log).sign(text)), [a.key, b.key])).toEqual([])
    expect(await cosignedBy(note, [])).toEqual([])
  })

  test('from the middle of a buffer too', async () => {
    const { key, cosign } = await one
    const good = cosign(text, at)
    const bytes = new Uint8Array([9, 9, ...good.bytes]).subarray(2)
    expect(await cosignedBy({ text, signatures: [{ ...good, bytes }] }, [key])).toHaveLength(1)
  })

  test('a witness who has signed twice counts once, by the latest time', async () => {
    const { key, cosign } = await one
    const note = noteWith(cosign(text, at), cosign(text, at + 9), cosign(text, at + 4))
    expect(await cosignedBy(note, [key])).toEqual([{ witness: 'one.example', at: at + 9 }])
  })

  test('a note with a signature of a witness that does not verify is refused, whatever else it has', async () => {
    const { key, cosign } = await one
    const good = cosign(text, at)
    const wrong: readonly NoteSignature[] = [
      cosign(text.replace('20852163', '20852164'), at),
      { ...good, bytes: good.bytes.map((byte, i) => (i === 7 ? byte + 1 : byte)) },
      { ...good, bytes: good.bytes.slice(0, -1) },
      { ...good, bytes: good.bytes.slice(8) },
      // The time as the log's own signature would have it: none.
      { ...good, bytes: (await signingKey('one.example', new Uint8Array(32).fill(1))).sign(text).bytes },
      // Nothing is said by a witness who does not say when.
      cosign(text, 0),
    ]
    for (const bad of wrong)
      for (const note of [noteWith(bad), noteWith(good, bad), noteWith(bad, good)])
        await expect(cosignedBy(note, [key])).rejects.toThrow(
          'the cosignature of one.example does not verify',
        )
  })

  test('a time beyond 2^53 does not verify', async () => {
    const { key, cosign } = await one
    for (const late of [2 ** 53, 2 ** 60])
      await expect(cosignedBy(noteWith(cosign(text, late)), [key])).rejects.toThrow(NoteError)
    expect(await cosignedBy(noteWith(cosign(text, 2 ** 53 - 1)), [key])).toHaveLength(1)
  })

  test('of a witness who is not asked for, or has only the name or the id, says nothing', async () => {
    const { key, cosign } = await one
    const good = cosign(text, at)
    const note = noteWith({ ...good, id: '00000000' }, { ...good, name: 'three.example' })
    expect(await cosignedBy(note, [key])).toEqual([])
  })

  test('a log’s key makes no cosignatures', async () => {
    const note = noteWith((await log).sign(text))
    await expect(cosignedBy(note, [(await log).key])).rejects.toThrow('makes no cosignatures')
  })
})
