/** Whom an excerpt is said to have gone to: by text that nobody else was sent, and by enough of it. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  attribute,
  leastCoverage,
  leastMatches,
  paraphraseSentence,
  sourceSentence,
} from '../../../shared/fingerprint/attribute.ts'
import { fingerprintsOf, gramsOf, guaranteedRun } from '../../../shared/fingerprint/fingerprints.ts'
import type { PendingReply } from '../../../shared/fingerprint/pending.ts'
import { inSet } from '../../../shared/fingerprint/set.ts'
import { units } from '../../../shared/fingerprint/units.ts'
import { replyOf } from './replies.ts'

const keys = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)]
const pairs = 300_000_000

/** `n` words that stand nowhere else. */
const words = (name: string, n: number): string =>
  Array.from({ length: n }, (_, i) => `${name}${i}`).join(' ')

interface Sent {
  readonly to: string
  readonly text: string
  /** Which epoch it is of, counted from 0. */
  readonly epoch?: number
}

/** What is said of an excerpt when this was sent, and everybody may have read `open`. */
function ask(excerpt: string, sent: readonly Sent[], open = '') {
  const replies = sent.map(({ to, text, epoch = 0 }, n): PendingReply & { readonly epoch: number } => {
    const fingerprints = fingerprintsOf(keys[epoch] ?? keys[0] ?? Buffer.alloc(0), [text])
    return { ...replyOf(n, { organisation: to, fingerprints }), epoch }
  })
  const epochs = keys.map((key, epoch) => {
    const grams = gramsOf(key, excerpt)
    const found = replies
      .filter(reply => reply.epoch === epoch)
      .map(({ fingerprints, epoch: _, ...facts }) => ({
        facts,
        grams: new Set([...grams].filter(gram => inSet(fingerprints, gram))),
      }))
    return { grams, found, pairs }
  })
  const known = new Set(gramsOf(keys[0] ?? Buffer.alloc(0), open))
  const publicPlaces = new Set(
    [...(epochs[0]?.grams ?? [])].flatMap((gram, at) => (known.has(gram) ? [at] : [])),
  )
  return attribute({ words: units(excerpt).length, publicPlaces }, epochs)
}

const partnersOf = (told: ReturnType<typeof ask>): readonly string[] =>
  'partners' in told ? told.partners.map(({ organisation }) => organisation) : []

describe('an excerpt that was copied', () => {
  const text = words('a', 400)
  const copy = text.split(' ').slice(100, 160).join(' ')

  test('names the one partner that was sent it, with the reply and the run', () => {
    const told = ask(copy, [
      { to: 'Cedar', text },
      { to: 'Alder', text: words('b', 400) },
    ])
    expect(told).toMatchObject({ verdict: 'named', words: 60, grams: 56, common: 0 })
    expect(partnersOf(told)).toEqual(['Cedar'])
    const [reply] = 'partners' in told ? (told.partners[0]?.replies ?? []) : []
    expect(reply?.reply.eid).toBe(replyOf(0).eid)
    // All of its own fingerprints are the reply's, but for what stands at its ends in other windows.
    expect(reply?.coverage).toBe(1)
    expect(reply?.matches).toBeGreaterThan(60 / 5)
    expect(reply?.runs).toHaveLength(1)
    expect(reply?.runs[0]?.words).toBeGreaterThan(52)
  })

  test('is told apart from what was changed in the middle of it: two runs, neither with the changed word', () => {
    const changed = copy.replace('a130', 'another')
    const told = ask(changed, [{ to: 'Cedar', text }])
    const [reply] = 'partners' in told ? (told.partners[0]?.replies ?? []) : []
    expect(reply?.runs).toHaveLength(2)
    for (const { from, to, words } of reply?.runs ?? []) {
      expect(words).toBe(to - from)
      expect(from > 30 || to <= 30).toBe(true)
    }
  })

  test('of two partners’ replies names both, each with its run', () => {
    const other = words('b', 60)
    const told = ask(`${copy} ${other}`, [
      { to: 'Cedar', text },
      { to: 'Alder', text: other },
    ])
    expect([...partnersOf(told)].sort()).toEqual(['Alder', 'Cedar'])
  })

  test('is found in whichever epoch it was sent', () => {
    const told = ask(copy, [
      { to: 'Alder', text: words('b', 400) },
      { to: 'Cedar', text, epoch: 1 },
    ])
    expect(partnersOf(told)).toEqual(['Cedar'])
  })
})

