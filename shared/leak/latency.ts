/** Latencies: seconds with a fraction, a point or a comma before it. Pure. */
import { asDigits, digitClass, unreadableClass } from './digits.ts'

const named = new RegExp(
  `^([${digitClass}]{1,6})(?:[.,]([${digitClass}${unreadableClass}]{1,9}))?\\s?(?:s|sec|seconds)?$`,
)

/** Where a column or a key says that it is one. */
export function readLatency(text: string): string | undefined {
  const [, whole, fraction] = named.exec(bare(text)) ?? []
  if (whole === undefined || !/\d/.test(whole + (fraction ?? ''))) return undefined
  const seconds = asDigits(whole)
  return fraction === undefined ? seconds : `${seconds}.${asDigits(fraction).slice(0, 6)}`
}

/**
 * Where nothing says so: three decimals or more make it one. A comma before three may stand between thousands, unless
 * `comma` says that decimals have one here.
 */
export function looksLikeLatency(text: string, comma = false): string | undefined {
  const [, whole, mark, fraction = ''] = /^(\d{1,5})([.,])(\d{3,9})\s?s?$/.exec(bare(text)) ?? []
  if (whole === undefined || (mark === ',' && fraction.length === 3 && !comma)) return undefined
  return `${whole}.${fraction.slice(0, 6)}`
}

/** In a line of words: in a column of its own, apart from them. */
const inColumn = /(?<=^|[ \t]{2}|\t)\d{1,5}(?:\.\d{3,9}|,\d{4,9})(?= ?s(?:ec)?\b|[ \t]{2}|\t|[ \t]?$)/m

export function findLatency(text: string): { readonly at: number; readonly written: string } | undefined {
  const match = inColumn.exec(text)
  return match ? { at: match.index, written: match[0] } : undefined
}

const bare = (text: string): string => text.trim().replace(/^'+/, '')
