/**
 * What a document becomes: limits, checks and clocks, each with the id of the clause that asks for it. A document that
 * would not do what it says is refused, by the field at fault.
 */

import type { PatternTerms, QuotaTerms } from '../domain/clauses.ts'
import {
  type Clause,
  type ClauseIds,
  type ClauseKind,
  clauseRegistry,
  requiredClauses,
} from '../domain/clauses.ts'
import type { Limits } from '../domain/meter.ts'
import { aboveCeiling } from '../domain/meter-decisions.ts'
import type { Agreement, Bounds, Clocks, Eligibility } from '../domain/records.ts'
import { Refusal, refuse } from '../domain/refusal.ts'
import { noticeText } from './attestation.ts'
import { type AgreementDocument, counterpartyOf, digestOf, documentText } from './document.ts'

/** What admission and governance go by: the fields of an agreement that its document decides. */
export type Compiled = Pick<
  Agreement,
  | 'kind'
  | 'title'
  | 'version'
  | 'digest'
  | 'developer'
  | 'counterparty'
  | 'governments'
  | 'models'
  | 'startsAt'
  | 'endsAt'
  | 'purposes'
  | 'capabilities'
  | 'clauses'
> & {
  readonly ceiling: Limits
  /** Of all grants under it together. */
  readonly poolLimits?: Limits
  readonly eligibility?: Eligibility
  readonly clocks: Clocks
  /** SHA-256 of the notice that is acknowledged, its days included, base64url. */
  readonly notice: string
  /** Who signs it. */
  readonly signatories: readonly string[]
}

type Found = { readonly [Kind in ClauseKind]?: Extract<Clause, { readonly kind: Kind }> }

export function compile(document: AgreementDocument): Compiled | Refusal {
  const found = findClauses(document)
  if (found instanceof Refusal) return found
  const parties = judgeParties(document)
  if (parties) return parties
  const [startsAt, endsAt] = [Date.parse(document.starts_at), Date.parse(document.ends_at)]
  if (!(endsAt > startsAt)) return malformed('ends_at', 'It ends after it starts.')

  const { quota, purpose, capabilities } = found
  const notice = found['retention-notice']
  const counterparty = counterpartyOf(document)
  const developer = document.parties.find(({ as }) => as === 'developer')?.organisation
  if (!quota || !purpose || !capabilities || !notice || counterparty === undefined || developer === undefined)
    throw new Error('a document was judged whole and is not')

  const ceiling = toLimits(quota.terms)
  const poolLimits = quota.terms.pool && toLimits(quota.terms.pool)
  const beyond = poolLimits && aboveCeiling(ceiling, poolLimits)
  if (beyond !== undefined)
    return malformed(
      `clauses[${quota.id}].terms.${beyond.replace('limits.', '')}`,
      'One grant may be given no more than the pool that all share.',
    )
  const eligibility = eligibilityOf(found)
  return {
    kind: document.kind,
    title: document.title,
    version: document.version,
    digest: digestOf(documentText(document)),
    developer,
    counterparty,
    governments: document.parties.filter(({ as }) => as === 'government').map(one => one.organisation),
    models: document.models,
    startsAt,
    endsAt,
    purposes: purpose.terms.purposes,
    capabilities: capabilities.terms.capabilities,
    clauses: Object.fromEntries(document.clauses.map(({ id, kind }) => [kind, id])) as ClauseIds,
    ceiling,
    ...(poolLimits && { poolLimits }),
    ...(eligibility && { eligibility }),
    clocks: clocksOf(found),
    notice: digestOf(noticeText(notice.terms)),
    signatories: document.parties.map(({ organisation }) => organisation),
  }
}

