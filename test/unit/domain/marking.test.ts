import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { judgeText } from '../../../shared/domain/marking.ts'

const marked = (text: string): string | undefined => judgeText(text, 'field')?.code

const markings = [
  '(S)',
  '(TS)',
  '(C)',
  '(TS//SI//NF)',
  'TOP SECRET//SI',
  'SECRET//NOFORN',
  'CONFIDENTIAL//REL',
  'TOP SECRET',
]

describe('a marking above the level', () => {
  test.each(markings)('is refused: %s', text => {
    expect(marked(text)).toBe('classification_exceeded')
    expect(marked(`Words before.\n${text}\nWords after.`)).toBe('classification_exceeded')
  })

  test.each([
    ['fullwidth', '（ＴＳ／／ＳＩ）'],
    ['with a zero-width space', '(T\u200bS//SI)'],
    ['with a word joiner', 'SEC\u2060RET//NOFORN'],
    ['with a soft hyphen', 'SE\u00adCRET//NF'],
    ['with Cyrillic letters', 'ЅЕСRЕТ//NOFORN'],
    ['with mathematical letters', '𝐒𝐄𝐂𝐑𝐄𝐓//NF'],
    ['with a combining mark', 'S\u0332ECRET//NF'],
    ['with division slashes', 'SECRET∕∕NF'],
    ['with a no-break space', 'TOP\u00a0SECRET//SI'],
    ['after a line separator', 'Words.\u2028SECRET\u2028Words.'],
    ['after a vertical tab', 'Words.\vSECRET\vWords.'],
  ])('is refused in another dress: %s', (_, text) => {
    expect(marked(text)).toBe('classification_exceeded')
  })

  test.each([
    'A sentence may speak of secrets.',
    'The top secret of it is patience.',
    'section 3(c)',
    '(U) Plain words.',
    'Vitamin (C1)',
    'He keeps a SECRET well.',
  ])('is none: %s', text => {
    expect(marked(text)).toBeUndefined()
  })
})

describe('properties', () => {
  test('whatever the text, it is judged and nothing is thrown', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 300 }), text => void marked(text)))
  })

  test('nothing that is not seen hides a marking', () => {
    const unseen = fc.constantFrom(
      '\u200b',
      '\u200d',
      '\u2060',
      '\ufeff',
      '\u00ad',
      '\u034f',
      '\u180e',
      '\ufe0f',
      '\u202e',
    )
    fc.assert(
      fc.property(fc.constantFrom(...markings), fc.nat(20), unseen, (text, at, one) => {
        const place = at % text.length
        expect(marked(`${text.slice(0, place)}${one}${text.slice(place)}`)).toBe('classification_exceeded')
      }),
    )
  })
})
