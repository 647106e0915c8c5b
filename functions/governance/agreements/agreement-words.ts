/** The terms of an agreement in the words that both sign. */
import { hash } from 'node:crypto'
import canonicalize from 'canonicalize'
import type { Agreement, Capability } from '../../../shared/domain/records.ts'
import { time } from '../../../shared/domain/time.ts'
import { type LimitsWords, showLimits, toLimits } from '../grants/limits-words.ts'

/** What the developer offers. Times are RFC 3339. */
export interface TermsWords {
  readonly partner: string
  readonly models: readonly string[]
  readonly starts_at: string
  readonly ends_at: string
  readonly purposes: readonly string[]
  readonly capabilities: readonly Capability[]
  readonly clauses: {
    readonly quota: string
    readonly purpose: string
    readonly capabilities: string
    readonly retention_notice: string
  }
  readonly ceiling: LimitsWords
}

export type Terms = Pick<
  Agreement,
  | 'kind'
  | 'developer'
  | 'partner'
  | 'models'
  | 'startsAt'
  | 'endsAt'
  | 'purposes'
  | 'capabilities'
  | 'clauses'
  | 'ceiling'
>

export const toTerms = (words: TermsWords, developer: string): Terms => ({
  kind: 'access',
  developer,
  partner: words.partner,
  models: words.models,
  startsAt: Date.parse(words.starts_at),
  endsAt: Date.parse(words.ends_at),
  purposes: words.purposes,
  capabilities: words.capabilities,
  clauses: {
    quota: words.clauses.quota,
    purpose: words.clauses.purpose,
    capabilities: words.clauses.capabilities,
    retentionNotice: words.clauses.retention_notice,
  },
  ceiling: toLimits(words.ceiling),
})

/** The document whose digest is the identity of this version: anybody computes it from what is shown. */
export const showTerms = (terms: Terms) => ({
  kind: terms.kind,
  developer: terms.developer,
  partner: terms.partner,
  models: [...terms.models],
  starts_at: time(terms.startsAt),
  ends_at: time(terms.endsAt),
  purposes: [...terms.purposes],
  capabilities: [...terms.capabilities],
  clauses: {
    quota: terms.clauses.quota,
    purpose: terms.clauses.purpose,
    capabilities: terms.clauses.capabilities,
    retention_notice: terms.clauses.retentionNotice,
  },
  ceiling: terms.ceiling ? showLimits(terms.ceiling) : null,
})

/** SHA-256 of the terms in canonical JSON (RFC 8785), base64url: the identity of a version. */
export const digestOf = (terms: Terms): string =>
  hash('sha256', canonicalize(showTerms(terms)) ?? '', 'base64url')
