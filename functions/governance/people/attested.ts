/** What somebody vouches for of a person or a client: who they are, and until when it holds. */

import { judgeText } from '../../../shared/domain/marking.ts'
import type { Attested, Attributes } from '../../../shared/domain/parties.ts'
import { type Refusal, refuse } from '../../../shared/domain/refusal.ts'
import { time } from '../../../shared/domain/time.ts'

export interface Claim {
  readonly value: string
  readonly expiresAt: number
}

/** Holds go by the first two alone. */
export const attributeNames = [
  'nationality',
  'region',
  'screening',
] as const satisfies readonly (keyof Attributes)[]

export type Claims = { readonly [Name in (typeof attributeNames)[number]]?: Claim }

/** What was attested is looked at again within a year, leap years too. */
const longestMs = 366 * 86_400_000

export function judgeClaims(claims: Claims, now: number): Refusal | undefined {
  for (const [field, claim] of Object.entries(claims) as [string, Claim | undefined][]) {
    if (claim === undefined) continue
    const marked = judgeText(claim.value, `${field}.value`)
    if (marked) return marked
    const wrong = (detail: string): Refusal =>
      refuse('body_malformed', detail, { field: `${field}.expires_at` })
    if (claim.expiresAt <= now) return wrong('It would have expired already.')
    if (claim.expiresAt > now + longestMs) return wrong(`At most a year ahead: ${time(now + longestMs)}.`)
  }
  return undefined
}

/** Each claim stands in the name of whoever makes it. */
export const attested = (claims: Claims, by: string): Attributes =>
  Object.fromEntries(
    attributeNames.flatMap(name => {
      const claim = claims[name]
      return claim ? [[name, vouch(claim, by)] as const] : []
    }),
  )

const vouch = ({ value, expiresAt }: Claim, by: string): Attested => ({ value, expiresAt, by })
