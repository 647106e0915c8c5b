/**
 * Templates to draft from. Their texts are made up, bind nobody and say so: whoever means an agreement writes their own
 * with counsel, and keeps the clauses that compile.
 */
import type { Clause, PatternTerms, QuotaTerms } from '../domain/clauses.ts'
import type { AgreementKind, Capability } from '../domain/records.ts'

export interface Template {
  readonly id: string
  readonly kind: AgreementKind
  readonly title: string
  /** For whom it is meant. */
  readonly summary: string
  readonly clauses: readonly Clause[]
}

const madeUp = 'Made-up sample text, which binds nobody:'

const ceiling: QuotaTerms = {
  total: 100_000_000,
  per_day: 20_000_000,
  rpm: 6_000,
  burst: 1_000,
  streams: 64,
}

const allCapabilities: readonly Capability[] = ['infer', 'embed', 'tools', 'reasoning', 'images']

const quota = (text: string, terms: QuotaTerms & { readonly pool?: QuotaTerms }): Clause => ({
  id: 'quota-1',
  kind: 'quota',
  text: `${madeUp} ${text}`,
  terms,
})

const nonLicensing: Clause = {
  id: 'non-licensing-1',
  kind: 'non-licensing',
  text: `${madeUp} taking part is voluntary. Nothing here is a licence, a permit or a clearance, and the developer releases or withdraws its model whenever it likes.`,
  terms: {},
}

const namedUse: Clause = {
  id: 'named-use-1',
  kind: 'named-use',
  text: `${madeUp} access is for the clients that are enrolled by name; keys and tokens are not shared, and nothing is sublicensed.`,
  terms: {},
}

const purpose = (purposes: readonly string[]): Clause => ({
  id: 'purpose-1',
  kind: 'purpose',
  text: `${madeUp} the model is used for the purposes that are registered here, one for each token.`,
  terms: { purposes },
})

const capabilities = (listed: readonly Capability[]): Clause => ({
  id: 'capabilities-1',
  kind: 'capabilities',
  text: `${madeUp} capabilities of the model that are not listed are withheld.`,
  terms: { capabilities: listed },
})

const retentionNotice: Clause = {
  id: 'retention-notice-1',
  kind: 'retention-notice',
  text: `${madeUp} the metadata of calls is kept; prompts and replies are not.`,
  terms: {
    days: 365,
    notice:
      'Who calls, when, for which purpose and for how many tokens is recorded and kept for 365 days. The text of prompts and replies is not recorded.',
  },
}

const incidentReport: Clause = {
  id: 'incident-report-1',
  kind: 'incident-report',
  text: `${madeUp} an incident that touches the access is reported within 72 hours of its discovery.`,
  terms: { hours: 72 },
}

const vulnerabilityReport: Clause = {
  id: 'vulnerability-report-1',
  kind: 'vulnerability-report',
  text: `${madeUp} a vulnerability is reported within 24 hours of its discovery and kept for 90 days to those who can act on it.`,
  terms: { hours: 24, embargo_days: 90 },
}

const insiderRisk = (screening: boolean): Clause => ({
  id: 'insider-risk-1',
  kind: 'insider-risk',
  text: `${madeUp} every 90 days the counterparty looks through its people and clients and certifies that each still needs its access${screening ? ', and every client is screened' : ''}.`,
  terms: { review_days: 90, screening },
})

const destruction: Clause = {
  id: 'destruction-1',
  kind: 'destruction',
  text: `${madeUp} within 30 days of the end what came from the model is destroyed, and that is attested.`,
  terms: { days: 30 },
}

const noExtraction = (patterns?: PatternTerms): Clause => ({
  id: 'no-extraction-1',
  kind: 'no-extraction',
  text: `${madeUp} the model is not extracted, nor its replies gathered to rebuild it.${patterns ? ' What was sent in a day is looked through for patterns; at these thresholds a person looks at it.' : ''}`,
  terms: patterns ? { patterns } : {},
})

const promises: readonly Clause[] = [
  {
    id: 'no-training-1',
    kind: 'no-training',
    text: `${madeUp} no other model is trained on replies.`,
    terms: {},
  },
  {
    id: 'confidentiality-1',
    kind: 'confidentiality',
    text: `${madeUp} what is learnt of the model before its release is kept confidential.`,
    terms: {},
  },
]

export const templates: readonly Template[] = [
  {
    id: 'sample-access',
    kind: 'access',
    title: 'Sample access agreement (made up)',
    summary: 'Between a developer and a trusted partner.',
    clauses: [
      quota('no grant is given more than this, and all of them together spend no more.', {
        ...ceiling,
        pool: { ...ceiling, total: 200_000_000, per_day: 40_000_000 },
      }),
      purpose(['defensive-research']),
      capabilities(allCapabilities),
      namedUse,
      noExtraction(),
      ...promises,
      retentionNotice,
      incidentReport,
      vulnerabilityReport,
      insiderRisk(false),
      destruction,
      nonLicensing,
    ],
  },
  {
    id: 'sample-access-restricted',
    kind: 'access',
    title: 'Sample access agreement with attributes (made up)',
    summary: 'The same, for clients of stated nationality and region that are screened.',
    clauses: [
      quota('no grant is given more than this.', ceiling),
      purpose(['defensive-research']),
      capabilities(['infer', 'embed']),
      namedUse,
      {
        id: 'nationality-1',
        kind: 'nationality',
        text: `${madeUp} access is for clients whose people are of the listed nationalities.`,
        terms: { admit: ['US'] },
      },
      {
        id: 'region-1',
        kind: 'region',
        text: `${madeUp} access is from the listed regions.`,
        terms: { admit: ['US'] },
      },
      noExtraction({ repetition_percent: 40, template_percent: 60, volume_factor: 10 }),
      ...promises,
      retentionNotice,
      incidentReport,
      vulnerabilityReport,
      insiderRisk(true),
      destruction,
      nonLicensing,
    ],
  },
  {
    id: 'sample-engagement',
    kind: 'engagement',
    title: 'Sample engagement agreement (made up)',
    summary: 'Between a developer and a government office.',
    clauses: [
      quota('no grant of a government window is given more than this.', ceiling),
      purpose(['evaluation']),
      capabilities([...allCapabilities, 'logprobs']),
      namedUse,
      noExtraction(),
      ...promises,
      retentionNotice,
      incidentReport,
      vulnerabilityReport,
      insiderRisk(false),
      destruction,
      nonLicensing,
    ],
  },
]

/** Whoever copies a sample clause and leaves its first words has a text that binds nobody. */
export const isSample = ({ text }: Pick<Clause, 'text'>): boolean =>
  text.trimStart().toLowerCase().startsWith(madeUp.toLowerCase())

export const templateOf = (id: string): Template | undefined => templates.find(one => one.id === id)
