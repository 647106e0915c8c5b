/**
 * Whether a caller may use a model now, by the records as they stand. The token only says which records
 * to look at; it never grants by itself. Missing or unknown state refuses.
 */
import type { Agreement, Client, Grant, Hold, Model, Organisation, Spent, Standing } from './records.ts'
import { Refusal, refuse } from './refusal.ts'
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

/** Token, client and organisation. A token's own expiry is judged where it is verified. */
export function authoriseCaller(
  caller: Caller,
  records: CallerRecords,
  now: number,
): CallerAuthority | Refusal {
  const { standing, client, organisation } = records
  if (standing === undefined) return refuse('store_unavailable', 'The standing record is missing.')
  if (standing.compromised[caller.signedBy] !== undefined)
    return refuse('key_compromised', `The token was signed with the key ${caller.signedBy}.`)
  if (records.revokedToken !== undefined)
    return refuse('token_revoked', 'The token was revoked by its owner.')

  if (client === undefined || client.organisation !== caller.organisation)
    return refuse('client_expired', 'The client of this token is not enrolled.')
  if (client.state !== 'active' && client.state !== 'enrolled') {
    const ended = client.state === 'expired' || client.state === 'revoked'
    return refuse(ended ? 'client_expired' : 'client_suspended', `The client is ${client.state}.`)
  }
  if (client.expiresAt <= now) return refuse('client_expired', `It ended at ${time(client.expiresAt)}.`)

  const member = judgeOrganisation(organisation)
  if (member instanceof Refusal) return member

  const hold = Object.entries(standing.holds).find(
    ([, { scope, until }]) =>
      scope.model === undefined && matches(scope, caller) && (until === undefined || until > now),
  )
  if (hold) return heldBy(hold)
  return { client, organisation: member, until: client.expiresAt }
}

/** The whole authority behind a call to a model. */
export function authoriseModel(
  caller: ModelCaller,
  records: ModelRecords,
  now: number,
): ModelAuthority | Refusal {
  const authority = authoriseCaller(caller, records, now)
  if (authority instanceof Refusal) return authority
  const { organisation } = authority
  const { standing, model } = records

  if (model === undefined) return refuse('model_unknown', `There is no model ${caller.model}.`)
  const hold = Object.entries(standing?.holds ?? {}).find(
    ([, { scope, until }]) =>
      scope.model === model.id && matches(scope, caller) && (until === undefined || until > now),
  )
  if (hold) return heldBy(hold)
  const closed = judgeModel(model, organisation)
  if (closed) return closed
  const agreement = judgeAgreement(records.agreement, caller, now)
  if (agreement instanceof Refusal) return agreement
  const grant = judgeGrant(records.grant, caller, now)
  if (grant instanceof Refusal) return grant

  const { previous } = agreement
  const versionUntil = caller.agreement.digest === agreement.digest ? Infinity : (previous?.until ?? now)
  const until = Math.min(authority.until, agreement.endsAt, grant.expiresAt, versionUntil)
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
      return refuse('partner_suspended', `${organisation.name} is suspended as a trusted partner.`)
    default:
      return refuse(
        'partner_revoked',
        `${organisation.name} is ${organisation.partner} as a trusted partner.`,
      )
  }
}

/** Nothing where the model is open to the organisation. */
export function judgeModel(model: Model, organisation: Organisation): Refusal | undefined {
  if (model.state === 'withdrawn') return refuse('model_withdrawn', `${model.name} was withdrawn.`)
  if (model.killed) return refuse('model_killed', `${model.name} is stopped by its kill switch.`)
  const open =
    model.state === 'partner_access' ||
    model.state === 'released' ||
    (model.state === 'government_window' && organisation.kind === 'government')
  if (!open) return refuse('window_closed', `${model.name} is in the state ${model.state}.`)
  return undefined
}

export function judgeAgreement(
  agreement: Agreement | undefined,
  token: Pick<ModelCaller, 'agreement' | 'organisation' | 'model' | 'purpose'>,
  now: number,
): Agreement | Refusal {
  if (
    agreement === undefined ||
    agreement.partner !== token.organisation ||
    !agreement.models.includes(token.model)
  )
    return refuse('agreement_not_effective', 'No agreement of your organisation covers this model.')
  if (agreement.state !== 'effective')
    return refuse('agreement_not_effective', `The agreement ${agreement.id} is ${agreement.state}.`)
  if (now < agreement.startsAt || now >= agreement.endsAt)
    return refuse(
      'agreement_not_effective',
      `The agreement ${agreement.id} runs from ${time(agreement.startsAt)} to ${time(agreement.endsAt)}.`,
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
        clause: agreement.clauses.retentionNotice,
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
  if (grant.state === 'suspended') return refuse('grant_suspended', `The grant ${grant.id} is suspended.`)
  if (grant.state === 'revoked') return refuse('grant_revoked', `The grant ${grant.id} was revoked.`)
  if (grant.state === 'expired' || now < grant.startsAt || now >= grant.expiresAt)
    return refuse(
      'grant_expired',
      `The grant ${grant.id} runs from ${time(grant.startsAt)} to ${time(grant.expiresAt)}.`,
    )
  if (grant.state !== 'active') return refuse('grant_missing', `The grant ${grant.id} is ${grant.state}.`)
  return grant
}

const matches = (scope: Hold['scope'], caller: Caller): boolean =>
  (scope.organisation ?? caller.organisation) === caller.organisation &&
  (scope.client ?? caller.client) === caller.client

const heldBy = ([id, hold]: [string, Hold]): Refusal =>
  refuse('hold_active', `The hold ${id} is in force: ${hold.reason}.`)
