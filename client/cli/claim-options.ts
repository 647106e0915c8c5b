/** What somebody vouches for of a person or a client, until it expires. */
import type { Command } from 'commander'
import { exit, Failure } from './failure.ts'
import { country, instant, reference, region } from './option-forms.ts'

export interface Claims {
  readonly nationality?: string
  readonly region?: string
  readonly screening?: string
  readonly until?: string
}

export const addClaimOptions = (command: Command): Command =>
  command
    .option('--nationality <code>', 'ISO 3166-1, two capital letters', country)
    .option('--region <code>', 'ISO 3166-1 or 3166-2, in capitals', region)
    .option('--screening <reference>', 'where the screening is kept: never what it found', reference)
    .option('--until <time>', 'RFC 3339: how long you vouch for it, a year at most', instant)
    // Before anybody is asked for the record.
    .hook('preAction', command => void claimsOf(command.opts()))

export function claimsOf({
  nationality,
  region,
  screening,
  until,
}: Claims): Readonly<Record<string, unknown>> {
  if ([nationality, region, screening].some(one => one !== undefined) && until === undefined)
    throw new Failure(exit.usage, 'Say how long you vouch for it: --until <time>.', {
      code: 'option_missing',
      next: 'Name a day within a year, for instance --until 2027-06-01T00:00:00Z',
    })
  return {
    ...(nationality !== undefined && { nationality: { value: nationality, expires_at: until } }),
    ...(region !== undefined && { region: { value: region, expires_at: until } }),
    ...(screening !== undefined && { screening: { value: screening, expires_at: until } }),
  }
}

/** The same, at least one of them. */
export function someClaims(given: Claims): Readonly<Record<string, unknown>> {
  const claims = claimsOf(given)
  if (Object.keys(claims).length === 0)
    throw new Failure(
      exit.usage,
      'Name what you vouch for (--nationality, --region, --screening) and --until.',
      {
        code: 'option_missing',
        next: 'For instance --nationality FR --until 2027-06-01T00:00:00Z',
      },
    )
  return claims
}
