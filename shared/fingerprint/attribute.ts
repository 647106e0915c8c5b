/**
 * Which partner an excerpt of model output went to, from where its 5-grams were seen. What went to several is common text
 * and speaks against nobody. Nobody is named but by the rule below, and what it is named by can be looked at. Pure.
 */
import { gramUnits, guaranteedRun, windowGrams, winnow } from './fingerprints.ts'
import type { ReplyFacts } from './pending.ts'

/** One reply must have at least so many of the excerpt's grams that no other partner was sent. */
export const leastMatches = 3
/** And this share of the excerpt's own fingerprints. */
export const leastCoverage = 0.3

export const paraphraseSentence =
  'Text that was reworded or translated is out of reach: only runs of eight words or more that were copied as they were are certain to be found.'

export const sourceSentence =
  'The bound is on agreement by chance alone. Words that a partner could have from where the excerpt has them, a standard text, a document that others quote, name it as well: look at the runs, and put what is public where it is known to be.'

/** A reply that has something of the excerpt. */
export interface FoundReply {
  readonly facts: ReplyFacts
  /** Which of the excerpt's grams are among its fingerprints. */
  readonly grams: ReadonlySet<bigint>
}

/** What one epoch says: each has its own key, so the excerpt has other grams in each. */
export interface SoughtEpoch {
  /** Of the excerpt, under this epoch's key, in order (`gramsOf`). */
  readonly grams: BigUint64Array
  readonly found: readonly FoundReply[]
  /** How many pairs were searched. */
  readonly pairs: number
}

export interface Excerpt {
  /** How many units it has. */
  readonly words: number
  /** Of its grams, by their places, those that a text has which anybody may have read. */
  readonly publicPlaces: ReadonlySet<number>
}

/** Units of the excerpt, counted from 0, `to` not among them: all of them stand in the reply as they stand here. */
export interface Run {
  readonly from: number
  readonly to: number
  readonly words: number
}

export interface ReplyEvidence {
  readonly reply: ReplyFacts
  /** Grams of the excerpt that it has, each once. */
  readonly matches: number
  /** Of the excerpt's own fingerprints, the share that it has: of a copy it is 1 (Broder's containment). */
  readonly coverage: number
  /**
   * Longest first. Where partners are named, nobody else was sent these words in a row; shorter ones, of which that is not
   * certain, are left out.
   */
  readonly runs: readonly Run[]
}

export interface PartnerEvidence {
  readonly organisation: string
  /** Those that say enough, the best first. */
  readonly replies: readonly ReplyEvidence[]
  /** How many of its replies have anything of the excerpt that counts. */
  readonly repliesSeen: number
  /**
   * On the probability that hashes which agree by chance name anybody who was sent nothing of it: that of as many matches
   * as the best reply has, λ^m / m! where λ are expected among all pairs.
   */
  readonly bound: number
}

export interface Counted {
  readonly words: number
  /** Each once. */
  readonly grams: number
  /** Of those, how many were seen at two partners or more, or are public: they count for nobody. */
  readonly common: number
  readonly public: number
  /**
   * Matches that chance alone would give, at most: grams × pairs ÷ 2^64, up to the next power of ten. The pairs are of all
   * partners: from the exact number whoever asks could tell how much others were sent.
   */
  readonly expectedFalseMatches: number
  readonly limits: readonly string[]
}

export type Attribution = Counted &
  (
    | { readonly verdict: 'named'; readonly partners: readonly PartnerEvidence[] }
    /** The same text went to each of these, and to so many more: it does not tell which one it comes from. */
    | { readonly verdict: 'tie'; readonly partners: readonly PartnerEvidence[]; readonly leftOut: number }
    /** The best figures, of whoever it is. */
    | {
        readonly verdict: 'not_enough'
        readonly best: { readonly matches: number; readonly coverage: number; readonly longestRun: number }
      }
  )

export interface TooShort {
  readonly verdict: 'too_short'
  readonly words: number
  readonly least: number
  readonly reason: string
}

/** Replies that are shown of each partner. */
const shownReplies = 5
/** Partners that are shown of a tie: a phrase of the model's own goes to all. */
const shownPartners = 10

export function attribute(
  { words, publicPlaces }: Excerpt,
  epochs: readonly SoughtEpoch[],
): Attribution | TooShort {
  if (words < guaranteedRun) {
    const reason = `An excerpt of ${words} words says too little: it needs ${guaranteedRun} at least.`
    return { verdict: 'too_short', words, least: guaranteedRun, reason }
  }
  const where = whereSeen(words, epochs, publicPlaces)
  const counted = count(words, epochs, where)
  const alone = evidence(epochs, at => where[at]?.organisations.size === 1 && !where[at].public)
  const { expectedFalseMatches } = counted
  const named = enough(alone, expectedFalseMatches)
  if (named.length > 0) return { verdict: 'named', partners: named, ...counted }
  const shared = enough(
    evidence(epochs, at => where[at]?.public === false),
    expectedFalseMatches,
  )
  if (shared.length > 1) {
    const partners = shared.slice(0, shownPartners)
    return { verdict: 'tie', partners, leftOut: shared.length - partners.length, ...counted }
  }
  return { verdict: 'not_enough', best: bestOf(alone), ...counted }
}

/** Of a gram of the excerpt, by its place: whom it was sent to in any epoch. */
interface Seen {
  readonly organisations: Set<string>
  readonly public: boolean
}

