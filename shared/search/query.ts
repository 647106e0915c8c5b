/** A query as it was understood. The same in the API, on the command line and in a browser: pure. */

/** What the words of an entry are compared by. */
export const wordKeys = [
  'decision',
  'code',
  'partner',
  'model',
  'client',
  'person',
  'grant',
  'agreement',
  'clause',
  'purpose',
  'type',
  'request',
  'charge',
  'ending',
  'action',
  'entry',
] as const
export type WordKey = (typeof wordKeys)[number]

export const searchKeys = ['time', ...wordKeys] as const
export type SearchKey = (typeof searchKeys)[number]

export const isSearchKey = (text: string): text is SearchKey => searchKeys.some(key => key === text)

export interface Value {
  readonly text: string
  /** What begins so; otherwise what is exactly so. */
  readonly prefix?: true
}

/** One of the values. */
export interface WordTerm {
  readonly key: WordKey
  readonly negated: boolean
  readonly values: readonly Value[]
}

export const comparisons = ['>=', '<=', '>', '<'] as const

export interface ChargeTerm {
  readonly key: 'charge'
  readonly negated: boolean
  readonly than: (typeof comparisons)[number]
  /** Tokens. */
  readonly amount: number
}

export type Term = WordTerm | ChargeTerm

export const timeUnits = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const
export type TimeUnit = keyof typeof timeUnits

export type Moment =
  /** Milliseconds. */
  | { readonly kind: 'at'; readonly ms: number }
  /** A day of UTC, `2026-11-27`: as a start its first moment, as an end its last. */
  | { readonly kind: 'day'; readonly day: string }
  | { readonly kind: 'ago'; readonly amount: number; readonly unit: TimeUnit }
  | { readonly kind: 'now' }

/** At least one end is there; both belong to the range. */
export interface TimeTerm {
  readonly from?: Moment
  readonly to?: Moment
  /** Where it stands in the text. */
  readonly at: number
  readonly length: number
}

/** All terms hold, and every range of time. */
export interface ParsedQuery {
  readonly times: readonly TimeTerm[]
  readonly terms: readonly Term[]
}

/** What is wrong with a query. */
export interface QueryFault {
  /** The first character of what is wrong, from 0; at most the length of the text. */
  readonly at: number
  readonly length: number
  readonly message: string
  /** What to write instead. */
  readonly next: string
}

export const isQueryFault = (value: object): value is QueryFault => 'message' in value && 'next' in value

/** On one line, and with nothing in it that a terminal would obey or that turns the order of what is read. */
export const plain = (text: string): string => text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '·')

/** Somebody's text in a message. */
export function shown(text: string): string {
  const characters = [...plain(text)]
  return `“${characters.length > 40 ? `${characters.slice(0, 39).join('')}…` : characters.join('')}”`
}
