/** The documents that a history begins with, and what they compile to: one for each partner, and one for the office. */
import { compile } from '../../shared/agreements/compile.ts'
import {
  type AgreementDocument,
  documentFormat,
  documentText,
  type Party,
} from '../../shared/agreements/document.ts'
import type { Clause, QuotaTerms } from '../../shared/domain/clauses.ts'
import { type Governed, keys, type Listed, listed } from '../../shared/domain/keys.ts'
import type { Limits } from '../../shared/domain/meter.ts'
import type { Agreement, AgreementVersion } from '../../shared/domain/records.ts'
import { Refusal } from '../../shared/domain/refusal.ts'
import { time } from '../../shared/domain/time.ts'
import type { Put } from '../../shared/ports/store.ts'

/** What agreements leave open to quotas, until a version lowers it. */
export const ceiling: Limits = { total: 60_000, rpm: 6_000, burst: 30, streams: 12 }

/** Another notice has to be acknowledged anew. */
export function clausesWith(terms: QuotaTerms & { readonly pool?: QuotaTerms }, notice = 'As agreed.') {
  const text = 'A sample.'
  return [
    { id: 'c1', kind: 'quota', text, terms },
    { id: 'c2', kind: 'purpose', text, terms: { purposes: ['defence'] } },
    { id: 'c3', kind: 'capabilities', text, terms: { capabilities: ['infer'] } },
    { id: 'c4', kind: 'retention-notice', text, terms: { days: 365, notice } },
    { id: 'c5', kind: 'non-licensing', text, terms: {} },
  ] as const satisfies readonly Clause[]
}

interface Between {
  readonly id: string
  readonly kind: Agreement['kind']
  readonly developer: string
  readonly counterparty: string
  readonly models: readonly string[]
}

/** In force for a year, for one more, and its notice acknowledged. */
export function agreementPuts(between: Between, now: number): readonly Put[] {
  const year = 365 * 86_400_000
  const { id, kind, developer, counterparty, models } = between
  const party = (organisation: string, as: Party['as']): Party => ({ organisation, name: organisation, as })
  const document: AgreementDocument = {
    format: documentFormat,
    agreement: id,
    version: 1,
    kind,
    title: 'A sample',
    template: null,
    made_up: false,
    parties: [
      party(developer, 'developer'),
      party(counterparty, kind === 'engagement' ? 'government' : 'partner'),
    ],
    models,
    starts_at: time(now - year),
    ends_at: time(now + year),
    clauses: clausesWith(ceiling),
  }
  const compiled = compile(document)
  if (compiled instanceof Refusal) throw new Error(compiled.facts.detail)
  const { poolLimits: _, notice: __, signatories: ___, ...fields } = compiled
  const { digest } = fields
  const agreement: Governed<Agreement> = {
    ...fields,
    id,
    state: 'effective',
    consentedAt: now,
    rev: 1,
    ...listed('agreement', counterparty, id),
  }
  const version: AgreementVersion & Listed = {
    agreement: id,
    version: 1,
    digest,
    document: documentText(document),
    draftedAt: now - year,
    offeredAt: now - year,
    effectiveAt: now - year,
    signatures: {},
    ...listed('version', id, digest),
  }
  return [
    { kind: 'put', key: keys.agreement(id), item: agreement },
    { kind: 'put', key: keys.agreementVersion(digest), item: version },
  ]
}
