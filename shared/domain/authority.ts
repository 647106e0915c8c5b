/**
 * Whether a caller may use a model now, by the records as they stand. The token only says which records
 * to look at; it never grants by itself. Missing or unknown state refuses.
 */
import { agreementStateAt } from './agreement-step.ts'
import { attestedUntil, judgeEligibility } from './eligibility.ts'
import { modelStateAt } from './model-step.ts'
import { standingText } from './parties.ts'
import type { Agreement, Client, Grant, Model, Organisation, Spent, Standing } from './records.ts'
import { Refusal, type RefusalCode, refuse } from './refusal.ts'
import { countsAt, holdable, judgeHolds, judgeRestoring, standingMissing } from './standing.ts'
import { appealing, appealOfSuspension, suspendedAs } from './suspension.ts'
import { time } from './time.ts'

/** What a verified token says of its bearer. */
export interface Caller {
  readonly client: string
  readonly organisation: string
  readonly tokenId: string
  /** The key that signed the token. */
  readonly signedBy: string
  readonly scopes: readonly string[]
}

export interface ModelCaller extends Caller {
  readonly model: string
  readonly grant: string
  readonly agreement: { readonly id: string; readonly digest: string }
  readonly purpose: string
}

/** The records about a caller, from one strongly consistent read. */
export interface CallerRecords {
  readonly standing: Standing | undefined
  readonly client: Client | undefined
  readonly organisation: Organisation | undefined
  readonly revokedToken: Spent | undefined
}

export interface ModelRecords extends CallerRecords {
  readonly model: Model | undefined
  readonly agreement: Agreement | undefined
  readonly grant: Grant | undefined
}

export interface CallerAuthority {
  readonly client: Client
  readonly organisation: Organisation
  /** The earliest expiry among what admitted the caller, milliseconds. */
  readonly until: number
}

export interface ModelAuthority extends CallerAuthority {
  readonly model: Model
  readonly agreement: Agreement
  readonly grant: Grant
}

/**
 * Token, client and organisation. A token's own expiry is judged where it is verified. A suspended partner passes
 * while grants of it go on: which ones, `authoriseModel` judges. `model` is the one that is called, if any is: of one
 * that is released, its developer alone decides whom the gate refuses.
 */
export function authoriseCaller(
  caller: Caller,
  records: CallerRecords,
  now: number,
  model?: Model,
): CallerAuthority | Refusal {
  const { standing, client, organisation } = records
  if (standing === undefined) return standingMissing()
  if (standing.compromised[caller.signedBy] !== undefined)
    return refuse('key_compromised', `The token was signed with the key ${caller.signedBy}.`)
  if (records.revokedToken !== undefined)
    return refuse('token_revoked', 'The token was revoked by its owner.')
  const restoring = judgeRestoring(standing)
  if (restoring) return restoring

  if (client === undefined || client.organisation !== caller.organisation)
    return refuse('client_expired', 'The client of this token is not enrolled.')
  if (!admitsCalls(client, model)) {
    const next = appealOfSuspension(client, records.organisation)
    return refuse(codeOfState(client.state), `The client is ${suspendedAs(client)}.`, next)
  }
  if (client.expiresAt <= now) return refuse('client_expired', `It ended at ${time(client.expiresAt)}.`)
  const confirmedUntil = client.sponsor?.confirmedUntil ?? Infinity
  if (confirmedUntil <= now)
    return refuse(
      'client_suspended',
      `The sponsor of the client did not confirm it: the confirmation ended at ${time(confirmedUntil)}.`,
    )

  const member = judgeOrganisation(organisation)
  if (member instanceof Refusal) return member

  const held = judgeHolds(standing, holdable(client), now, model)
  if (held) return held
  return { client, organisation: member, until: Math.min(client.expiresAt, confirmedUntil) }
}

/** The whole authority behind a call to a model. */
export function authoriseModel(
  caller: ModelCaller,
  records: ModelRecords,
  now: number,
): ModelAuthority | Refusal {
  const authority = authoriseCaller(caller, records, now, records.model)
  if (authority instanceof Refusal) return authority
  const { client, organisation } = authority
  const { standing, model } = records
  const partner = judgePartner(organisation, records.grant)
  if (partner) return partner

  if (model === undefined) return refuse('model_unknown', `There is no model ${caller.model}.`)
  const held = judgeHolds(standing, { ...holdable(client), model: model.id }, now, model)
  if (held) return held
  const closed = judgeModel(model, organisation, now)
  if (closed) return closed
  const agreement = judgeAgreement(records.agreement, caller, now, model)
  if (agreement instanceof Refusal) return agreement
  const ineligible = judgeEligibility(client, agreement, now)
  if (ineligible) return ineligible
  const grant = judgeGrant(records.grant, caller, now)
  if (grant instanceof Refusal) return grant
  if (grant.clients?.includes(client.id) === false)
    return refuse('grant_missing', `The grant ${grant.id} is for named clients, and this is none of them.`)

  const { previous } = agreement
  const versionUntil = caller.agreement.digest === agreement.digest ? Infinity : (previous?.until ?? now)
  const until = Math.min(
    authority.until,
    agreement.endsAt,
    grant.expiresAt,
    versionUntil,
    ...windowUntil(model, now),
    ...attestedUntil(client, agreement),
  )
  return { ...authority, model, agreement, grant, until }
}

