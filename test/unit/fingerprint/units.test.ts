/** What a text is compared by: its words, whatever it was pasted from or into. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { units } from '../../../shared/fingerprint/units.ts'

describe('the units of a text', () => {
  test('are its words in lower case, without punctuation and markup', () => {
    expect(units("**The** `gate` doesn't — ever — open.\n\n| a | B2 |")).toEqual([
      'the',
      'gate',
      'doesn',
      't',
      'ever',
      'open',
      'a',
      'b2',
    ])
  })

  test('are the same for compatible forms of a character (NFKC)', () => {
    expect(units('ﬁne Ｆｕｌｌ ① é')).toEqual(['fine', 'full', '1', 'é'])
    expect(units('e\u0301')).toEqual(units('\u00e9'))
  })

  test('are not parted by what nobody sees', () => {
    expect(units('sally\u200bport sal\u00adly\u2060port sa\ufe0fllyport')).toEqual(
      Array.from({ length: 3 }, () => 'sallyport'),
    )
  })

  test('keep the vowel signs of Indic scripts in their words', () => {
    expect(units('नमस्ते दुनिया')).toEqual(['नमस्ते', 'दुनिया'])
    expect(units('தமிழ் மொழி')).toEqual(['தமிழ்', 'மொழி'])
  })

  test('are single characters, with the marks on them, where words have no blanks between them', () => {
    expect(units('世界、こんにちは。')).toEqual([...'世界こんにちは'])
    expect(units('コーヒー')).toEqual([...'コーヒー'])
    expect(units('ที่นี่')).toEqual(['ที่', 'นี่'])
    expect(units('ພາສາ').length).toBe(4)
    expect(units('ភាសា').length).toBe(2)
    expect(units('မြန်မာ')).toEqual(['မြ', 'န်', 'မာ'])
    expect(units('GPT是一个model')).toEqual(['gpt', '是', '一', '个', 'model'])
  })

  test('are written with blanks in Korean, and are words', () => {
    expect(units('한국어 문서')).toEqual(['한국어', '문서'])
  })

  test('never hold a blank or another sign that could part them, nor are empty', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(0x10ffff)), points => {
        for (const unit of units(String.fromCodePoint(...points)))
          expect(unit).toMatch(/^[\p{L}\p{M}\p{N}]+$/u)
      }),
    )
  })

  test('are the same of ASCII whichever way it is read', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary-ascii' }), text => {
        // The letter at the end is none of ASCII.
        expect(units(`${text} é`)).toEqual([...units(text), 'é'])
      }),
    )
  })
})
