import { describe, expect, test } from 'vitest'
import { toBase64 } from '../../../shared/tlog/base64.ts'
import { parseCheckpoint } from '../../../shared/tlog/checkpoint.ts'
import { formatNote, NoteError, openNote } from '../../../shared/tlog/note.ts'
import { verifyInclusion } from '../../../shared/tlog/proof.ts'
import { formatProofFile, parseProofFile } from '../../../shared/tlog/proof-file.ts'
import { signingKey } from './ed25519.ts'
import { leafHashes, mth, path, utf8 } from './naive-tree.ts'

/** The example of the specification, without the signatures, which it leaves out, and its extra, which is cut short. */
const example = `c2sp.org/tlog-proof@v1
index 73894
gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=
B95lDa8R83lS8n0eG+o0buTxRKQTYFi//1U8anccXmA=
EKNzoDWG8LGC0Yp9o+sv3qllpMP9uHQ9B20KNL+Q1zs=
RoopEkOdqkYqMB4MJXrbt/hMjOxsVn0IrWjpz1ZMMes=
AHCioX9nLjsrse6YhjRRmk1WUEirVOLLRoOQ6vfO5vk=

example.com/fancylog
109482
sFodV/vSp5O8n9a8QpW6PRY97tfOSW5bsc2Xl/EQi08=

— example.com/fancylog hI2DJw==
`
const with2 = example.replace('index', `extra ${toBase64(utf8('age-v1.2.1-darwin-arm64.tar.gz'))}\nindex`)
const hash = 'gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ='

const wrong = (text: string): string => {
  try {
    parseProofFile(text)
  } catch (error) {
    if (error instanceof NoteError) return error.message
    throw error
  }
  throw new Error('it was taken for a proof')
}

describe('c2sp.org/tlog-proof, “Format”', () => {
  test('the example is read and written', () => {
    const file = parseProofFile(example)
    expect(file).toMatchObject({ index: 73_894, checkpoint: example.slice(example.indexOf('\n\n') + 2) })
    expect(file.proof.map(toBase64)).toEqual(example.split('\n').slice(2, 7))
    expect('extra' in file).toBe(false)
    expect(formatProofFile(file)).toBe(example)
  })

  test('with its extra', () => {
    const file = parseProofFile(with2)
    expect(new TextDecoder().decode(file.extra)).toBe('age-v1.2.1-darwin-arm64.tar.gz')
    expect(formatProofFile(file)).toBe(with2)
  })

  test('an extra of nothing, and one of a megabyte', () => {
    for (const extra of [new Uint8Array(), new Uint8Array(2 ** 20).fill(3)]) {
      const file = { extra, index: 0, proof: [], checkpoint: 'c\n' }
      expect(parseProofFile(formatProofFile(file))).toEqual(file)
    }
  })

  test('the only leaf of a tree has a proof without a hash', () => {
    expect(parseProofFile('c2sp.org/tlog-proof@v1\nindex 0\n\nc\n')).toEqual({
      index: 0,
      proof: [],
      checkpoint: 'c\n',
    })
  })

  test.each([
    ['nothing', '', /empty line/],
    ['no checkpoint', example.slice(0, example.indexOf('\n\n') + 1), /empty line/],
    ['another version', example.replace('@v1', '@v2'), /^line 1: /],
    ['a space before it', ` ${example}`, /^line 1: /],
    ['no index', example.replace('index 73894\n', ''), /^line 2: index/],
    ['the extra after the index', example.replace('index 73894', 'index 73894\nextra AAAA'), /^hash 1/],
    ['two extras', with2.replace('extra', 'extra AAAA\nextra'), /^line 3: index/],
    ['an extra that is no base64', example.replace('index', 'extra !\nindex'), /^line 2: extra/],
    ['an extra without padding', example.replace('index', 'extra AA\nindex'), /^line 2: extra/],
    ['no index after an extra', with2.replace('index 73894\n', ''), /^line 3: index/],
    ['a leading zero', example.replace('index 7', 'index 07'), /^line 2: index/],
    ['a negative index', example.replace('index 7', 'index -7'), /^line 2: index/],
    ['an index of 2^53', example.replace('73894', '9007199254740992'), /^line 2: index/],
    ['two spaces', example.replace('index ', 'index  '), /^line 2: index/],
    ['a hash of 33 bytes', example.replace(hash, toBase64(new Uint8Array(33))), /^hash 1 /],
    [
      'a hash with bits left over',
      example.replace(
        'B95lDa8R83lS8n0eG+o0buTxRKQTYFi//1U8anccXmA=',
        'B95lDa8R83lS8n0eG+o0buTxRKQTYFi//1U8anccXmB=',
      ),
      /^hash 2 /,
    ],
    [
      'more hashes than a tree is high',
      example.replace(hash, `${hash}\n`.repeat(61).trimEnd()),
      /at most 64/,
    ],
    ['other newlines', example.replaceAll('\n', '\r\n'), /empty line/],
  ])('is no proof: %s', (_, text, message) => {
    expect(wrong(text)).toMatch(message)
  })
})

describe('c2sp.org/tlog-proof, “Verifying a tlog proof”', () => {
  test('the checkpoint by its key, then the leaf by the root that it signs', async () => {
    const leaves = leafHashes(300)
    const { key, sign } = await signingKey('log.example')
    const text = `log.example\n300\n${toBase64(mth(leaves))}\n`
    const written = formatProofFile({
      index: 256,
      proof: path(256, leaves),
      checkpoint: formatNote({ text, signatures: [sign(text)] }),
    })
    const { index, proof, checkpoint } = parseProofFile(written)
    const { size, root } = parseCheckpoint((await openNote(checkpoint, key)).text)
    const [, leaf = root] = leaves.slice(255)
    expect(await verifyInclusion({ leaf, index, size, root, proof })).toBe(true)
    const forged = parseProofFile(written.replace('\n300\n', '\n301\n'))
    await expect(openNote(forged.checkpoint, key)).rejects.toThrow('does not verify')
  })
})
