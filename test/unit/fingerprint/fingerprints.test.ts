/** Fingerprints: a keyed hash of each 5-gram, of which winnowing keeps enough that no copied run is missed. */
import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  fingerprintsInTurns,
  fingerprintsOf,
  gramsOf,
  gramUnits,
  guaranteedRun,
  windowGrams,
  winnow,
} from '../../../shared/fingerprint/fingerprints.ts'
import { units } from '../../../shared/fingerprint/units.ts'

const key = Buffer.alloc(32, 7)
const another = Buffer.alloc(32, 8)

const hmacs = (of: Uint8Array, text: string): readonly bigint[] => {
  const words = units(text)
  return words.slice(gramUnits - 1).map((_, i) =>
    createHmac('sha256', of)
      .update(words.slice(i, i + gramUnits).join(' '))
      .digest()
      .readBigUInt64BE(),
  )
}

const word = fc.stringMatching(/^[a-zé世]{1,9}$/)
const wordsOf = (minLength: number, maxLength: number) => fc.array(word, { minLength, maxLength })

describe('the grams of a text', () => {
  test('are the first 64 bits of HMAC-SHA256 over five units, in their order', () => {
    fc.assert(
      fc.property(wordsOf(0, 30), fc.uint8Array({ minLength: 32, maxLength: 32 }), (words, any) => {
        expect([...gramsOf(any, words.join(' '))]).toEqual(hmacs(any, words.join(' ')))
      }),
    )
  })

  test('are so too of words that are longer than anybody writes', () => {
    const text = ['a'.repeat(956), 'b', 'c'.repeat(5_000), 'd', 'e', 'f', 'g'].join(' ')
    expect([...gramsOf(key, text)]).toEqual(hmacs(key, text))
  })

  test('are so under a key of any length (RFC 2104 §2)', () => {
    for (const length of [0, 63, 64, 65, 200]) {
      const any = Buffer.alloc(length, 3)
      expect([...gramsOf(any, 'one two three four five')]).toEqual(hmacs(any, 'one two three four five'))
    }
  })

  test('are none of fewer than five units', () => {
    expect(gramsOf(key, 'one, two; three. Four')).toHaveLength(0)
    expect(gramsOf(key, '')).toHaveLength(0)
  })

  test('tell where a word ends', () => {
    expect(gramsOf(key, 'a bc d e f')).not.toEqual(gramsOf(key, 'ab c d e f'))
  })
})

describe('winnowing', () => {
  test('keeps the rightmost least of each window: the example of the paper', () => {
    // Schleimer, Wilkerson, Aiken 2003, figure 2.
    const hashes = [77, 74, 42, 17, 98, 50, 17, 98, 8, 88, 67, 39, 77, 74, 42, 17, 98].map(BigInt)
    expect([...winnow(BigUint64Array.from(hashes))]).toEqual([17n, 17n, 8n, 39n, 17n])
  })

  test('keeps the least of a text that makes no whole window, and nothing of nothing', () => {
    expect([...winnow(BigUint64Array.of(9n, 3n, 5n))]).toEqual([3n])
    expect([...winnow(new BigUint64Array())]).toEqual([])
  })

  test('leaves no window without one', () => {
    const grams = fc.array(fc.bigInt({ min: 0n, max: 30n }), { maxLength: 60 })
    fc.assert(
      fc.property(grams, some => {
        const kept = new Set(winnow(BigUint64Array.from(some)))
        for (let from = 0; from + windowGrams <= some.length; from++) {
          expect(some.slice(from, from + windowGrams).some(one => kept.has(one))).toBe(true)
        }
      }),
    )
  })

  test('keeps two in five of a long text', () => {
    const text = Array.from({ length: 5_000 }, (_, i) => `word${(i * 7_919) % 5_003}`).join(' ')
    expect(winnow(gramsOf(key, text)).length / 5_000).toBeCloseTo(2 / (windowGrams + 1), 1)
  })
})

