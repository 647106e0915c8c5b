/** Who asks: a person by their session, or a workload by its client. From the verified token and the records alone. */
import type { APIGatewayProxyEvent } from 'aws-lambda'
import type { CallerAuthority } from '../../shared/domain/authority.ts'
import { keys } from '../../shared/domain/keys.ts'
import type { Session } from '../../shared/domain/parties.ts'
import { authorisePerson } from '../../shared/domain/person-authority.ts'
import { Refusal } from '../../shared/domain/refusal.ts'
import { rulesInForce } from '../../shared/domain/rules.ts'
import type { Viewer } from '../../shared/domain/who-sees.ts'
import { isPersonToken } from '../../shared/oauth/access-token.ts'
import { apiResource } from '../../shared/oauth/metadata.ts'
import type { VerifiedRequest } from '../../shared/oauth/resource.ts'
import type { Actor } from '../governance/engine/plan.ts'
import { authorise, type ResourceDeps, spendProof, verify } from '../resource.ts'

export interface WorkloadCaller extends CallerAuthority {
  readonly kind: 'workload'
  readonly scopes: readonly string[]
  readonly viewer: Viewer
}

export interface PersonCaller extends Actor {
  readonly kind: 'person'
  readonly session: Session
  readonly viewer: Viewer
}

export type Caller = WorkloadCaller | PersonCaller

export interface Identified {
  readonly caller: Caller
  /** The version of the approval rules, for what is refused later. */
  readonly rules: number | undefined
}

export async function identify(
  deps: ResourceDeps,
  event: APIGatewayProxyEvent,
): Promise<Identified | Refusal> {
  const verified = await verify(deps, event, aud => aud === apiResource(deps.issuer))
  if (verified instanceof Refusal) return verified
  const request = event.requestContext.requestId
  if (isPersonToken(verified.claims)) return identifyPerson(deps, verified, request)
  const authorised = await authorise(deps, verified, request)
  if (authorised instanceof Refusal) return authorised
  const { authority, rules } = authorised
  const { organisation } = authority
  const caller: WorkloadCaller = {
    ...authority,
    kind: 'workload',
    scopes: verified.claims.scope.split(' '),
    viewer: { organisation: organisation.id, kind: organisation.kind, roles: [] },
  }
  return { caller, rules }
}

async function identifyPerson(
  deps: ResourceDeps,
  verified: VerifiedRequest,
  request: string,
): Promise<Identified | Refusal> {
  const { store, clock } = deps
  const { claims, kid } = verified
  if (!isPersonToken(claims)) throw new Error('a person has a session')
  const now = clock.now()
  const [[standing, person, organisation, session, revokedToken], replayed] = await Promise.all([
    store.get([
      keys.standing,
      keys.person(claims.sub),
      keys.organisation(claims.organisation),
      keys.session(claims.session),
      keys.revokedToken(claims.jti),
    ]),
    spendProof(deps, verified, request, now),
  ])
  const rules = rulesInForce(standing)
  if (replayed) return replayed.under({ rules })
  const bearer = {
    person: claims.sub,
    organisation: claims.organisation,
    session: claims.session,
    tokenId: claims.jti,
    signedBy: kid,
  }
  const authority = authorisePerson(bearer, { standing, person, organisation, session, revokedToken }, now)
  if (authority instanceof Refusal) return authority.under({ rules })
  if (person === undefined || organisation === undefined || session === undefined)
    throw new Error('an authority without its records')
  const caller: PersonCaller = {
    kind: 'person',
    person,
    organisation,
    session,
    authTime: session.authTime,
    ...(session.acr !== undefined && { acr: session.acr }),
    viewer: {
      organisation: organisation.id,
      kind: organisation.kind,
      roles: person.roles,
      ...(organisation.kind === 'auditor' && { audits: organisation.audits ?? [] }),
    },
  }
  return { caller, rules }
}
