/** What a certified review states, as it is signed: pure. Times in seconds since the epoch. */
import canonicalize from 'canonicalize'
import { digestOf } from '../../../shared/agreements/document.ts'
import type { Review } from '../../../shared/domain/reviews.ts'

/** The claims of `sallyport-review+jwt`. */
export interface Certificate {
  readonly iss: string
  readonly iat: number
  readonly review: string
  readonly agreement: string
  readonly clause: string
  readonly organisation: string
  readonly due: number
  readonly by: { readonly person: string; readonly name: string; readonly role: string }
  /** The people and clients that keep their access. */
  readonly kept: { readonly digest: string; readonly ids: readonly string[] }
}

/** SHA-256 of the canonical JSON (RFC 8785) of the ids in order, base64url. */
export const keptDigest = (ids: readonly string[]): string => digestOf(canonicalize(ids.toSorted()) ?? '')

/** `now` in milliseconds. */
export const certificateOf = (
  issuer: string,
  review: Pick<Review, 'id' | 'agreement' | 'clause' | 'organisation' | 'dueAt'>,
  by: Certificate['by'],
  kept: readonly string[],
  now: number,
): Certificate => ({
  iss: issuer,
  iat: Math.floor(now / 1000),
  review: review.id,
  agreement: review.agreement,
  clause: review.clause,
  organisation: review.organisation,
  due: Math.floor(review.dueAt / 1000),
  by,
  kept: { digest: keptDigest(kept), ids: kept.toSorted() },
})

export const certificateText = (certificate: Certificate): string => canonicalize(certificate) ?? ''
