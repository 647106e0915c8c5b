/**
 * What the fingerprints of a day tell of how its replies are alike, for each agreement apart. They come as groups: the
 * replies that one fingerprint is in. Each is looked at a fixed number of times, however large its group is. Pure.
 */
import type { Matching, SentInDay } from '../domain/patterns.ts'

/** Of fewer fingerprints than these a share says nothing: about 25 words. */
export const leastFingerprints = 10
/** Percent of a reply's fingerprints that another client under the agreement was sent too: then it is repeated. */
export const repeatedPercent = 50
/** Percent of a reply's fingerprints that recur: less is a turn of phrase, more is the same reply again. */
export const templatePercent = { from: 30, to: 90 } as const
/** In how many other replies under the agreement a fingerprint recurs, to be of a frame. */
export const templateOthers = 5
/** Clients that are named. */
export const namedClients = 20

export interface SentReply {
  readonly agreement: string
  readonly client: string
  readonly model: string
  readonly words: number
  /** How many. */
  readonly fingerprints: number
}

export interface Measuring {
  /** The replies that one fingerprint is in, each once, by their place in the list. */
  add(group: ArrayLike<number>): void
  /** Once all groups were added. By the agreement. */
  measures(): ReadonlyMap<string, SentInDay>
}

export function measureDay(replies: readonly SentReply[]): Measuring {
  const agreements = numbersOf(replies, ({ agreement }) => agreement)
  // Ids of clients are one deployment's: none is under two organisations.
  const clients = numbersOf(replies, ({ client }) => client)
  const repeated = new Uint32Array(replies.length)
  const recurring = new Uint32Array(replies.length)
  // Of the group at hand, by the agreement; back at zero behind it.
  const counts = new Uint32Array(agreements.names.length)
  const firsts = new Uint32Array(agreements.names.length)
  const several = new Uint8Array(agreements.names.length)

  return {
    add(group) {
      if (group.length < 2) return
      for (let i = 0; i < group.length; i++) {
        const reply = group[i] as number
        const agreement = agreements.of[reply] as number
        const client = clients.of[reply] as number
        if (counts[agreement] === 0) firsts[agreement] = client
        else if (firsts[agreement] !== client) several[agreement] = 1
        counts[agreement] = (counts[agreement] as number) + 1
      }
      for (let i = 0; i < group.length; i++) {
        const reply = group[i] as number
        const agreement = agreements.of[reply] as number
        if (several[agreement] === 1) repeated[reply] = (repeated[reply] as number) + 1
        if ((counts[agreement] as number) > templateOthers)
          recurring[reply] = (recurring[reply] as number) + 1
      }
      for (let i = 0; i < group.length; i++) {
        const agreement = agreements.of[group[i] as number] as number
        counts[agreement] = 0
        several[agreement] = 0
      }
    },
    measures() {
      const tallies = agreements.names.map(() => ({
        replies: 0,
        words: 0,
        repeated: new Map<number, number>(),
        templated: new Map<number, number>(),
        byClient: new Map<number, number>(),
        byModel: new Map<string, number>(),
      }))
      for (const [i, { words, fingerprints, model }] of replies.entries()) {
        const tally = tallies[agreements.of[i] as number]
        const client = clients.of[i] as number
        if (tally === undefined) continue
        tally.words += words
        add(tally.byClient, client, words)
        add(tally.byModel, model, words)
        if (fingerprints < leastFingerprints) continue
        tally.replies += 1
        if (isRepeated(repeated[i] as number, fingerprints)) add(tally.repeated, client, 1)
        if (isTemplate(recurring[i] as number, fingerprints)) add(tally.templated, client, 1)
      }
      const most = (counted: ReadonlyMap<number, number>): readonly string[] =>
        mostOf([...counted].map(([client, n]) => [clients.names[client] as string, n])).slice(0, namedClients)
      const matching = (counted: ReadonlyMap<number, number>): Matching => ({
        replies: [...counted.values()].reduce((sum, n) => sum + n, 0),
        clients: most(counted),
      })
      return new Map(
        tallies.map((tally, i) => [
          agreements.names[i] as string,
          {
            replies: tally.replies,
            words: tally.words,
            clients: tally.byClient.size,
            repeated: matching(tally.repeated),
            templated: matching(tally.templated),
            largest: most(tally.byClient),
            model: mostOf([...tally.byModel])[0] as string,
          },
        ]),
      )
    },
  }
}

const isRepeated = (count: number, of: number): boolean => count * 100 >= repeatedPercent * of

const isTemplate = (count: number, of: number): boolean =>
  count * 100 >= templatePercent.from * of && count * 100 <= templatePercent.to * of

const add = <K>(counted: Map<K, number>, key: K, n: number): void => {
  counted.set(key, (counted.get(key) ?? 0) + n)
}

/** Those with most first; by name where several have as many, so that the same day is told in the same way. */
const mostOf = (counted: readonly (readonly [name: string, n: number])[]): readonly string[] =>
  counted.toSorted(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).map(([name]) => name)

/** A number for each name, and for each reply that of its name. */
function numbersOf(
  replies: readonly SentReply[],
  nameOf: (reply: SentReply) => string,
): { readonly of: Uint32Array; readonly names: readonly string[] } {
  const numbers = new Map<string, number>()
  const of = new Uint32Array(replies.length)
  for (const [i, reply] of replies.entries()) {
    const name = nameOf(reply)
    const number = numbers.get(name) ?? numbers.size
    if (number === numbers.size) numbers.set(name, number)
    of[i] = number
  }
  return { of, names: [...numbers.keys()] }
}
