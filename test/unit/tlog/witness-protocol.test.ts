/** c2sp.org/tlog-witness, “add-checkpoint”, and c2sp.org/tlog-cosignature: what a witness judges, sentence by sentence. */
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import {
  formatSubmission,
  maxSubmission,
  parseSize,
  parseSubmission,
  type Submission,
} from '../../../shared/tlog/add-checkpoint.ts'
import { formatCheckpoint } from '../../../shared/tlog/checkpoint.ts'
import { cosignature, cosignatureInput, cosignedBy } from '../../../shared/tlog/cosignature.ts'
import {
  formatNote,
  formatSignature,
  formatVerifierKey,
  keyType,
  NoteError,
  parseNote,
  parseVerifierKey,
  type VerifierKey,
} from '../../../shared/tlog/note.ts'
import { judgeSubmission, readSubmission } from '../../../shared/tlog/witness.ts'
import { parseWitnessList } from '../../../shared/tlog/witness-list.ts'
import { leafHashes, mth, proof, utf8 } from './naive-tree.ts'

const origin = 'example.com/log'
const leaves = leafHashes(40)
const fork = [...leaves.slice(0, 7), ...leafHashes(80).slice(41)]

interface Signer {
  readonly key: VerifierKey
  readonly privateKey: KeyObject
}

async function signer(name = origin): Promise<Signer> {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const raw = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url')
  return { key: await parseVerifierKey(await formatVerifierKey(name, keyType.ed25519, raw)), privateKey }
}

let log: Signer
beforeAll(async () => {
  log = await signer()
})

const textOf = (size: number, tree = leaves, name = origin): string =>
  formatCheckpoint({ origin: name, size, root: mth(tree.slice(0, size)) })
const signed = (text: string, ...by: readonly Signer[]): string =>
  formatNote({
    text,
    signatures: by.map(({ key, privateKey }) => ({ ...key, bytes: sign(null, utf8(text), privateKey) })),
  })
const submission = (older: number, newer: number, tree = leaves): Submission => ({
  older,
  proof: older === 0 || older === newer ? [] : proof(older, tree.slice(0, newer)),
  checkpoint: signed(textOf(newer, tree), log),
})
const seenAt = (size: number) => ({ size, root: mth(leaves.slice(0, size)) })

/** What becomes of it: the status of a refusal, the size of a conflict after it, or 200. */
async function judged(
  given: Submission | string,
  seen?: { size: number; root: Uint8Array },
  logs = [log.key],
) {
  const body = utf8(typeof given === 'string' ? given : formatSubmission(given))
  const read = await readSubmission(body, logs)
  if ('status' in read) return read.status
  const refused = await judgeSubmission(read, seen)
  if (refused === undefined) return 200
  return refused.status === 409 ? `409 ${refused.size}` : refused.status
}

describe('a request', () => {
  test('is that of the specification’s example', () => {
    const text = `old 20852014
PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=
5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=
/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=

example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=
`
    const parsed = parseSubmission(text)
    expect(parsed).toMatchObject({ older: 20_852_014, proof: { length: 4 } })
    expect(parseNote(parsed.checkpoint).signatures).toHaveLength(2)
    expect(formatSubmission(parsed)).toBe(text)
  })

  test.each([
    ['no old size line', 'size 0\n\n'],
    ['no space', 'old0\n\n'],
    ['a leading zero', 'old 01\n\n'],
    ['a sign', 'old +1\n\n'],
    ['a size beyond 2^53', 'old 9007199254740992\n\n'],
    ['a line that is not base64', 'old 1\nabc\n\n'],
    ['a line of 31 bytes', `old 1\n${Buffer.alloc(31).toString('base64')}\n\n`],
    ['base64 in another than its canonical form', `old 1\n${'A'.repeat(42)}B=\n\n`],
    ['64 lines of a proof', `old 1\n${`${Buffer.alloc(32).toString('base64')}\n`.repeat(64)}\n`],
    ['no empty line', 'old 0\n'],
  ])('with %s is malformed: 400', async (_, start) => {
    expect(await judged(start + signed(textOf(5), log))).toBe(400)
  })

  test('of 63 lines of a proof is not malformed', async () => {
    const lines = `${Buffer.alloc(32).toString('base64')}\n`.repeat(63)
    expect(await judged(`old 1\n${lines}\n${signed(textOf(5), log)}`, seenAt(1))).toBe(422)
  })

  test('that is not UTF-8, begins with a byte order mark, or is no checkpoint is malformed: 400', async () => {
    const good = Buffer.from(formatSubmission(submission(0, 5)))
    const wrong = await readSubmission(Buffer.concat([good, Buffer.of(0xff)]), [log.key])
    expect(wrong).toMatchObject({ status: 400, why: 'it is not UTF-8' })
    expect(await judged(`\ufeff${good}`)).toBe(400)
    expect(await judged(`old 0\n\n${signed('example.com/log\n5\n', log)}`)).toBe(400)
    expect(await judged(`old 0\n\n${signed(`${textOf(5)}\nx\n`, log)}`)).toBe(400)
    expect(await judged(`old 0\n\n${textOf(5)}`)).toBe(400)
  })

  test('that is too long is not read: 413', async () => {
    expect(await judged('x'.repeat(maxSubmission + 1))).toBe(413)
  })

  test('of any text never throws', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.string(),
          fc.string().map(text => `old 0\n\n${text}\n\n— a b\n`),
        ),
        async text => {
          expect([400, 403, 404]).toContain(await judged(text))
          expect(() => {
            try {
              parseSubmission(text)
            } catch (error) {
              if (!(error instanceof NoteError)) throw error
            }
          }).not.toThrow()
        },
      ),
      { numRuns: 100 },
    )
  })
})

