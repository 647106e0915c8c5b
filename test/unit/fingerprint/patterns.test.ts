/** What a day's fingerprints tell of how its replies are alike: by texts as they are sent, and against counting by hand. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { SentInDay } from '../../../shared/domain/patterns.ts'
import { fingerprintsOf } from '../../../shared/fingerprint/fingerprints.ts'
import {
  leastFingerprints,
  measureDay,
  repeatedPercent,
  type SentReply,
  templateOthers,
  templatePercent,
} from '../../../shared/fingerprint/patterns.ts'

interface Sent {
  readonly client: string
  readonly agreement?: string
  readonly fingerprints: readonly bigint[]
}

function measure(sent: readonly Sent[]): ReadonlyMap<string, SentInDay> {
  const groups = new Map<bigint, number[]>()
  for (const [i, { fingerprints }] of sent.entries())
    for (const one of new Set(fingerprints)) groups.set(one, [...(groups.get(one) ?? []), i])
  const replies = sent.map(
    ({ client, agreement = 'agreement_1', fingerprints }): SentReply => ({
      ...{ agreement, client, model: 'aurora', words: fingerprints.length * 3 },
      fingerprints: new Set(fingerprints).size,
    }),
  )
  const measuring = measureDay(replies)
  for (const group of groups.values()) measuring.add(group)
  return measuring.measures()
}

const key = new Uint8Array(32).fill(7)
const of = (client: string, text: string): Sent => ({
  client,
  fingerprints: [...fingerprintsOf(key, [text])],
})
const only = (sent: readonly Sent[]): SentInDay => {
  const found = measure(sent).get('agreement_1')
  if (found === undefined) throw new Error('nothing was sent')
  return found
}
const shares = ({ replies, repeated, templated }: SentInDay) => [replies, repeated.replies, templated.replies]

let drawn = 1
/** Words that nobody else is sent. */
const words = (n: number): string =>
  Array.from({ length: n }, () => {
    drawn = (drawn * 48_271) % 2_147_483_647
    return `w${drawn.toString(36)}`
  }).join(' ')

const greeting = 'Thank you for your question. I am happy to help with that, and here is what I have found.'
const clients = Array.from({ length: 12 }, (_, i) => `client_${i}`)

describe('of what is sent to many clients', () => {
  test('different answers behind one greeting are neither repeated nor of one frame', () => {
    const sent = clients.flatMap(client =>
      Array.from({ length: 5 }, () => of(client, `${greeting} ${words(140)}`)),
    )
    expect(shares(only(sent))).toEqual([60, 0, 0])
  })

  test('one extraction that is shared out over all of them is repeated, reply by reply', () => {
    const answers = Array.from({ length: 5 }, () => words(120))
    const sent = clients.flatMap(client => answers.map(answer => of(client, answer)))
    const day = only(sent)
    expect(shares(day)).toEqual([60, 60, 0])
    expect(day.clients).toBe(12)
    expect(day.repeated.clients).toEqual([...clients].sort())
  })

  test('one frame that is filled anew each time is a template, whoever is sent it, and no repetition within a client', () => {
    const frame = (): string =>
      `The record that you asked for has these fields. First name ${words(1)}. The second line of the record goes on with what is known of ${words(12)}. It ends with the words that all of them end with, as the form has it. ${words(14)}`
    const same = Array.from({ length: 20 }, () => of('client_0', frame()))
    const day = only(same)
    expect(shares(day)).toEqual([20, 0, 20])
    expect(day.templated.clients).toEqual(['client_0'])
  })

  test('the same reply again and again to one client is neither: somebody asks the same', () => {
    const answer = words(120)
    expect(shares(only(Array.from({ length: 20 }, () => of('client_0', answer))))).toEqual([20, 0, 0])
  })

  test('replies too short to be compared count by their words alone', () => {
    const short = Array.from({ length: 8 }, (_, i) =>
      of(`client_${i}`, 'No. I cannot help with that request.'),
    )
    const day = only(short)
    expect(shares(day)).toEqual([0, 0, 0])
    expect([day.words > 0, day.clients]).toEqual([true, 8])
  })

  test('what another agreement was sent is no matter of this one', () => {
    const answer = words(120)
    const sent = ['agreement_1', 'agreement_2'].map(agreement => ({
      ...of(`client of ${agreement}`, answer),
      agreement,
    }))
    for (const day of measure(sent).values()) expect(shares(day)).toEqual([1, 0, 0])
  })
})