describe('common text', () => {
  const text = words('a', 60)

  test('that went to two partners names neither: it is a tie, and says whose', () => {
    const told = ask(text, [
      { to: 'Cedar', text },
      { to: 'Alder', text },
      { to: 'Birch', text: words('b', 60) },
    ])
    expect(told).toMatchObject({ verdict: 'tie' })
    expect([...partnersOf(told)].sort()).toEqual(['Alder', 'Cedar'])
  })

  test('is so too where one was sent it in another epoch', () => {
    const told = ask(text, [
      { to: 'Cedar', text },
      { to: 'Alder', text, epoch: 1 },
    ])
    expect(told).toMatchObject({ verdict: 'tie' })
    expect([...partnersOf(told)].sort()).toEqual(['Alder', 'Cedar'])
  })

  test('that one partner was sent twice names it', () => {
    const told = ask(text, [
      { to: 'Cedar', text },
      { to: 'Cedar', text },
    ])
    expect(told).toMatchObject({ verdict: 'named', partners: [{ organisation: 'Cedar', repliesSeen: 2 }] })
  })

  test('that anybody may have read counts for nobody, and is counted', () => {
    const told = ask(text, [{ to: 'Cedar', text }], text)
    expect(told).toMatchObject({ verdict: 'not_enough', common: 56, public: 56, best: { matches: 0 } })
  })

  test('beside text of one partner’s own leaves that one named, by its own alone', () => {
    const own = words('c', 60)
    const told = ask(`${text} ${own}`, [
      { to: 'Cedar', text: `${text} ${own}` },
      { to: 'Alder', text },
    ])
    expect(partnersOf(told)).toEqual(['Cedar'])
    const [reply] = 'partners' in told ? (told.partners[0]?.replies ?? []) : []
    for (const { from } of reply?.runs ?? []) expect(from).toBeGreaterThan(60 - guaranteedRun)
    expect(told).toMatchObject({ common: expect.any(Number) })
    expect('common' in told && told.common).toBeGreaterThan(20)
  })
})

describe('a run that is shown', () => {
  test('was sent to nobody else, whatever part of it others were sent, in this epoch or in another', () => {
    const excerpt = words('a', 60).split(' ')
    const part = fc
      .record({
        to: fc.constantFrom('Cedar', 'Alder'),
        epoch: fc.nat(1),
        from: fc.nat(59),
        length: fc.integer({ min: 1, max: 40 }),
        around: fc.nat(1_000),
      })
      .map(({ to, epoch, from, length, around }) => ({
        ...{ to, epoch },
        text: [words(`x${around}y`, 6), ...excerpt.slice(from, from + length), words(`z${around}y`, 6)].join(
          ' ',
        ),
      }))
    let shown = 0
    fc.assert(
      fc.property(fc.array(part, { maxLength: 6 }), sent => {
        const told = ask(excerpt.join(' '), sent)
        if (told.verdict !== 'named') return
        for (const { organisation, replies } of told.partners) {
          const others = sent.filter(({ to }) => to !== organisation).map(({ text }) => ` ${text} `)
          for (const { from, to } of replies.flatMap(({ runs }) => runs)) {
            const run = ` ${excerpt.slice(from, to).join(' ')} `
            expect(others.filter(text => text.includes(run))).toEqual([])
            shown++
          }
        }
      }),
      { numRuns: 500 },
    )
    expect(shown).toBeGreaterThan(100)
  })

  test('is none of a few words that another was sent in another epoch, whose key kept other grams of them', () => {
    const lengths = Array.from({ length: 8 }, (_, i) => 8 + i)
    let shown = 0
    for (const [n, length] of Array.from({ length: 40 }, () => lengths)
      .flat()
      .entries()) {
      const [front, run, end] = [words(`a${n}x`, 30), words(`b${n}x`, length), words(`c${n}x`, 30)]
      const told = ask(`${front} changed ${run} changed ${end}`, [
        { to: 'Cedar', text: `${front} one ${run} two ${end}` },
        { to: 'Alder', text: `${words('d', 8)} ${run} ${words('e', 8)}`, epoch: 1 },
      ])
      expect(partnersOf(told)).toEqual(['Cedar'])
      const runs = 'partners' in told ? (told.partners[0]?.replies[0]?.runs ?? []) : []
      expect(runs.filter(({ from, to }) => from >= 31 && to <= 31 + length)).toEqual([])
      shown += runs.length
    }
    expect(shown).toBeGreaterThan(40 * lengths.length)
  })
})