describe('a checkpoint', () => {
  test('of an origin that is not known: 404', async () => {
    const other = await signer('example.com/other')
    expect(await judged(`old 0\n\n${signed(textOf(5, leaves, 'example.com/other'), other)}`)).toBe(404)
    // Signed by the known log, which is not to speak for another.
    expect(await judged(`old 0\n\n${signed(textOf(5, leaves, 'example.com/other'), log)}`)).toBe(404)
  })

  test('without a signature of a trusted key: 403', async () => {
    const other = await signer()
    expect(await judged(`old 0\n\n${signed(textOf(5), other)}`)).toBe(403)
  })

  test('with a signature by the name and id of a trusted key that does not verify: 403, beside a good one too', async () => {
    const [good] = parseNote(signed(textOf(5), log)).signatures
    const [bad] = parseNote(signed(textOf(6), log)).signatures
    if (!good || !bad) throw new Error('it is signed')
    for (const signatures of [[bad], [good, bad], [bad, good]])
      expect(await judged(`old 0\n\n${formatNote({ text: textOf(5), signatures })}`)).toBe(403)
  })

  test('with signatures of unknown keys beside that of the log: they are ignored', async () => {
    const [one, other] = [await signer(), await signer('somebody.example')]
    expect(await judged(`old 0\n\n${signed(textOf(5), one, log, other)}`)).toBe(200)
  })

  test('signed by one of two trusted keys of its origin', async () => {
    const next = await signer()
    expect(await judged(`old 0\n\n${signed(textOf(5), next)}`, undefined, [log.key, next.key])).toBe(200)
  })

  test('with extension lines is cosigned whole', async () => {
    expect(await judged(`old 0\n\n${signed(`${textOf(5)}an extension\n`, log)}`)).toBe(200)
  })

  test('of size zero has the root of the empty tree: 422 otherwise', async () => {
    expect(await judged(submission(0, 0))).toBe(200)
    const wrong = formatCheckpoint({ origin, size: 0, root: mth(leaves) })
    expect(await judged(`old 0\n\n${signed(wrong, log)}`)).toBe(422)
  })

  test('keeps one signature of its log, however often it stands there: what is kept can be read again', async () => {
    const [own] = parseNote(signed(textOf(5), log)).signatures
    if (!own) throw new Error('it is signed')
    const note = formatNote({ text: textOf(5), signatures: Array.from({ length: 32 }, () => own) })
    const read = await readSubmission(utf8(`old 0\n\n${note}`), [log.key])
    expect(read).toMatchObject({ note: { signatures: { length: 1 } } })
  })
})

