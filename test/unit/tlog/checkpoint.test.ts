import { describe, expect, test } from 'vitest'
import { fromBase64 } from '../../../shared/tlog/base64.ts'
import { formatCheckpoint, parseCheckpoint } from '../../../shared/tlog/checkpoint.ts'
import { NoteError, parseNote } from '../../../shared/tlog/note.ts'

const root = 'CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I='
const text = `example.com/behind-the-sofa\n20852163\n${root}\n`

describe('c2sp.org/tlog-checkpoint, “Note text”', () => {
  test('the example is read and written', () => {
    const { text: signed, signatures } = parseNote(
      `${text}\n— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n`,
    )
    const checkpoint = { origin: 'example.com/behind-the-sofa', size: 20_852_163, root: fromBase64(root) }
    expect(parseCheckpoint(signed)).toEqual(checkpoint)
    expect(formatCheckpoint(parseCheckpoint(signed))).toBe(signed)
    expect(signatures).toMatchObject([{ name: 'example.com/behind-the-sofa', id: '033de0ae' }])
  })

  test('an empty tree has the size 0', () => {
    expect(parseCheckpoint(`a log of mine\n0\n${root}\n`)).toMatchObject({ origin: 'a log of mine', size: 0 })
  })

  test.each([
    ['no origin', `\n1\n${root}\n`],
    ['two lines', 'a\n1\n'],
    ['no final newline', `a\n1\n${root}`],
    ['an empty line more', `a\n1\n${root}\n\n`],
    // Opaque to whoever audits a log; none of ours writes any.
    ['an extension', `a\n1\n${root}\nmore\n`],
    ['no size', `a\n\n${root}\n`],
    ['a leading zero', `a\n01\n${root}\n`],
    ['a sign', `a\n+1\n${root}\n`],
    ['a negative size', `a\n-1\n${root}\n`],
    ['a fraction', `a\n1.5\n${root}\n`],
    ['an exponent', `a\n1e3\n${root}\n`],
    ['other digits', `a\n١\n${root}\n`],
    ['a size of 2^53', `a\n9007199254740992\n${root}\n`],
    ['a size that would be rounded to one below', `a\n9007199254740993\n${root}\n`],
    ['a space after the size', `a\n1 \n${root}\n`],
    ['30 bytes', `a\n1\n${'AAAA'.repeat(10)}\n`],
    ['33 bytes', `a\n1\n${'AAAA'.repeat(11)}\n`],
    ['no padding', `a\n1\n${root.slice(0, -1)}\n`],
    ['bits left over', `a\n1\n${root.slice(0, -2)}J=\n`],
    ['hexadecimal', `a\n1\n${'00'.repeat(32)}\n`],
    ['nothing', ''],
  ])('is no checkpoint: %s', (_, wrong) => {
    expect(() => parseCheckpoint(wrong)).toThrow(NoteError)
  })
})
