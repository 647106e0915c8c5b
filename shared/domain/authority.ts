/**
 * Whether a caller may use a model now, by the records as they stand. The token only says which records
 * to look at; it never grants by itself. Missing or unknown state refuses.
 */
import { standingText } from './parties.ts'
import type {
  Agreement,
  Client,
  Grant,
  Hold,
  HoldScope,
  Model,
  Organisation,
  Spent,
  Standing,
} from './records.ts'
import { Refusal, type RefusalCode, refuse } from './refusal.ts'
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

/** Whom a hold can name. For a person who is signed in, `client` is absent; where no model is involved, `model`. */
export interface Holdable {
  readonly organisation: string
  readonly client?: string
  readonly person?: string
  readonly nationality?: string
  readonly region?: string
  readonly model?: string
}

/**
 * Token, client and organisation. A token's own expiry is judged where it is verified. A suspended partner passes
 * while grants of it go on: which ones, `authoriseModel` judges.
 */
export function authoriseCaller(
  caller: Caller,
  records: CallerRecords,
  now: number,
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
  if (client.state !== 'active' && client.state !== 'enrolled') {
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

  const held = judgeHolds(standing, holdable(client), now)
  if (held) return held
  return { client, organisation: member, until: Math.min(client.expiresAt, confirmedUntil) }
}

/** The whole authority behind a call to a model. */
export function authoriseModel(
  caller: ModelCaller,
  records: ModelRecords,
  now: number,
): ModelAuthority | Refusal {
  const authority = authoriseCaller(caller, records, now)
  if (authority instanceof Refusal) return authority
  const { client, organisation } = authority
  const { standing, model } = records
  const partner = judgePartner(organisation, records.grant)
  if (partner) return partner

  if (model === undefined) return refuse('model_unknown', `There is no model ${caller.model}.`)
  const held = judgeHolds(standing, { ...holdable(client), model: model.id }, now)
  if (held) return held
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
      return (organisation.continues?.length ?? 0) > 0 ? organisation : partnerSuspended(organisation)
    default:
      return refuse('partner_revoked', standingText(organisation))
  }
}

/** Nothing where the partner is not suspended, or this grant goes on all the same: a mission hangs on it. */
export function judgePartner(
  organisation: Organisation,
  grant: Pick<Grant, 'id'> | undefined,
): Refusal | undefined {
  if (organisation.kind !== 'partner' || organisation.partner !== 'suspended') return undefined
  const goesOn = grant !== undefined && organisation.continues?.includes(grant.id) === true
  return goesOn ? undefined : partnerSuspended(organisation)
}

/** A state that is not known here stops as a suspension does. */
function codeOfState(state: Client['state']): RefusalCode {
  if (state === 'compromised') return 'client_compromised'
  return state === 'expired' || state === 'revoked' ? 'client_expired' : 'client_suspended'
}

const partnerSuspended = ({ name, stop }: Extract<Organisation, { kind: 'partner' }>): Refusal =>
  refuse('partner_suspended', `${name} is suspended as a trusted partner.`, appealing(stop))

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

/** A client as holds see it. */
export function holdable({ id, organisation, operator, attributes }: Client): Holdable {
  return {
    organisation,
    client: id,
    ...(operator?.startsWith('person_') && { person: operator }),
    // Past its expiry an attestation is still the best that is known.
    ...(attributes?.nationality && { nationality: attributes.nationality.value }),
    ...(attributes?.region && { region: attributes.region.value }),
  }
}

/**
 * Whether a hold applies: all that its scope names is so. What is not known of somebody is not so, attributes that
 * nobody attested included: the dry run names those clients, and one hold on a nationality would otherwise cut off
 * everybody whose own was never asked for.
 */
export const holdMatches = (scope: HoldScope, who: Holdable): boolean =>
  (scope.organisation === undefined || scope.organisation === who.organisation) &&
  (scope.client === undefined || scope.client === who.client) &&
  (scope.person === undefined || scope.person === who.person) &&
  (scope.nationality === undefined || scope.nationality === who.nationality) &&
  (scope.region === undefined || within(scope.region, who.region)) &&
  (scope.model === undefined || scope.model === who.model)

/** ISO 3166-2 puts the country before the hyphen: a hold on a country stops its subdivisions too. */
const within = (held: string, region: string | undefined): boolean =>
  region !== undefined && (region === held || region.startsWith(`${held}-`))

/** The first hold that is in force for them. */
export function judgeHolds(standing: Standing | undefined, who: Holdable, now: number): Refusal | undefined {
  if (standing === undefined) return standingMissing()
  const hold = Object.entries(standing.holds).find(
    ([, { scope, until }]) => holdMatches(scope, who) && (until === undefined || until > now),
  )
  return hold && heldBy(hold)
}

/** Seconds: somebody looks through the log meanwhile. */
const restoringRetryAfter = 60

/**
 * Nothing where the records are what was decided last. Judged before any of them: a restored one may say that somebody
 * is active who was stopped since. People are not stopped by it; they have to be able to stop others.
 */
export function judgeRestoring({ restoring }: Standing): Refusal | undefined {
  if (restoring === undefined) return undefined
  return refuse('restoring', `They are looked through since ${time(restoring.since)}.`, {
    retryAfter: restoringRetryAfter,
  })
}

const standingMissing = (): Refusal => refuse('store_unavailable', 'The standing record is missing.')

const heldBy = ([id, hold]: [string, Hold]): Refusal =>
  refuse('hold_active', `The hold ${id} is in force: ${hold.reason}${placer(hold)}.`)

/** One that has come to hit somebody since it was placed is in no list of theirs: they know whom to ask all the same. */
const placer = ({ by }: Hold): string =>
  by === undefined ? '' : by === 'operator' ? ', placed by an operator' : `, placed by ${by}`