describe('the fingerprints of a reply that are made in turns', () => {
  const turns = () => {
    let count = 0
    return { count: () => count, take: async () => void count++ }
  }
  const scripts = [
    'é',
    '世界。',
    'ｶﾞ',
    'नमस्ते',
    '𝔘𝔫𝔦',
    '한국어',
    'ΟΔΟΣ',
    '👩‍👩‍👧',
    'ไทย',
    'a\u200bb',
    '\u3000',
    '\n',
    'x',
  ]

  test('are those that are made at once, wherever a text is parted', async () => {
    const piece = fc.constantFrom(...scripts)
    const long = fc.array(fc.tuple(piece, fc.integer({ min: 1, max: 5_000 })), {
      minLength: 0,
      maxLength: 12,
    })
    const textOf = (runs: readonly (readonly [string, number])[]): string =>
      runs.map(([one, n]) => Array.from({ length: n }, (_, i) => one + (i % 97)).join(' ')).join(' ')
    await fc.assert(
      fc.asyncProperty(long, wordsOf(0, 20), async (runs, words) => {
        const texts = [textOf(runs), words.join(' '), textOf(runs.toReversed())]
        expect(await fingerprintsInTurns(key, texts, turns().take)).toEqual({
          set: fingerprintsOf(key, texts),
          words: texts.reduce((sum, text) => sum + units(text).length, 0),
          cut: false,
        })
      }),
      { numRuns: 5 },
    )
  })

  test('keep nobody waiting for long, with blanks or without any', async () => {
    for (const text of ['word '.repeat(20_000), '字'.repeat(100_000), 'が'.normalize('NFD').repeat(50_000)]) {
      const { count, take } = turns()
      const { words } = await fingerprintsInTurns(key, [text], take)
      expect(words).toBe(units(text).length)
      expect(count()).toBeGreaterThan(1)
    }
  })

  test('end where there are more units than any model says, and say so', async () => {
    const text = Array.from({ length: 40_000 }, (_, i) => `w${i}`).join(' ')
    const { set, words, cut } = await fingerprintsInTurns(key, [text], turns().take, 10_000)
    expect(cut).toBe(true)
    expect(words).toBeLessThan(20_000)
    expect(set).toEqual(fingerprintsOf(key, [text.split(' ').slice(0, words).join(' ')]))
  })
})

describe('the fingerprints of a reply', () => {
  test('are of each of its texts apart, ascending, each once', () => {
    const texts = ['one two three four five six', 'seven eight nine ten eleven twelve']
    const apart = texts.flatMap(text => [...fingerprintsOf(key, [text])])
    expect([...fingerprintsOf(key, texts)]).toEqual(apart.sort((a, b) => (a < b ? -1 : 1)))
    expect(fingerprintsOf(key, [...texts, ...texts])).toEqual(fingerprintsOf(key, texts))
    expect(fingerprintsOf(key, [texts.join(' ')])).not.toEqual(fingerprintsOf(key, texts))
  })

  test('say nothing to whoever has another key', () => {
    const text = 'the text of a reply that somebody would like to look up'
    const [one, other] = [fingerprintsOf(key, [text]), fingerprintsOf(another, [text])]
    expect([...one].filter(each => other.includes(each))).toEqual([])
  })

  test(`have one of any run of ${guaranteedRun} units that was copied into another text`, () => {
    fc.assert(
      fc.property(
        wordsOf(guaranteedRun, 20),
        fc.tuple(wordsOf(0, 30), wordsOf(0, 30)),
        fc.tuple(wordsOf(0, 30), wordsOf(0, 30)),
        (run, [before, after], [around, behind]) => {
          // Characters of Chinese are units of their own: a run is counted in units.
          fc.pre(units(run.join(' ')).length >= guaranteedRun)
          const sent = fingerprintsOf(key, [[...before, ...run, ...after].join(' ')])
          const excerpt = gramsOf(key, [...around, ...run, ...behind].join(' '))
          expect(excerpt.some(gram => sent.includes(gram))).toBe(true)
        },
      ),
    )
  })
})
