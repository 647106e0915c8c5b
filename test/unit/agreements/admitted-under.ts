/** A call under the agreement that a template becomes, by which everything admits it: a test breaks one clause of it. */
import { compile } from '../../../shared/agreements/compile.ts'
import type { AgreementDocument } from '../../../shared/agreements/document.ts'
import type { Template } from '../../../shared/agreements/templates.ts'
import type { ModelCaller, ModelRecords } from '../../../shared/domain/authority.ts'
import type { Clause } from '../../../shared/domain/clauses.ts'
import { type Ask, decide } from '../../../shared/domain/decide.ts'
import { freshMeter, type Limits, type Meter } from '../../../shared/domain/meter.ts'
import type { Attested, Organisation } from '../../../shared/domain/parties.ts'
import { type Agreement, capabilities } from '../../../shared/domain/records.ts'
import { Refusal } from '../../../shared/domain/refusal.ts'
import { admitted, caller, hour, now } from '../domain/admitted.ts'
import { draftFrom } from './draft-from.ts'

/** In these worlds the partner is called cedar, and the office ofr. */
const parties = {
  access: [
    { organisation: 'halcyon', name: 'Halcyon', as: 'developer' },
    { organisation: 'cedar', name: 'Cedar', as: 'partner' },
  ],
  engagement: [
    { organisation: 'halcyon', name: 'Halcyon', as: 'developer' },
    { organisation: 'ofr', name: 'An office', as: 'government' },
  ],
} as const

export const documentOf = (
  template: Template,
  clauses: readonly Clause[] = template.clauses,
): AgreementDocument => ({
  ...draftFrom(template, {
    agreement: 'agreement_1',
    version: 1,
    parties: parties[template.kind],
    models: ['aurora'],
    startsAt: '2027-01-01T00:00:00Z',
    endsAt: '2028-01-01T00:00:00Z',
  }),
  clauses,
})

export interface Compiled extends Agreement {
  readonly ceiling: Limits
  readonly poolLimits?: Limits
}

export function agreementOf(document: AgreementDocument): Compiled {
  const made = compile(document)
  if (made instanceof Refusal) throw new Error(made.facts.detail)
  return { ...made, id: 'agreement_1', state: 'effective', consentedAt: now - hour }
}

/** A call under an agreement, with all that it takes to be admitted. */
export interface Case {
  readonly agreement: Compiled
  readonly caller: ModelCaller
  readonly records: ModelRecords & Omit<typeof admitted, 'organisation' | 'agreement'>
  readonly meters: readonly Meter[]
  readonly ask: Ask
}

export const attested = (value: string): Attested => ({ value, expiresAt: now + hour, by: 'person_1' })
const office: Organisation = { id: 'ofr', name: 'An office', kind: 'government', state: 'active' }
const window = {
  government: 'ofr',
  opensAt: now - hour,
  endsAt: now + hour,
  becomes: 'partner_access',
  grant: 'grant_1',
  entry: 'entry_1',
} as const

export function admittedUnder(agreement: Compiled): Case {
  const { counterparty, eligibility, kind, digest, ceiling, poolLimits } = agreement
  const own = freshMeter('grant_1', ceiling, now)
  const pool = poolLimits && freshMeter('pool_1', poolLimits, now, 'agreement')
  const meters = [own, ...(pool ? [pool] : [])]
  const attributes = {
    nationality: attested(eligibility?.nationality?.admit?.[0] ?? 'FR'),
    region: attested(eligibility?.region?.admit?.[0] ?? 'FR'),
    screening: attested('case-1'),
  }
  const isWindow = kind === 'engagement'
  return {
    agreement,
    caller: {
      ...caller,
      organisation: counterparty,
      scopes: [...capabilities],
      purpose: agreement.purposes[0] ?? '',
      agreement: { id: 'agreement_1', digest },
    },
    records: {
      ...admitted,
      organisation: isWindow ? office : admitted.organisation,
      client: { ...admitted.client, organisation: counterparty, attributes },
      model: { ...admitted.model, ...(isWindow && { state: 'government_window' as const, window }) },
      agreement,
      grant: { ...admitted.grant, organisation: counterparty, meters: meters.map(({ id }) => id) },
    },
    meters,
    ask: {
      model: 'aurora',
      uses: new Map(agreement.capabilities.map(one => [one, `field.${one}`])),
      ceiling: 100,
    },
  }
}

/** As it is admitted, or refused by which code and clause. */
export function outcome({ caller, records, meters, ask }: Case): unknown {
  const decided = decide(caller, records, meters, () => ask, now)
  return decided instanceof Refusal ? [decided.code, decided.facts.clause] : 'admitted'
}