/** One of a kind, each with an id of its own, and none missing without which nothing could be admitted. */
function findClauses({ clauses }: AgreementDocument): Found | Refusal {
  const found = new Map<ClauseKind, Clause>()
  const ids = new Set<string>()
  for (const [i, clause] of clauses.entries()) {
    if (ids.has(clause.id)) return malformed(`clauses[${i}].id`, `The id ${clause.id} stands twice.`)
    if (found.has(clause.kind))
      return malformed(`clauses[${clause.id}].kind`, `There is a clause of the kind ${clause.kind} already.`)
    ids.add(clause.id)
    found.set(clause.kind, clause)
    const wrong = judgeBounds(clause)
    if (wrong) return malformed(`clauses[${clause.id}].terms`, wrong)
  }
  const missing = requiredClauses.find(kind => !found.has(kind))
  if (missing !== undefined)
    return malformed('clauses', `The clause ${clauseRegistry[missing].title} (${missing}) is missing.`)
  return Object.fromEntries(found) as Found
}

function judgeBounds(clause: Clause): string | undefined {
  if (clause.kind === 'no-extraction') return judgePatterns(clause.terms.patterns)
  if (clause.kind !== 'nationality' && clause.kind !== 'region') return undefined
  const { admit, exclude } = clause.terms
  return (admit === undefined) === (exclude === undefined)
    ? 'It names whom it admits, or whom it excludes: one of both.'
    : undefined
}

/** A clause that sets no threshold is a promise; one that seems to set some must do so. */
const judgePatterns = (patterns: PatternTerms | undefined): string | undefined =>
  patterns === undefined ||
  [patterns.repetition_percent, patterns.template_percent, patterns.volume_factor].some(
    threshold => threshold !== undefined,
  )
    ? undefined
    : 'Of patterns it names one threshold at least: repetition_percent, template_percent or volume_factor.'

function judgeParties({ kind, parties }: AgreementDocument): Refusal | undefined {
  const count = (as: string): number => parties.filter(party => party.as === as).length
  const twice = parties.find(
    ({ organisation }, i) => parties.findIndex(one => one.organisation === organisation) < i,
  )
  if (twice) return malformed('parties', `${twice.organisation} is a party twice.`)
  if (count('developer') !== 1) return malformed('parties', 'One party is the developer.')
  if (kind === 'engagement' && (count('government') !== 1 || count('partner') > 0))
    return malformed('parties', 'An engagement is between a developer and one office.')
  if (kind === 'access' && (count('partner') !== 1 || count('government') > 1))
    return malformed(
      'parties',
      'An access agreement is between a developer and one partner, with one office at most.',
    )
  return undefined
}

const malformed = (field: string, detail: string): Refusal =>
  refuse('body_malformed', detail, { field: `document.${field}` })

const toLimits = ({ total, per_day, rpm, burst, streams }: QuotaTerms): Limits => ({
  total,
  ...(per_day !== undefined && { perDay: per_day }),
  rpm,
  burst,
  streams,
})

function eligibilityOf(found: Found): Eligibility | undefined {
  const { nationality, region } = found
  const screening = found['insider-risk']?.terms.screening === true
  if (!nationality && !region && !screening) return undefined
  return {
    ...(nationality && { nationality: bounds(nationality.terms) }),
    ...(region && { region: bounds(region.terms) }),
    ...(screening && { screening }),
  }
}

const bounds = ({
  admit,
  exclude,
}: {
  admit?: readonly string[] | undefined
  exclude?: readonly string[] | undefined
}): Bounds => ({
  ...(admit && { admit }),
  ...(exclude && { exclude }),
})

function clocksOf(found: Found): Clocks {
  const vulnerability = found['vulnerability-report']?.terms
  const incident = found['incident-report']?.terms
  return {
    ...(incident && { incidentHours: incident.hours }),
    ...(vulnerability && {
      vulnerabilityHours: vulnerability.hours,
      embargoDays: vulnerability.embargo_days,
    }),
    ...(found['insider-risk'] && { reviewDays: found['insider-risk'].terms.review_days }),
    ...(found.destruction && { destructionDays: found.destruction.terms.days }),
  }
}
