/** A pattern in words for people: what was counted, where the threshold is, and that nothing follows by itself. */
import type { Finding } from '../../../shared/domain/findings.ts'
import type { PatternMeasures } from '../../../shared/domain/patterns.ts'
import { leastFingerprints, templateOthers, templatePercent } from '../../../shared/fingerprint/patterns.ts'

export interface PatternOf {
  readonly measures: PatternMeasures
  /** Whose replies they are, by name. */
  readonly counterparty: string
  readonly agreement: string
  readonly clause: string
}

const number = (n: number): string => n.toLocaleString('en-US')
const counted = (n: number, one: string, many: string): string => `${number(n)} ${n === 1 ? one : many}`

export function patternWords({ measures, counterparty, agreement, clause }: PatternOf): {
  readonly title: string
  readonly text: string
} {
  const { pattern, day, threshold, replies, words, clients } = measures
  const sent = `On ${day} (UTC) ${counted(words, 'word was', 'words were')} sent to ${counted(clients, 'client', 'clients')} of ${counterparty} under ${agreement}. ${counted(replies, 'reply has', 'replies have')} at least ${leastFingerprints} fingerprints, and can be compared.`
  const sets = `${pattern === 'volume' ? `${number(threshold)} times` : `${threshold} %`} is what clause ${clause} sets.`
  const said = saidOf(measures)
  return {
    title: `${said.title} on ${day}`,
    text: [
      sent,
      `${said.text} ${sets}`,
      'This is a reason to look, and not a verdict: nothing was narrowed, refused or stopped by it, and calls go on. What the replies say is not kept. A person of the developer decides.',
    ].join('\n'),
  }
}

function saidOf({ pattern, matching = 0, percent = 0, median = 0, factor = 0 }: PatternMeasures): {
  readonly title: string
  readonly text: string
} {
  switch (pattern) {
    case 'repetition':
      return {
        title: `${percent} % of the replies went to several clients`,
        text: `Of ${number(matching)} of them (${percent} %), half of the fingerprints or more also went to another client under the same agreement.`,
      }
    case 'template':
      return {
        title: `${percent} % of the replies have a frame in common`,
        text: `Of ${number(matching)} of them (${percent} %), ${templatePercent.from} to ${templatePercent.to} % of the fingerprints recur in ${templateOthers} other replies or more under the agreement: one frame, filled anew.`,
      }
    case 'volume':
      return {
        title: `${number(factor)} times the words of an ordinary day`,
        text: `That is ${number(factor)} times the median of the 14 days before, ${counted(median, 'word', 'words')}, of days on which anything was sent.`,
      }
  }
}

/** What a person can do about one: each by a command that there is anyway. */
export function patternNext({ id, kind, state, agreement, about }: Finding): readonly string[] {
  if (kind !== 'pattern' || state === 'resolved' || agreement === undefined || about === undefined) return []
  return [
    `sallyport log search agreement:${agreement}`,
    `sallyport finding resolve ${id} --from done.txt`,
    `sallyport agreement suspend ${agreement} --reason extraction_suspected`,
    `sallyport hold preview --organisation ${about}`,
  ]
}