describe('the old size', () => {
  test('above that of the checkpoint: 400', async () => {
    expect(await judged({ ...submission(0, 5), older: 6 }, seenAt(6))).toBe(400)
  })

  test('that is not that of the last cosigned checkpoint: 409 and that size', async () => {
    expect(await judged(submission(3, 9), seenAt(5))).toBe('409 5')
    expect(await judged(submission(0, 9), seenAt(5))).toBe('409 5')
    expect(await judged(submission(3, 9))).toBe('409 0')
    // A rollback: whatever it offers, the larger tree was cosigned.
    for (const older of [0, 3, 4]) expect(await judged(submission(older, 4), seenAt(5))).toBe('409 5')
  })

  test('of zero with a proof: 422', async () => {
    expect(await judged({ ...submission(0, 9), proof: proof(3, leaves.slice(0, 9)) })).toBe(422)
  })

  test('of the same size needs the same root: 422 otherwise', async () => {
    expect(await judged(submission(9, 9), seenAt(9))).toBe(200)
    expect(await judged(submission(9, 9, fork), seenAt(9))).toBe(422)
  })
})

describe('a consistency proof', () => {
  test('from the last cosigned tree: 200, for all pairs of sizes', async () => {
    for (let older = 1; older < 18; older++)
      for (let newer = older; newer < 18; newer++)
        expect(await judged(submission(older, newer), seenAt(older))).toBe(200)
  })

  test('of a fork, which is consistent with its own beginning: 422', async () => {
    expect(await judged(submission(9, 20, fork), seenAt(9))).toBe(422)
    // Up to where it forks, it is the same tree.
    expect(await judged(submission(7, 20, fork), seenAt(7))).toBe(200)
  })

  test('that is altered, cut or lengthened: 422', async () => {
    const good = submission(9, 20)
    const [first, ...rest] = good.proof
    if (!first) throw new Error('it has hashes')
    const altered = Uint8Array.from(first, (byte, i) => (i === 7 ? byte ^ 1 : byte))
    for (const wrong of [[altered, ...rest], rest, [...good.proof, first], []])
      expect(await judged({ ...good, proof: wrong }, seenAt(9))).toBe(422)
  })
})

describe('a cosignature', () => {
  const published = `arche2025h1.staging.ct.transparency.dev
1432088532
U7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=

— arche2025h1.staging.ct.transparency.dev zTM8sQAAAZ5W0WdjBAMARjBEAiBjW5IQf9pvsYLfQFX6hoGREPMHbdQ3urbllzalApkptQIgIpwtEroeW2BXaHAI4kJXFbon5Ch9MNL5zRNZ55lvGt0=
— arche2025h1.staging.ct.transparency.dev ui8GwCF1+kWqZrxGdhj4aX3gcw7XUlXQQabg/27lefwhUkzbC3NygNI75MdhL1bfTW9g8Ei59RA23oHP7Ry1k3ZFWwQ=
— transparency.dev/DEV:witness-little-garden 2AQqhwAAAABqEiEgzgFIqqhbUoDwjMWE6UP8nd8/KYTzwZ2rhIgcqoXHAwVkjZr4AscylP3v7sEodkRAErumC2q44vdgJY096st5BQ==
— witness1.smartit.nu/witness1 pIyCDwAAAABqEiEghIp82KWebrw7/oHQwlTAm3g2RKS4+eebl8eO0WH+/iEcxZ75W3u5hNI7TOQtmJbqmNWVuE0tgh0XwzdZsDsUAQ==
— remora.n621.de 2net5wAAAABqEiEgPlfF3V06o0Y+fHM+J5J9s27wgxxcOVSpZ/2g/KSiXCg9DEZI+aVCIobWX9sXTynk5XeU/zZ0WBxtqB0DrAWfBw==
— witness.stagemole.eu Z/euoAAAAABqEiEgw0i+7g2ENfDAWHmtRzCfKTHSDwYDJA2NmKeGi9Y8FtEyOUvVr+AJmIY/2TUFucgKi7lI7cUiOvKFYe/TmN9DAg==
`
  const witnesses = [
    'transparency.dev/DEV:witness-little-garden+d8042a87+BCtusOxINQNUTN5Oj8HObRkh2yHf/MwYaGX4CPdiVEPM',
    'witness1.smartit.nu/witness1+a48c820f+BPSFWg9G6KPiO7QPryYO5Xq4oYJJ+kAvLKLSimDhoxMO',
    'remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2',
    'witness.stagemole.eu+67f7aea0+BEqSG3yu9YrmcM3BHvQYTxwFj3uSWakQepafafpUqklv',
  ]

  test('of four witnesses of a public log verifies, and of no other text or time', async () => {
    const keys = await Promise.all(witnesses.map(parseVerifierKey))
    const note = parseNote(published)
    const found = await cosignedBy(note, keys)
    expect(found.map(({ witness }) => witness)).toEqual(keys.map(({ name }) => name))
    expect(new Set(found.map(({ at }) => at))).toEqual(new Set([0x6a122120]))
    for (const key of keys) {
      const larger = { ...note, text: note.text.replace('1432088532', '1432088533') }
      await expect(cosignedBy(larger, [key])).rejects.toThrow(NoteError)
      const later = note.signatures.map(one => ({
        ...one,
        bytes: one.bytes.map((byte, i) => byte + Number(i === 7)),
      }))
      await expect(cosignedBy({ ...note, signatures: later }, [key])).rejects.toThrow(NoteError)
    }
  })

  test('is over two lines and the whole text of the checkpoint', () => {
    const text = 'example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n'
    expect(Buffer.from(cosignatureInput(text, 1_679_315_147)).toString()).toBe(
      `cosignature/v1\ntime 1679315147\n${text}`,
    )
  })

  test('has the form of the specification’s example: a key id, eight bytes of time, a signature', () => {
    const line =
      '— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n'
    const [parsed] = parseNote(`a\n\n${line}`).signatures
    if (!parsed) throw new Error('it has a signature')
    const own = cosignature(
      { name: 'witness.example.com/w1', id: '8d66cf3f' },
      1_679_315_147,
      parsed.bytes.slice(8),
    )
    expect(formatSignature(own)).toBe(line)
  })
})

