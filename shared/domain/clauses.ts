/**
 * The registry of clauses: what a protected agreement can ask for, and what each of it becomes. Every clause is
 * enforced, evidenced in the log, or honestly marked as undertaken only. The terms of a clause are written as the
 * document holds them, `snake_case`, since the document is what is signed.
 */
import type { Capability } from './records.ts'

/** Tokens, calls and streams, in the words of the document. */
export interface QuotaTerms {
  /** Tokens for the whole term. */
  readonly total: number
  /** Tokens a UTC day; absent: no daily limit. */
  readonly per_day?: number | undefined
  /** Requests a minute, and how many of them may come at once. */
  readonly rpm: number
  readonly burst: number
  /** Calls under way at once. */
  readonly streams: number
}

/** Whom an attribute lets in. Exactly one of both; who has nothing attested is in neither, and is refused. */
export interface AttributeTerms {
  readonly admit?: readonly string[] | undefined
  readonly exclude?: readonly string[] | undefined
}

/**
 * From when on what was sent in a day of UTC is a reason to look. One that is left out is not looked at; without any of
 * them nothing is. What is counted: `shared/fingerprint/patterns.ts`.
 */
export interface PatternTerms {
  /** Percent of the day's replies, of which another client was sent at least half. */
  readonly repetition_percent?: number | undefined
  /** Percent of the day's replies that have a frame in common with others, and are filled anew. */
  readonly template_percent?: number | undefined
  /** How many times the words of the days before. */
  readonly volume_factor?: number | undefined
  /** On a day with fewer replies nothing is raised. */
  readonly least_replies?: number | undefined
}

/** What each kind of clause says beside its text. */
export interface ClauseTerms {
  /** What one grant may be given at most; `pool`: what all grants under the agreement may spend together. */
  readonly quota: QuotaTerms & { readonly pool?: QuotaTerms | undefined }
  readonly purpose: { readonly purposes: readonly string[] }
  readonly capabilities: { readonly capabilities: readonly Capability[] }
  readonly 'named-use': Nothing
  /** ISO 3166-1 alpha-2. */
  readonly nationality: AttributeTerms
  /** ISO 3166-1 or 3166-2. */
  readonly region: AttributeTerms
  readonly 'no-extraction': { readonly patterns?: PatternTerms | undefined }
  readonly 'no-training': Nothing
  /** `days`: how long the metadata of calls is kept; `notice`: what is acknowledged before the first call. */
  readonly 'retention-notice': { readonly days: number; readonly notice: string }
  readonly confidentiality: Nothing
  /** Hours from discovery to the report. */
  readonly 'incident-report': { readonly hours: number }
  /** Hours from discovery to the report, and days for which its text is kept to those who can act on it. */
  readonly 'vulnerability-report': { readonly hours: number; readonly embargo_days: number }
  /** Days from one access review to the next; `screening`: every client has one attested that has not expired. */
  readonly 'insider-risk': { readonly review_days: number; readonly screening: boolean }
  /** Days from the end of the agreement to the attestation of destruction. */
  readonly destruction: { readonly days: number }
  readonly 'non-licensing': Nothing
}

export type Nothing = Readonly<Record<string, never>>

export type ClauseKind = keyof ClauseTerms

export type Clause = {
  [Kind in ClauseKind]: {
    /** As the parties number it. Unique in its document. */
    readonly id: string
    readonly kind: Kind
    /** For people. */
    readonly text: string
    readonly terms: ClauseTerms[Kind]
  }
}[ClauseKind]

/** `enforced`: what it forbids is refused. `evidenced`: the log shows whether it was kept. `undertaken`: a promise. */
export type Enforcement = 'enforced' | 'evidenced' | 'undertaken'

export interface ClauseRegistration {
  readonly title: string
  readonly enforcement: Enforcement
  /** What it compiles to, as a sentence. */
  readonly by: string
  /** As what it shows in the log; null where nothing does. */
  readonly shows: string | null
  /** It binds each call, so that its id stands in the token and in the entries of calls. */
  readonly binds?: true
}

