/** What the decisions of people stop: whom a stop is about, and on which record it stands. */
import type { HoldRecord } from '../../shared/domain/holds.ts'
import { keys } from '../../shared/domain/keys.ts'
import type { Action } from '../../shared/domain/proposals.ts'
import type {
  Agreement,
  AgreementVersion,
  Client,
  Grant,
  HoldScope,
  Model,
  Organisation,
  Standing,
} from '../../shared/domain/records.ts'
import { holdMatches } from '../../shared/domain/standing.ts'
import type { Signature } from '../../shared/domain/stop.ts'
import type { Backend } from './backend.ts'
import type { Revocation } from './observed.ts'
import {
  agreementOf,
  attested,
  type Caller,
  clientOf,
  government,
  grantOf,
  modelId,
  modelOf,
  type Partner,
  partners,
  windowModelId,
} from './records.ts'
import { stopsPartner } from './stops.ts'

interface Known {
  readonly backend: Backend
  readonly skew: number
  /** Of an agreement, by its digest: the one that a token was issued under. */
  readonly versionOf: ReadonlyMap<string, string>
}

/** What admission must refuse once such an action was acknowledged; nothing where it stops no call. */
export function revokedBy({ name, id }: Action, known: Known): readonly Revocation[] {
  const { backend, skew } = known
  const [partner = partners[0]] = partners.filter(one =>
    [one, grantOf(one), clientOf(one), agreementOf(one)].includes(id),
  )
  const its = (one: Caller): boolean => one === partner
  switch (name) {
    case 'partner.suspend':
    case 'partner.revoke':
      return one(`${partner} was stopped as a partner (${name})`, its, {
        key: keys.organisation(partner),
        on: item => stopsPartner(item as Organisation, grantOf(partner)),
      })
    case 'grant.suspend':
    case 'grant.revoke':
      return one(`the grant of ${partner} was stopped (${name})`, its, {
        key: keys.grant(id),
        on: item => (item as Grant).state !== 'active',
      })
    case 'client.suspend': {
      const [client] = backend.get([keys.client(id)]) as [Client]
      const revocation = of(`the client of ${partner} was suspended`, its, {
        key: keys.client(id),
        on: item => !['active', 'enrolled'].includes((item as Client).state),
      })
      return [{ ...revocation, untilRelease: isGovernments(client.stop?.by) }]
    }
    case 'model.kill':
      return one('the model was stopped', caller => modelOf(caller) === modelId, {
        key: keys.model(modelId),
        on: item => (item as Model).killed,
      })
    case 'model.close_window':
      return one('its window was closed', caller => caller === government, {
        key: keys.model(windowModelId),
        on: item => (item as Model).window === undefined,
      })
    case 'agreement.suspend': {
      const [agreement] = backend.get([keys.agreement(id)]) as [Agreement]
      const revocation = of(`the agreement of ${partner} was suspended by somebody`, its, {
        key: keys.agreement(id),
        on: item => (item as Agreement).state !== 'effective',
      })
      return [{ ...revocation, untilRelease: isGovernments(agreement.stop?.by) }]
    }
    case 'agreement.sign':
      return replacedBy(partner, known)
    case 'hold.place':
    case 'hold.concur': {
      const [record] = backend.get([keys.hold(id)]) as [HoldRecord]
      const { scope, until = Number.POSITIVE_INFINITY } = record
      const what = `${id} on ${JSON.stringify(scope)} was placed (${name})`
      const revocation = of(what, one => holdsClientOf(one, scope), {
        key: keys.standing,
        on: item => (item as Standing).holds[id] !== undefined,
      })
      // By the clock that is furthest ahead.
      return [{ ...revocation, liftedAt: until - skew, untilRelease: isGovernments(record.placedBy) }]
    }
    default:
      return []
  }
}

function of(
  what: string,
  covered: (caller: Caller) => boolean,
  stands: NonNullable<Revocation['stands']>,
): Revocation {
  return { what, covers: sent => covered(sent.partner as Caller), ...never, stands }
}

const one = (...said: Parameters<typeof of>): readonly Revocation[] => [of(...said)]

/**
 * With the last signature: tokens of the version before go on until the agreement ends, those of an older one end; and
 * a notice that is new is acknowledged before the next call.
 */
function replacedBy(partner: Partner, { backend, versionOf }: Known): readonly Revocation[] {
  const key = keys.agreement(agreementOf(partner))
  const [{ version, previous, consentedAt }] = backend.get([key]) as [Agreement]
  const older = (token: string): boolean => {
    const digest = versionOf.get(token)
    if (digest === undefined || digest === previous?.digest) return false
    const [of] = backend.get([keys.agreementVersion(digest)]) as [AgreementVersion]
    return of.version < version
  }
  return [
    {
      what: `${partner} has a new agreement`,
      covers: sent => sent.partner === partner && older(sent.token),
      ...never,
    },
    ...(consentedAt === undefined
      ? one(`the notice of ${partner} is another`, caller => caller === partner, {
          key,
          on: item => (item as Agreement).consentedAt === undefined,
        })
      : []),
  ]
}

const isGovernments = (by: Pick<Signature, 'organisation'> | undefined): boolean =>
  by?.organisation === government

const never = { acknowledgedAt: Number.POSITIVE_INFINITY, liftedAt: Number.POSITIVE_INFINITY }

const holdsClientOf = (caller: Caller, scope: HoldScope): boolean => {
  const { operator: person, ...attributes } = attested[caller]
  return holdMatches(scope, {
    organisation: caller,
    client: clientOf(caller),
    person,
    ...attributes,
    model: modelOf(caller),
  })
}