/** An organisation that takes part. */
function judgeOrganisation(organisation: Organisation | undefined): Organisation | Refusal {
  if (organisation === undefined)
    return refuse('organisation_suspended', 'The organisation is not registered.')
  if (organisation.state !== 'active')
    return refuse('organisation_suspended', `${organisation.name} is ${organisation.state}.`)
  if (organisation.kind !== 'partner') return organisation
  switch (organisation.partner) {
    case 'active':
    case 'reinstated':
      return organisation
    case 'suspended':
      return (organisation.continues?.length ?? 0) > 0 ? organisation : partnerSuspended(organisation)
    default:
      return refuse('partner_revoked', standingText(organisation))
  }
}

/** What is open by a window alone closes with it. */
const windowUntil = (model: Model, now: number): readonly number[] =>
  model.window?.becomes === 'designated' && modelStateAt(model, now) === 'government_window'
    ? [model.window.endsAt]
    : []

/** Nothing where the partner is not suspended, or this grant goes on all the same: a mission hangs on it. */
export function judgePartner(
  organisation: Organisation,
  grant: Pick<Grant, 'id'> | undefined,
): Refusal | undefined {
  if (organisation.kind !== 'partner' || organisation.partner !== 'suspended') return undefined
  const goesOn = grant !== undefined && organisation.continues?.includes(grant.id) === true
  return goesOn ? undefined : partnerSuspended(organisation)
}

/** A client is stopped by its own organisation whatever it calls. */
function admitsCalls({ state, stop, organisation }: Client, model: Model | undefined): boolean {
  if (state === 'active' || state === 'enrolled') return true
  if (state !== 'suspended' || stop === undefined || stop.by.role === 'operator') return false
  return stop.by.organisation !== organisation && !countsAt(model, stop.by.organisation)
}

/** A state that is not known here stops as a suspension does. */
function codeOfState(state: Client['state']): RefusalCode {
  if (state === 'compromised') return 'client_compromised'
  return state === 'expired' || state === 'revoked' ? 'client_expired' : 'client_suspended'
}

const partnerSuspended = ({ name, stop }: Extract<Organisation, { kind: 'partner' }>): Refusal =>
  refuse('partner_suspended', `${name} is suspended as a trusted partner.`, appealing(stop))

/** Nothing where the model is open to the organisation, by what time has made of it. */
export function judgeModel(model: Model, organisation: Organisation, now: number): Refusal | undefined {
  const { name, killed, window } = model
  const state = modelStateAt(model, now)
  if (state === 'withdrawn') return refuse('model_withdrawn', `${name} was withdrawn.`)
  if (killed) return refuse('model_killed', `${name} is stopped by its kill switch.`)
  const open =
    state === 'partner_access' ||
    state === 'released' ||
    (state === 'government_window' && window?.government === organisation.id)
  if (open) return undefined
  const opens = window && window.opensAt > now && window.government === organisation.id
  const clock = opens ? `; its window opens at ${time(window.opensAt)}` : ''
  return refuse('window_closed', `${name} is in the state ${state}${clock}.`)
}

export function judgeAgreement(
  agreement: Agreement | undefined,
  token: Pick<ModelCaller, 'agreement' | 'organisation' | 'model' | 'purpose'>,
  now: number,
  model: Model,
): Agreement | Refusal {
  if (
    agreement === undefined ||
    agreement.counterparty !== token.organisation ||
    !agreement.models.includes(token.model)
  )
    return refuse('agreement_not_effective', 'No agreement of your organisation covers this model.')
  const state = agreementStateAt(agreement, now)
  if (now < agreement.startsAt || state === 'expired')
    return refuse(
      'agreement_not_effective',
      `The agreement ${agreement.id} runs from ${time(agreement.startsAt)} to ${time(agreement.endsAt)}.`,
    )
  const goesOn = state === 'suspended' && !countsAt(model, agreement.stop?.by.organisation)
  if (state !== 'effective' && !goesOn)
    return refuse(
      'agreement_not_effective',
      `The agreement ${agreement.id} is ${state.replaceAll('_', ' ')}.`,
      state === 'suspended' ? appealing(agreement.stop) : {},
    )
  const { digest } = token.agreement
  const { previous } = agreement
  const current = digest === agreement.digest || (previous?.digest === digest && now < previous.until)
  if (!current) return refuse('agreement_superseded', `The agreement ${agreement.id} has a newer version.`)
  if (agreement.consentedAt === undefined)
    return refuse(
      'consent_missing',
      `The notices of the agreement ${agreement.id} wait to be acknowledged.`,
      {
        clause: agreement.clauses['retention-notice'],
      },
    )
  if (!agreement.purposes.includes(token.purpose))
    return refuse('purpose_not_registered', `The agreement registers: ${agreement.purposes.join(', ')}.`, {
      field: 'purpose',
      clause: agreement.clauses.purpose,
    })
  return agreement
}

export function judgeGrant(
  grant: Grant | undefined,
  token: Pick<ModelCaller, 'agreement' | 'organisation' | 'model'>,
  now: number,
): Grant | Refusal {
  if (
    grant === undefined ||
    grant.organisation !== token.organisation ||
    grant.model !== token.model ||
    grant.agreement !== token.agreement.id
  )
    return refuse('grant_missing', `Your organisation holds no grant of ${token.model}.`)
  if (grant.state === 'suspended')
    return refuse('grant_suspended', `The grant ${grant.id} is suspended.`, appealing(grant.stop))
  if (grant.state === 'revoked') return refuse('grant_revoked', `The grant ${grant.id} was revoked.`)
  if (grant.state === 'expired' || now < grant.startsAt || now >= grant.expiresAt)
    return refuse(
      'grant_expired',
      `The grant ${grant.id} runs from ${time(grant.startsAt)} to ${time(grant.expiresAt)}.`,
    )
  if (grant.state !== 'active') return refuse('grant_missing', `The grant ${grant.id} is ${grant.state}.`)
  return grant
}
