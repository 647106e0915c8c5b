/** An agreement in force is what its parties have signed, and no grant under it is given more. */
import { compile } from '../../shared/agreements/compile.ts'
import type { AgreementDocument } from '../../shared/agreements/document.ts'
import { keys } from '../../shared/domain/keys.ts'
import type { Meter } from '../../shared/domain/meter.ts'
import { aboveCeiling } from '../../shared/domain/meter-decisions.ts'
import type { Agreement, AgreementVersion, Grant } from '../../shared/domain/records.ts'
import { Refusal } from '../../shared/domain/refusal.ts'
import type { Applied, Backend } from './backend.ts'
import { agreementOf, developer, grantOf, partners } from './records.ts'

/** After what people decide: who operates the deployment goes around them. */
export function agreementsApart(backend: Backend, applied: readonly Applied[]): readonly string[] {
  const decided = applied.filter(({ by }) => by.name.startsWith('api'))
  const touched = (pk: string): boolean => decided.some(({ op }) => op.key.pk === pk)
  return partners.flatMap(partner => {
    const [key, meter] = [keys.agreement(agreementOf(partner)), keys.meter(grantOf(partner))]
    if (!touched(key.pk) && !touched(meter.pk)) return []
    const [agreement] = backend.get([key]) as [Agreement]
    return [
      ...(touched(key.pk) ? judgeSigned(backend, agreement, [developer, partner]) : []),
      ...judgeGrant(backend, agreement, grantOf(partner)),
    ]
  })
}

function judgeSigned(backend: Backend, agreement: Agreement, parties: readonly string[]): readonly string[] {
  const { id, digest, ceiling } = agreement
  const [version] = backend.get([keys.agreementVersion(digest)]) as [AgreementVersion | undefined]
  if (version === undefined) return [`agreement#${id} is in force, and its text is not there`]
  const unsigned = parties.filter(party => version.version > 1 && !Object.hasOwn(version.signatures, party))
  const compiled = compile(JSON.parse(version.document) as AgreementDocument)
  const apart = compiled instanceof Refusal || (ceiling && aboveCeiling(ceiling, compiled.ceiling))
  return [
    ...unsigned.map(party => `agreement#${id} is in force in a version that ${party} has not signed`),
    ...(apart ? [`agreement#${id} allows more than what was signed`] : []),
  ]
}

function judgeGrant(backend: Backend, agreement: Agreement, id: string): readonly string[] {
  const [grant, meter] = backend.get([keys.grant(id), keys.meter(id)]) as [Grant, Meter]
  if (grant.state !== 'active' && grant.state !== 'suspended') return []
  const above = agreement.ceiling && aboveCeiling(meter.limits, agreement.ceiling)
  return [
    ...(above ? [`grant#${id} is above the ceiling of its agreement: ${above}`] : []),
    ...(agreement.pool !== undefined && !grant.meters.includes(agreement.pool)
      ? [`grant#${id} is not charged to the pool of its agreement`]
      : []),
  ]
}