describe('the list of witnesses', () => {
  const vkey = 'remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2'
  const other = 'witness.stagemole.eu+67f7aea0+BEqSG3yu9YrmcM3BHvQYTxwFj3uSWakQepafafpUqklv'

  test('has a line or a semicolon between them, and none where there is nothing', async () => {
    expect(await parseWitnessList(' \n;\n')).toEqual([])
    for (const text of [
      `https://w.example/a/ ${vkey}\nhttp://127.0.0.1:8791 ${other}\n`,
      `https://w.example/a ${vkey};http://127.0.0.1:8791  ${other}`,
    ])
      expect(await parseWitnessList(text)).toMatchObject([
        { url: 'https://w.example/a', key: { name: 'remora.n621.de' } },
        { url: 'http://127.0.0.1:8791', key: { name: 'witness.stagemole.eu' } },
      ])
  })

  test.each([
    ['witness 1: it reads: <url> <verifier key>', 'https://w.example'],
    ['witness 1: it reads: <url> <verifier key>', `https://w.example ${vkey} more`],
    ['witness 2: its URL is no https address', `https://w.example ${vkey}\nw.example ${other}`],
    [
      'witness 1: its URL is not https, which only an address on this machine may be',
      `http://w.example ${vkey}`,
    ],
    ['witness 1: its URL has a query, a fragment or a user name', `https://me@w.example ${vkey}`],
    ['witness 1: its URL has a query, a fragment or a user name', `https://w.example/? ${vkey}`],
    [
      'witness 1: the id of remora.n621.de is not that of its key',
      `https://w.example ${vkey.replace('da77', 'da78')}`,
    ],
    [
      'witness 1: the key of example.com/foo is that of a log; a witness has one of type 4 (cosignature)',
      'https://w.example example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k',
    ],
    [
      'witness 2: its name or its key is that of remora.n621.de, too',
      `https://w.example ${vkey};https://v.example ${vkey}`,
    ],
  ])('says which is wrong: %s', async (message, text) => {
    await expect(parseWitnessList(text)).rejects.toThrow(new NoteError(message))
  })

  test('takes one key by two names for the same witness', async () => {
    const { publicKey } = await parseVerifierKey(vkey)
    const renamed = await formatVerifierKey('another.example', keyType.cosignature, publicKey)
    await expect(parseWitnessList(`https://a.example ${vkey};https://b.example ${renamed}`)).rejects.toThrow(
      'its name or its key is that of remora.n621.de, too',
    )
  })
})

test('a size is a decimal without leading zeros that a number holds exactly', () => {
  expect(['0', '7', '9007199254740991'].map(parseSize)).toEqual([0, 7, Number.MAX_SAFE_INTEGER])
  for (const text of ['', ' 1', '01', '1.0', '-1', '1e3', '9007199254740992', undefined])
    expect(parseSize(text)).toBeUndefined()
})