function whereSeen(
  words: number,
  epochs: readonly SoughtEpoch[],
  publicPlaces: ReadonlySet<number>,
): readonly Seen[] {
  const where = Array.from({ length: words - gramUnits + 1 }, (_, at) => ({
    organisations: new Set<string>(),
    public: publicPlaces.has(at),
  }))
  for (const { grams, found } of epochs) {
    const places = placesOf(grams.keys(), grams)
    for (const { facts, grams: matched } of found) {
      // Under another key other grams of the same run are kept: whoever was sent a run was sent all of its grams.
      for (const { from, to } of stretchesOf(placesIn(places, matched))) {
        for (let at = from; at + gramUnits <= to; at++) where[at]?.organisations.add(facts.organisation)
      }
    }
  }
  return where
}

function count(words: number, epochs: readonly SoughtEpoch[], where: readonly Seen[]): Counted {
  // The same words are the same gram in every epoch.
  const grams = epochs[0]?.grams ?? new BigUint64Array()
  const each = [...new Map(Array.from(grams, (gram, at) => [gram, where[at]])).values()]
  return {
    words,
    grams: each.length,
    common: each.filter(seen => seen && (seen.public || seen.organisations.size > 1)).length,
    public: each.filter(seen => seen?.public).length,
    expectedFalseMatches: powerOfTen(
      epochs.reduce((sum, { pairs }) => sum + (each.length * pairs) / 2 ** 64, 0),
    ),
    limits: [paraphraseSentence, sourceSentence],
  }
}

const powerOfTen = (n: number): number => (n === 0 ? 0 : 10 ** Math.ceil(Math.log10(n)))

/** By the partner, of the grams whose place counts. A reply is of one epoch, and judged by what it has of the excerpt there. */
function evidence(
  epochs: readonly SoughtEpoch[],
  counts: (at: number) => boolean,
): readonly Omit<PartnerEvidence, 'bound'>[] {
  const certain = certainRun(epochs)
  const replies = epochs.flatMap(({ grams, found }) => {
    const own = new Set(winnow(grams))
    const places = placesOf(grams.keys().filter(counts), grams)
    return found.flatMap(({ facts, grams: matched }): readonly ReplyEvidence[] => {
      const each = [...matched].filter(gram => places.has(gram))
      if (each.length === 0) return []
      return [
        {
          reply: facts,
          matches: each.length,
          coverage: each.filter(gram => own.has(gram)).length / own.size,
          runs: stretchesOf(placesIn(places, each))
            .filter(({ words }) => words >= certain)
            .sort((a, b) => b.words - a.words || a.from - b.from),
        },
      ]
    })
  })
  return [...Map.groupBy(replies.sort(better), ({ reply }) => reply.organisation)].map(
    ([organisation, replies]) => ({ organisation, replies, repliesSeen: replies.length }),
  )
}

type Places = ReadonlyMap<bigint, readonly number[]>

const placesOf = (of: Iterable<number>, grams: BigUint64Array): Places =>
  Map.groupBy(of, at => grams[at] as bigint)

/** Ascending. By what a reply has, which is little of a long excerpt. */
const placesIn = (places: Places, matched: Iterable<bigint>): readonly number[] =>
  [...matched].flatMap(gram => places.get(gram) ?? []).sort((a, b) => a - b)

/**
 * In a copied run the places of two kept grams that follow each other are a window's length apart at most, so what lies
 * further apart was changed in between; and every word is in a matched gram, since a gram is longer than a window.
 */
function stretchesOf(places: readonly number[]): readonly Run[] {
  const runs: { from: number; to: number }[] = []
  let before = Number.NEGATIVE_INFINITY
  for (const at of places) {
    const last = runs.at(-1)
    if (last && at - before <= windowGrams) last.to = at + gramUnits
    else runs.push({ from: at, to: at + gramUnits })
    before = at
  }
  return runs.map(({ from, to }) => ({ from, to, words: to - from }))
}

/**
 * So many words in a row that others would be known to have been sent them. In one epoch every text that has them keeps the
 * same gram of them. In another, what is kept of them can begin and end as much as a window inside, and must still not fit
 * between two grams that are kept here.
 */
const certainRun = (epochs: readonly SoughtEpoch[]): number =>
  epochs.filter(({ found }) => found.length > 0).length > 1 ? 3 * windowGrams + gramUnits - 3 : guaranteedRun

const longest = ({ runs }: ReplyEvidence): number => runs[0]?.words ?? 0

/** Where all else is alike, by the id: the same question has the same answer. */
const better = (a: ReplyEvidence, b: ReplyEvidence): number =>
  b.matches - a.matches || longest(b) - longest(a) || (a.reply.eid < b.reply.eid ? -1 : 1)

/** Of one reply: what partners are sent over months makes up any text in the end. */
const suffices = ({ matches, coverage }: ReplyEvidence): boolean =>
  matches >= leastMatches && coverage >= leastCoverage

const enough = (
  partners: readonly Omit<PartnerEvidence, 'bound'>[],
  expected: number,
): readonly PartnerEvidence[] =>
  partners.flatMap(partner => {
    const replies = partner.replies.filter(suffices).slice(0, shownReplies)
    const [best] = replies
    return best ? [{ ...partner, replies, bound: chance(expected, best.matches) }] : []
  })

/** P[Poisson(λ) ≥ m] ≤ λ^m / m!; no smaller than what a number holds. */
function chance(expected: number, matches: number): number {
  let bound = 1
  for (let m = 1; m <= matches; m++) bound *= expected / m
  return Math.min(1, Math.max(bound, 1e-300))
}

function bestOf(partners: readonly Pick<PartnerEvidence, 'replies'>[]) {
  const [best] = partners[0]?.replies ?? []
  return {
    matches: best?.matches ?? 0,
    coverage: best?.coverage ?? 0,
    longestRun: best ? longest(best) : 0,
  }
}