describe('not enough', () => {
  test('is what a few words are that happen to be the same: figures, and no name', () => {
    const text = words('a', 200)
    const eight = text.split(' ').slice(50, 58).join(' ')
    const told = ask(`${words('x', 40)} ${eight} ${words('y', 40)}`, [{ to: 'Cedar', text }])
    expect(told).toMatchObject({ verdict: 'not_enough' })
    expect(JSON.stringify(told)).not.toContain('Cedar')
    expect('best' in told && told.best.matches).toBeGreaterThan(0)
    expect('best' in told && told.best.coverage).toBeLessThan(leastCoverage)
  })

  test(`is less than ${leastMatches} matches, however much of the excerpt they are`, () => {
    const told = ask('one two three four five six seven eight', [
      { to: 'Cedar', text: 'one two three four five six seven eight' },
    ])
    // Two windows have two least grams at most.
    expect(told).toMatchObject({ verdict: 'not_enough', best: { coverage: 1 } })
  })

  test('is a share that many replies make up together, and none of them alone', () => {
    const parts = Array.from({ length: 12 }, (_, n) => words(`part${n}x`, 10))
    const told = ask(
      parts.join(' '),
      parts.map(text => ({ to: 'Cedar', text })),
    )
    expect(told).toMatchObject({ verdict: 'not_enough' })
  })

  test('is nothing at all where nothing is the same', () => {
    expect(ask(words('x', 60), [{ to: 'Cedar', text: words('a', 60) }])).toMatchObject({
      verdict: 'not_enough',
      best: { matches: 0, coverage: 0, longestRun: 0 },
    })
    expect(attribute({ words: 60, publicPlaces: new Set() }, [])).toMatchObject({ verdict: 'not_enough' })
  })

  test('is said of what was sent word by word in another order', () => {
    const text = words('a', 60)
    const told = ask(text.split(' ').reverse().join(' '), [{ to: 'Cedar', text }])
    expect(told).toMatchObject({ verdict: 'not_enough', limits: [paraphraseSentence, sourceSentence] })
  })
})

describe('every answer', () => {
  test('says how many matches chance alone would give', () => {
    const told = ask(words('x', 60), [])
    const expected = (2 * 56 * pairs) / 2 ** 64
    const said = 'grams' in told ? told.expectedFalseMatches : 0
    expect(said).toBeGreaterThanOrEqual(expected)
    expect(said).toBeLessThan(10 * expected)
  })

  test('is the same when it is asked for again, whatever order the replies come in', () => {
    const text = words('a', 60)
    const sent = ['Cedar', 'Cedar', 'Cedar'].map(to => ({ to, text }))
    expect(ask(text, sent)).toEqual(ask(text, sent))
  })

  test('to fewer than eight words is that they are too few', () => {
    expect(ask('one two three four five six seven', [])).toEqual({
      verdict: 'too_short',
      words: 7,
      least: 8,
      reason: 'An excerpt of 7 words says too little: it needs 8 at least.',
    })
  })
})
