/** What somebody vouches for of a person or a client: who they are, and until when it holds. */
import type { Attested, Attributes } from '../../../shared/domain/parties.ts'
import { type Refusal, refuse } from '../../../shared/domain/refusal.ts'
import { time } from '../../../shared/domain/time.ts'

export interface Claim {
  readonly value: string
  readonly expiresAt: number
}

export interface Claims {
  readonly nationality?: Claim
  readonly region?: Claim
}

/** What was attested is looked at again within a year, leap years too. */
const longestMs = 366 * 86_400_000

export function judgeClaims(claims: Claims, now: number): Refusal | undefined {
  for (const [field, claim] of Object.entries(claims) as [string, Claim | undefined][]) {
    if (claim === undefined) continue
    const wrong = (detail: string): Refusal =>
      refuse('body_malformed', detail, { field: `${field}.expires_at` })
    if (claim.expiresAt <= now) return wrong('It would have expired already.')
    if (claim.expiresAt > now + longestMs) return wrong(`At most a year ahead: ${time(now + longestMs)}.`)
  }
  return undefined
}

/** Each claim stands in the name of whoever makes it. */
export const attested = ({ nationality, region }: Claims, by: string): Attributes => ({
  ...(nationality && { nationality: vouch(nationality, by) }),
  ...(region && { region: vouch(region, by) }),
})

const vouch = ({ value, expiresAt }: Claim, by: string): Attested => ({ value, expiresAt, by })
