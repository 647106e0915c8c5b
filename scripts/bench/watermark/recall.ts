/**
 * How often an excerpt names the partner that its text was sent to, and how often another one. Each document's texts went to
 * one partner; excerpts begin anywhere in a text, and some of their words are replaced, left out or added.
 */
import { hash } from 'node:crypto'
import { entryId, outcomeId } from '../../../shared/entries/id.ts'
import { attribute, type FoundReply } from '../../../shared/fingerprint/attribute.ts'
import { fingerprintsOf, gramsOf } from '../../../shared/fingerprint/fingerprints.ts'
import type { ReplyFacts } from '../../../shared/fingerprint/pending.ts'
import { units } from '../../../shared/fingerprint/units.ts'
import { type EntryStream, entryStream } from '../../../shared/watermark/stream.ts'
import type { Text } from './texts.ts'

export const partners = 8

export interface Excerpts {
  readonly words: number
  /** Per cent of the words. */
  readonly edited: number
}

/** What is promised of each, as a share. */
export const promised: readonly (Excerpts & { readonly recall: number })[] = [
  { words: 30, edited: 0, recall: 0.93 },
  { words: 60, edited: 0, recall: 0.95 },
  { words: 60, edited: 10, recall: 0.86 },
  { words: 100, edited: 20, recall: 0.48 },
]
export const recallTolerance = 0.03
/** Share of excerpts that may name another partner. */
export const mostWrong = 0.0013

export interface Recall {
  readonly excerpts: number
  /** That name the partner whose text it is. */
  readonly right: number
  /** That name another one. */
  readonly wrong: number
  /** That name somebody although nobody was sent the document. */
  readonly strangers: number
}

interface Sent {
  readonly facts: ReplyFacts
  readonly document: string
  /** Words as a person counts them; where there are no blanks, characters. */
  readonly words: readonly string[]
}

const key = hash('sha256', 'texts that everybody has', 'buffer')

export function measureRecall(texts: readonly Text[], asked: readonly Excerpts[]): readonly Recall[] {
  const sent = texts.map(sentReply(texts))
  const index = new Map<bigint, number[]>()
  for (const [i, { text }] of texts.entries()) {
    for (const one of fingerprintsOf(key, [text])) {
      const there = index.get(one)
      if (there) there.push(i)
      else index.set(one, [i])
    }
  }
  const vocabulary = [...new Set(sent.flatMap(({ words }) => words))]
  return asked.map(excerpts => {
    const chance = entryStream(key, JSON.stringify(excerpts))
    const counted = { excerpts: 0, right: 0, wrong: 0, strangers: 0 }
    for (const { facts, document, words } of sent) {
      if (words.length < excerpts.words) continue
      const from = chance.belowWide(words.length - excerpts.words + 1)
      const copied = words.slice(from, from + excerpts.words)
      const text = edited(copied, excerpts.edited, vocabulary, chance).join(' ')
      const grams = gramsOf(key, text)
      const size = units(text).length
      const found = repliesWith(grams, index, sent)
      const named = namedBy(size, grams, found)
      const elsewhere = found.filter(one => one.document !== document)
      counted.excerpts++
      if (named.includes(facts.organisation)) counted.right++
      if (named.some(one => one !== facts.organisation)) counted.wrong++
      if (namedBy(size, grams, elsewhere).length > 0) counted.strangers++
    }
    return counted
  })
}

interface Found extends FoundReply {
  readonly document: string
}

function repliesWith(
  grams: BigUint64Array,
  index: ReadonlyMap<bigint, readonly number[]>,
  sent: readonly Sent[],
): readonly Found[] {
  const byReply = new Map<number, Set<bigint>>()
  for (const gram of grams) {
    for (const reply of index.get(gram) ?? []) {
      const there = byReply.get(reply)
      if (there) there.add(gram)
      else byReply.set(reply, new Set([gram]))
    }
  }
  return [...byReply].flatMap(([reply, matched]) => {
    const { facts, document } = sent[reply] ?? {}
    return facts && document !== undefined ? [{ facts, document, grams: matched }] : []
  })
}

function namedBy(words: number, grams: BigUint64Array, found: readonly FoundReply[]): readonly string[] {
  const told = attribute({ words, publicPlaces: new Set() }, [{ grams, found, pairs: 0 }])
  return told.verdict === 'named' ? told.partners.map(({ organisation }) => organisation) : []
}

function sentReply(texts: readonly Text[]): (text: Text, i: number) => Sent {
  const documents = new Map([...new Set(texts.map(({ document }) => document))].map((one, i) => [one, i]))
  return ({ document, text }, i) => {
    const partner = (documents.get(document) ?? 0) % partners
    const words = wordsOf(text)
    return {
      facts: {
        eid: outcomeId(entryId(Date.UTC(2026, 10, 1) + i * 10_000, Buffer.alloc(16, partner))),
        organisation: `partner ${partner + 1}`,
        agreement: 'agreement',
        client: 'client',
        model: 'model',
        words: words.length,
      },
      document,
      words,
    }
  }
}

const unspaced = /[\p{scx=Han}\p{scx=Hira}\p{scx=Kana}\p{scx=Thai}\p{scx=Khmr}\p{scx=Mymr}]/u

/** Signs that stand alone are no words. */
const wordsOf = (text: string): readonly string[] =>
  text
    .split(/\s+/)
    .flatMap(word => (unspaced.test(word) ? units(word) : [word]))
    .filter(word => units(word).length > 0)

function edited(
  words: readonly string[],
  percent: number,
  vocabulary: readonly string[],
  chance: EntryStream,
): readonly string[] {
  const another = (): string => vocabulary[chance.belowWide(vocabulary.length)] ?? ''
  return words.flatMap(word => {
    if (chance.below(100) >= percent) return [word]
    const edit = chance.below(3)
    if (edit === 0) return [another()]
    return edit === 1 ? [] : [word, another()]
  })
}
