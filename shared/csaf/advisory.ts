/**
 * A finding as a CSAF 2.0 document (OASIS Common Security Advisory Framework): what the clearinghouse is handed. It
 * names the model and its developer, and nobody who uses the model: the reporter's name is no part of it.
 */
import { hash } from 'node:crypto'
import canonicalize from 'canonicalize'
import type { Finding } from '../domain/findings.ts'
import { time } from '../domain/time.ts'

/** §3.2.3.9: of what the publisher knows about the product. */
export const productStatuses = ['known_affected', 'under_investigation'] as const
export type ProductStatus = (typeof productStatuses)[number]

/** §3.2.3.12.1 */
export const remediationCategories = [
  'mitigation',
  'no_fix_planned',
  'none_available',
  'vendor_fix',
  'workaround',
] as const

export interface Remediation {
  readonly category: (typeof remediationCategories)[number]
  readonly details: string
}

export interface AdvisoryFacts {
  readonly finding: Pick<
    Finding,
    'id' | 'kind' | 'severity' | 'title' | 'text' | 'salt' | 'discoveredAt' | 'reportedAt' | 'embargoUntil'
  >
  readonly model: { readonly id: string; readonly name: string }
  readonly developer: { readonly id: string; readonly name: string }
  readonly issuer: string
  /** When it is handed over; milliseconds. */
  readonly at: number
  readonly status: ProductStatus
  readonly remediation?: Remediation
}

export interface Advisory {
  /** Canonical JSON (RFC 8785): these bytes are signed. */
  readonly text: string
  /** SHA-256 of them, lower-case hex. */
  readonly digest: string
}

export function advisoryOf(facts: AdvisoryFacts): Advisory {
  const text = canonicalize(documentOf(facts))
  if (text === undefined) throw new TypeError('an advisory has no canonical form')
  return { text, digest: hash('sha256', text, 'hex') }
}

function documentOf(facts: AdvisoryFacts): object {
  const { finding, model, developer, issuer, at } = facts
  const { id, kind, severity, title, embargoUntil } = finding
  const incident = kind === 'incident'
  return {
    document: {
      aggregate_severity: { text: severity },
      // An incident has a profile of its own (§4.2); a vulnerability is told as an advisory (§4.4).
      category: incident ? 'csaf_security_incident_response' : 'csaf_security_advisory',
      csaf_version: '2.0',
      distribution: { text: distributionText(embargoUntil), tlp: { label: 'AMBER' } },
      notes: [...(incident ? notesOf(finding) : []), saltNote(finding.salt)],
      publisher: {
        category: 'vendor',
        name: developer.name,
        namespace: `${issuer}/api/v1/organisations/${developer.id}`,
      },
      references: [
        {
          category: 'external',
          summary: 'The finding, for those whom its gateway shows it to.',
          url: `${issuer}/api/v1/findings/${id}`,
        },
      ],
      title,
      tracking: {
        current_release_date: time(at),
        generator: { date: time(at), engine: { name: 'Sallyport' } },
        id,
        initial_release_date: time(at),
        revision_history: [{ date: time(at), number: '1', summary: 'Handed to the clearinghouse.' }],
        // It goes to one receiver, and more may come to be known.
        status: 'interim',
        version: '1',
      },
    },
    product_tree: {
      branches: [
        {
          branches: [
            {
              category: 'product_name',
              name: model.name,
              product: { name: `${developer.name} ${model.name}`, product_id: model.id },
            },
          ],
          category: 'vendor',
          name: developer.name,
        },
      ],
    },
    ...(!incident && { vulnerabilities: [vulnerabilityOf(facts)] }),
  }
}

function vulnerabilityOf({ finding, model, status, remediation }: AdvisoryFacts): object {
  const products = [model.id]
  return {
    discovery_date: time(finding.discoveredAt),
    ids: [{ system_name: 'Sallyport finding', text: finding.id }],
    notes: notesOf(finding),
    product_status: { [status]: products },
    ...(remediation && { remediations: [{ ...remediation, product_ids: products }] }),
    threats: [{ category: 'impact', details: finding.severity, product_ids: products }],
    title: finding.title,
  }
}

const notesOf = ({ text, discoveredAt, reportedAt }: AdvisoryFacts['finding']): readonly object[] => [
  { category: 'description', text, title: 'As it was reported' },
  {
    category: 'general',
    text: `Discovered ${time(discoveredAt)}, reported ${time(reportedAt)}.`,
    title: 'Timeline',
  },
]

/** The digest of the document stands in the log, before those from whom its words are kept: few words could be guessed by it. */
const saltNote = (salt: string): object => ({
  category: 'other',
  text: salt,
  title: 'Random, so that no digest of this document tells its words',
})

const distributionText = (embargoUntil: number | undefined): string =>
  embargoUntil === undefined
    ? 'For the clearinghouse that it is handed to, and those with whom it has to be acted on.'
    : `Under embargo until ${time(embargoUntil)}: for the clearinghouse that it is handed to, and those with whom it has to be acted on.`