test('a share is met at its very bound, and not one fingerprint before', () => {
  const range = (from: number, n: number): bigint[] => Array.from({ length: n }, (_, i) => BigInt(from + i))
  const half = (shared: number): Sent[] => [
    { client: 'a', fingerprints: range(0, 20) },
    { client: 'b', fingerprints: [...range(0, shared), ...range(100, 80)] },
  ]
  expect(only(half(10)).repeated.replies).toBe(1)
  expect(only(half(9)).repeated.replies).toBe(0)
  const framed = (shared: number, others: number): SentInDay =>
    only(
      Array.from({ length: others + 1 }, (_, i) => ({
        client: 'a',
        fingerprints: [...range(0, shared), ...range(1_000 * (i + 1), 100 - shared)],
      })),
    )
  const templated = (shared: number, others = templateOthers): number =>
    framed(shared, others).templated.replies
  expect([29, 30, 90, 91].map(shared => templated(shared))).toEqual([0, 6, 6, 0])
  expect(templated(50, templateOthers - 1)).toBe(0)
})

/** Few fingerprints and clients, so that much is alike. */
const sentArbitrary = fc.array(
  fc.record({
    client: fc.constantFrom('a', 'b', 'c'),
    agreement: fc.constantFrom('agreement_1', 'agreement_2'),
    fingerprints: fc.uniqueArray(fc.bigInt(0n, 40n), { maxLength: 30 }),
  }),
  { maxLength: 30 },
)

const byHand = (sent: readonly Required<Sent>[]): object =>
  Object.fromEntries(
    [...new Set(sent.map(({ agreement }) => agreement))].map(agreement => {
      const under = sent.filter(one => one.agreement === agreement)
      const long = under.filter(({ fingerprints }) => fingerprints.length >= leastFingerprints)
      const percent = (one: Sent, holds: (f: bigint) => boolean): number =>
        (one.fingerprints.filter(holds).length / one.fingerprints.length) * 100
      const repeated = long.filter(
        one =>
          percent(one, f => under.some(o => o.client !== one.client && o.fingerprints.includes(f))) >=
          repeatedPercent,
      )
      const templated = long.filter(one => {
        const share = percent(
          one,
          f => under.filter(o => o !== one && o.fingerprints.includes(f)).length >= templateOthers,
        )
        return share >= templatePercent.from && share <= templatePercent.to
      })
      return [agreement, [long.length, repeated.length, templated.length]]
    }),
  )

test('it counts what counting by hand does', () => {
  fc.assert(
    fc.property(sentArbitrary, sent => {
      const found = [...measure(sent)].map(([agreement, day]) => [agreement, shares(day)])
      expect(Object.fromEntries(found)).toEqual(byHand(sent))
    }),
    { numRuns: 150 },
  )
})

test('the order of replies and of groups makes no difference', () => {
  fc.assert(
    fc.property(sentArbitrary, sent => {
      const [forth, back] = [measure(sent), measure(sent.toReversed())]
      for (const [agreement, day] of forth) expect(back.get(agreement)).toEqual(day)
    }),
    { numRuns: 50 },
  )
})

test('a group is looked at a fixed number of times, however many replies it has', () => {
  const looks = (size: number): number => {
    const replies = Array.from({ length: size }, (_, i) => ({
      ...{ agreement: 'agreement_1', client: `client_${i % 50}`, model: 'aurora' },
      ...{ words: 1, fingerprints: 1 },
    }))
    let count = 0
    const group = new Proxy(
      Array.from({ length: size }, (_, i) => i),
      {
        get(target, name, receiver) {
          if (name !== 'length') count += 1
          return Reflect.get(target, name, receiver)
        },
      },
    )
    measureDay(replies).add(group)
    return count / size
  }
  expect(looks(10)).toBeLessThanOrEqual(4)
  expect(looks(5_000)).toBe(looks(10))
})
