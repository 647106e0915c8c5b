/** An attested signature: this deployment states who signed a document, and how they had signed in. */
import type { ClauseTerms } from '../domain/clauses.ts'
import type { AgreementDocument } from './document.ts'
import { digestOf } from './document.ts'

/** What somebody says who signs. Its digest stands in the statement, so that it can be shown what they agreed to. */
export const consentText = ({ title, version }: Pick<AgreementDocument, 'title' | 'version'>): string =>
  `I have read version ${version} of “${title}” and sign it for my organisation.`

/** The notice as it is acknowledged, the time included for which is kept what it tells of. */
export const noticeText = ({ notice, days }: ClauseTerms['retention-notice']): string =>
  `${notice}\n\nWhat is recorded is kept for ${days} ${days === 1 ? 'day' : 'days'}.`

/** `notice`: as `noticeText` has it. */
export const acknowledgementText = (notice: string): string =>
  `I have read this notice, and acknowledge it for my organisation: ${notice}`

/** The claims of `sallyport-attestation+jwt`. Times in seconds since the epoch. */
export interface Attestation {
  readonly iss: string
  readonly iat: number
  readonly agreement: string
  readonly version: number
  /** Of the document, SHA-256, base64url. */
  readonly digest: string
  readonly organisation: string
  readonly person: string
  readonly name: string
  readonly role: string
  /** At whose provider they had signed in, as whom, when, and how. */
  readonly signed_in: {
    readonly issuer: string
    readonly subject: string
    readonly auth_time: number
    readonly acr: string | null
  }
  readonly consent: { readonly text: string; readonly digest: string }
}

export interface Signatory {
  readonly organisation: string
  readonly person: string
  readonly name: string
  readonly role: string
  readonly issuer: string
  readonly subject: string
  /** Milliseconds. */
  readonly authTime: number
  readonly acr?: string
}

/** `now` in milliseconds. */
export function attestationOf(
  issuer: string,
  document: AgreementDocument,
  digest: string,
  { organisation, person, name, role, issuer: provider, subject, authTime, acr }: Signatory,
  now: number,
): Attestation {
  const text = consentText(document)
  return {
    iss: issuer,
    iat: Math.floor(now / 1000),
    agreement: document.agreement,
    version: document.version,
    digest,
    organisation,
    person,
    name,
    role,
    signed_in: {
      issuer: provider,
      subject,
      auth_time: Math.floor(authTime / 1000),
      acr: acr ?? null,
    },
    consent: { text, digest: digestOf(text) },
  }
}
