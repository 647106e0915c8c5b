/** What a reply's fingerprints cost, how sure they name a partner, and what a million replies take to keep and to ask. */
import { fingerprintsOf } from '../../../shared/fingerprint/fingerprints.ts'
import type { Row, Settings } from '../bench.ts'
import { loadNow } from '../results.ts'
import { median, quantile } from '../statistics.ts'
import { askManyReplies } from './many-replies.ts'
import { type Excerpts, measureRecall, mostWrong, promised, type Recall, recallTolerance } from './recall.ts'
import { ofKind, shippedTexts, type Text, unspacedLanguages, unspacedTexts } from './texts.ts'

const million = 1_000_000

export async function attribution(settings: Settings): Promise<readonly Row[]> {
  const texts = shippedTexts(settings.scale < 1 ? 6 : 1)
  settings.print(`${texts.length.toLocaleString('en-US')} texts from the documentation of packages`)
  return [
    cpuOfReply(texts),
    ...recallRows('', texts, true),
    ...(['prose', 'code', 'tables'] as const).flatMap(kind => recallRows(`${kind}, `, ofKind(texts, kind))),
    ...(Object.keys(unspacedLanguages) as (keyof typeof unspacedLanguages)[]).flatMap(language =>
      recallRows(`made-up ${unspacedLanguages[language]}, in characters, `, unspacedTexts(language, 100)),
    ),
    ...(await manyReplies(settings)),
  ]
}

const replyWords = 750

/** Its set, from its text, as the gate makes it when the last byte is out. */
function cpuOfReply(texts: readonly Text[]): Row {
  const words = texts.flatMap(({ text }) => text.split(/\s+/)).slice(0, 100 * replyWords)
  const replies = Array.from({ length: Math.floor(words.length / replyWords) }, (_, i) =>
    words.slice(i * replyWords, (i + 1) * replyWords).join(' '),
  )
  const key = Buffer.alloc(32, 1)
  const round = (): number => {
    const before = process.cpuUsage()
    for (const reply of replies) fingerprintsOf(key, [reply])
    const { user, system } = process.cpuUsage(before)
    return (user + system) / 1_000 / replies.length
  }
  round()
  return {
    what: `CPU for the fingerprints of a reply of ${replyWords} words`,
    value: median(Array.from({ length: 7 }, round)),
    unit: 'ms',
    target: { at: 'most', value: 1.5 },
    load: loadNow(),
  }
}

/** Fewer have no share to speak of. */
const leastTexts = 30

function recallRows(of: string, texts: readonly Text[], judged = false): readonly Row[] {
  if (texts.length < leastTexts) return []
  const measured = measureRecall(texts, promised)
  return [
    ...promised.map((each, i): Row => {
      const { excerpts, right } = measured[i] ?? none
      return {
        what: `${of}${told(each)}: the partner is named`,
        value: right / excerpts,
        unit: `of ${excerpts.toLocaleString('en-US')}`,
        beside: { name: 'promised', value: each.recall, by: 'added' },
        ...(judged && { target: { at: 'least', value: each.recall - recallTolerance } }),
        load: loadNow(),
      }
    }),
    {
      what: `${of}another partner is named`,
      value: Math.max(...measured.map(({ wrong, excerpts }) => wrong / excerpts)),
      unit: 'of the worst row above',
      ...(judged && { target: { at: 'most', value: mostWrong } }),
      load: loadNow(),
    },
    ...(judged
      ? [
          {
            what: 'text of a document that nobody was sent names somebody, since another document has it too',
            value: Math.max(...measured.map(({ strangers, excerpts }) => strangers / excerpts)),
            unit: 'of the worst row above',
            load: loadNow(),
          },
        ]
      : []),
  ]
}

const none: Recall = { excerpts: 0, right: 0, wrong: 0, strangers: 0 }

const told = ({ words, edited }: Excerpts): string =>
  `${words} words ${edited === 0 ? 'as they were' : `with ${edited} % edited`}`

async function manyReplies({ scale, print }: Settings): Promise<readonly Row[]> {
  const replies = Math.max(1_000, Math.round(million * Math.min(1, scale)))
  const { segments, pairs, bytes, took, read, answered, falseMatches, grams } = await askManyReplies(
    { replies, inSegment: 33_000, questions: 100 },
    print,
  )
  const all = `${replies.toLocaleString('en-US')} replies in ${segments} segments`
  const row = (what: string, value: number, unit: string, target?: Row['target']): Row => ({
    what: `${all}: ${what}`,
    value,
    unit,
    ...(target && { target }),
    load: loadNow(),
  })
  return [
    row('bytes for a million', (bytes / replies) * million, 'bytes', { at: 'most', value: 3.8e9 }),
    row('a question of 60 words, median', quantile(took, 0.5), 'ms'),
    row('a question of 60 words, p99', quantile(took, 0.99), 'ms'),
    row('reads of a question', read.times, 'reads'),
    row('bytes of a question', read.bytes, 'bytes'),
    row('questions that found their reply', (100 * answered) / took.length, '%', { at: 'least', value: 100 }),
    row(
      `false matches of ${grams.toLocaleString('en-US')} grams, ${((grams * pairs) / 2 ** 64).toExponential(1)} expected`,
      falseMatches,
      'matches',
      { at: 'most', value: 0 },
    ),
  ]
}
