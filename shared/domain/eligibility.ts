/** Whom of its counterparty an agreement admits: by what is attested of the client. */
import { isWithin } from './countries.ts'
import type { Attested } from './parties.ts'
import type { Agreement, Bounds, Client } from './records.ts'
import { type Refusal, type RefusalCode, refusals, refuse } from './refusal.ts'
import { time } from './time.ts'

/**
 * Whether a client is one that the agreement admits. Unlike a hold, which stops those of whom something is attested, a
 * clause admits those of whom it is: what nobody attests, or not any more, refuses.
 */
export function judgeEligibility(
  { id: client, attributes = {} }: Pick<Client, 'attributes'> & Partial<Pick<Client, 'id'>>,
  { id, eligibility = {}, clauses }: Agreement,
  now: number,
): Refusal | undefined {
  const { nationality, region, screening } = eligibility
  const said = (attested: Attested | undefined): string =>
    attested === undefined
      ? 'is not attested'
      : attested.expiresAt <= now
        ? `was attested until ${time(attested.expiresAt)}`
        : `is ${attested.value}`
  const refused = (
    code: RefusalCode,
    kind: 'nationality' | 'region' | 'insider-risk',
    detail: string,
  ): Refusal =>
    refuse(code, detail, {
      ...(clauses[kind] !== undefined && { clause: clauses[kind] }),
      ...(client !== undefined && { next: `${refusals[code].next} ${client}` }),
    })
  if (nationality && !admits(nationality, attributes.nationality, now, (one, value) => one === value))
    return refused(
      'nationality_excluded',
      'nationality',
      `The nationality of the client ${said(attributes.nationality)}; the agreement ${id} ${boundsText(nationality)}.`,
    )
  if (region && !admits(region, attributes.region, now, (one, value) => isWithin(value, one)))
    return refused(
      'region_excluded',
      'region',
      `The region of the client ${said(attributes.region)}; the agreement ${id} ${boundsText(region)}.`,
    )
  if (screening && !isInForce(attributes.screening, now))
    return refused(
      'screening_missing',
      'insider-risk',
      `The screening of the client ${said(attributes.screening)}; the agreement ${id} asks for one.`,
    )
  return undefined
}

const isInForce = (attested: Attested | undefined, now: number): attested is Attested =>
  attested !== undefined && attested.expiresAt > now

function admits(
  { admit, exclude }: Bounds,
  attested: Attested | undefined,
  now: number,
  covers: (listed: string, value: string) => boolean,
): boolean {
  if (!isInForce(attested, now)) return false
  const { value } = attested
  // Whoever is only said to be in a country may be in the part of it that is excluded.
  if (exclude?.some(one => covers(one, value) || covers(value, one))) return false
  return admit === undefined || admit.some(one => covers(one, value))
}

const boundsText = ({ admit, exclude }: Bounds): string =>
  admit ? `admits ${admit.join(', ')}` : `excludes ${(exclude ?? []).join(', ')}`

/** Until when what the agreement asks for is attested: a call that is under way ends then. */
export const attestedUntil = (
  { attributes = {} }: Client,
  { eligibility = {} }: Agreement,
): readonly number[] =>
  (['nationality', 'region', 'screening'] as const).flatMap(name =>
    eligibility[name] ? (attributes[name]?.expiresAt ?? []) : [],
  )