/** Every kind that a document may hold, in the order in which documents are drafted. */
export const clauseRegistry: Readonly<Record<ClauseKind, ClauseRegistration>> = {
  quota: {
    title: 'Quota',
    enforcement: 'enforced',
    by: 'Meters: no grant is given more than the ceiling, and no call reserves beyond its grant, or beyond the pool of the agreement.',
    shows: 'The clause id on each admission, and on each refusal by a meter.',
    binds: true,
  },
  purpose: {
    title: 'Purpose',
    enforcement: 'enforced',
    by: 'A token carries one registered purpose, and is refused for any other.',
    shows: 'The purpose on each entry.',
    binds: true,
  },
  capabilities: {
    title: 'Capabilities',
    enforcement: 'enforced',
    by: 'A request that uses a capability which is not listed is refused before the model is asked.',
    shows: 'A refusal with the clause id.',
    binds: true,
  },
  'named-use': {
    title: 'Named use',
    enforcement: 'enforced',
    by: 'Tokens are bound to the key of a named client; there is no other way in.',
    shows: 'The thumbprint of the key on each entry.',
    binds: true,
  },
  nationality: {
    title: 'Nationality',
    enforcement: 'enforced',
    by: 'What is attested of a client is judged at each call; a client of which nothing is attested is refused.',
    shows: 'A refusal with the clause id.',
    binds: true,
  },
  region: {
    title: 'Region',
    enforcement: 'enforced',
    by: 'What is attested of a client is judged at each call; a client of which nothing is attested is refused.',
    shows: 'A refusal with the clause id.',
    binds: true,
  },
  'no-extraction': {
    title: 'No extraction',
    enforcement: 'undertaken',
    by: 'A promise of the counterparty. Quotas bound how much can be taken. Where its terms set thresholds it is evidenced: what was sent is looked through for patterns, one of them raises a finding, and a person decides.',
    shows: null,
  },
  'no-training': {
    title: 'No training',
    enforcement: 'undertaken',
    by: 'A promise of the counterparty: what is done with a reply afterwards cannot be seen from here.',
    shows: null,
  },
  'retention-notice': {
    title: 'Retention notice',
    enforcement: 'enforced',
    by: 'No call is admitted before the notice was acknowledged.',
    shows: 'The entry of the acknowledgement.',
    binds: true,
  },
  confidentiality: {
    title: 'Confidentiality',
    enforcement: 'undertaken',
    by: 'A promise of the parties.',
    shows: null,
  },
  'incident-report': {
    title: 'Incident report',
    enforcement: 'evidenced',
    by: 'A report has a clock that runs from the discovery; one that comes late is marked so.',
    shows: 'The entry of the report, with the clause id and whether it was in time.',
  },
  'vulnerability-report': {
    title: 'Vulnerability report',
    enforcement: 'evidenced',
    by: 'A report has a clock and an embargo, and is handed to the clearinghouse as a signed advisory.',
    shows: 'The entries of the report and of the hand-off, with the digest of the receipt.',
  },
  'insider-risk': {
    title: 'Insider risk',
    enforcement: 'enforced',
    by: 'Where screening is asked for, a client without one that is in force is refused. Access reviews fall due by the clock: the log shows whether they were held.',
    shows: 'Refusals with the clause id, and the entry of each review with its certificate.',
    binds: true,
  },
  destruction: {
    title: 'Destruction',
    enforcement: 'evidenced',
    by: 'The agreement cannot be closed before destruction was attested.',
    shows: 'The entry of the attestation.',
  },
  'non-licensing': {
    title: 'No licence',
    enforcement: 'enforced',
    by: 'The states of a model: its developer releases or withdraws it from every one of them, alone and at once.',
    shows: null,
  },
}

/**
 * Of one clause, by its terms: one that asks for access reviews alone forbids no call, and whether nothing is extracted
 * shows where it is agreed what is looked for.
 */
export const registrationOf = (clause: Clause): ClauseRegistration => {
  const registered = clauseRegistry[clause.kind]
  if (clause.kind === 'insider-risk' && !clause.terms.screening)
    return { ...registered, enforcement: 'evidenced' }
  return clause.kind === 'no-extraction' && clause.terms.patterns !== undefined
    ? { ...registered, ...lookedThrough }
    : registered
}

export const enforcementOf = (clause: Clause): Enforcement => registrationOf(clause).enforcement

const lookedThrough = {
  enforcement: 'evidenced',
  by: 'What was sent in a day is looked through for patterns: replies that several clients were sent, one frame that is filled anew, a sudden volume. At its thresholds one raises a finding; nothing is narrowed, and a person decides.',
  shows: 'The entry of each finding, with the clause id and the figures.',
} as const satisfies Partial<ClauseRegistration>

export const clauseKinds = Object.keys(clauseRegistry) as readonly ClauseKind[]

/** Without these, nothing could be admitted under a document, or it would seem to give what nobody here can. */
export const requiredClauses = [
  'quota',
  'purpose',
  'capabilities',
  'retention-notice',
  'non-licensing',
] as const satisfies readonly ClauseKind[]

/** The ids of the clauses of an agreement, by their kind. A document holds one of a kind at most. */
export type ClauseIds = Readonly<Record<Exclude<(typeof requiredClauses)[number], 'non-licensing'>, string>> &
  Readonly<Partial<Record<ClauseKind, string>>>

/**
 * Those that bind each call, in the order of the registry: a stored map keeps no order of its names. Insider risk does
 * where screening is asked for.
 */
export const bindingClauses = (ids: ClauseIds, screening: boolean): readonly string[] =>
  clauseKinds
    .filter(kind => clauseRegistry[kind].binds && (kind !== 'insider-risk' || screening))
    .flatMap(kind => ids[kind] ?? [])
