import { randomId } from '../../shared/domain/id.ts'
import { keys } from '../../shared/domain/keys.ts'
import type { App, Session } from '../../shared/domain/parties.ts'
import { authorisePerson } from '../../shared/domain/person-authority.ts'
import { Refusal, refuse } from '../../shared/domain/refusal.ts'
import { rulesInForce } from '../../shared/domain/rules.ts'
import { putEntry } from '../../shared/entries/put.ts'
import { refreshEntry } from '../../shared/entries/sign-in.ts'
import type { Proof } from '../../shared/oauth/dpop-proof.ts'
import { signingKey } from '../../shared/oauth/key-ring.ts'
import { OAuthError } from '../../shared/oauth/oauth-error.ts'
import { isRefreshTokenOf, parseRefreshToken } from '../../shared/oauth/refresh-token.ts'
import { inTime, spend } from '../spend.ts'
import type { KnownRefusal } from './person.ts'
import {
  issuanceFacts,
  judgePersonTarget,
  lifetimeWithin,
  makePersonClaims,
  type PersonIssuance,
} from './person-token.ts'
import { proofReplayed, refused, spentTooLate } from './prove.ts'
import { noSigningKey, notSetUp } from './sign.ts'
import type { TokenDeps } from './token-deps.ts'
import type { TokenRequest } from './token-request.ts'

/**
 * `refresh_token` (RFC 6749 §6, RFC 9449 §5). It is bound to the key of its session, so that it is not rotated: two tabs
 * of a browser can use the same one, and a copy of it is worth nothing.
 */
export async function refreshSession(
  { store, issuer, random, clock }: TokenDeps,
  { form, now, id: request }: TokenRequest,
  app: App,
  proof: Proof,
): Promise<PersonIssuance | KnownRefusal | OAuthError> {
  const refreshToken = form.get('refresh_token')
  if (refreshToken === undefined) return new OAuthError('invalid_request', 'The refresh_token is missing.')
  const wrong = judgePersonTarget(issuer, form)
  if (wrong) return wrong
  const parsed = parseRefreshToken(refreshToken)
  if (parsed === undefined) return invalidToken()

  const [session, standing, ring] = await store.get([
    keys.session(parsed.session),
    keys.standing,
    keys.keyRing,
  ])
  if (standing === undefined || ring === undefined) return notSetUp()
  const key = signingKey(ring, now, standing.compromised)
  if (key === undefined) return noSigningKey()
  if (session === undefined || !isRefreshTokenOf(parsed, session) || session.app !== app)
    return invalidToken()

  const [person, organisation] = await store.get([
    keys.person(session.person),
    keys.organisation(session.organisation),
  ])
  if (person === undefined) return invalidToken()
  const rules = rulesInForce(standing)
  const known = (refusal: OAuthError): KnownRefusal => ({
    refusal: refusal.under({ rules }),
    person,
    app,
    session: session.id,
  })
  if (proof.jkt !== session.jkt)
    return known(new OAuthError('invalid_grant', 'The refresh_token is bound to another key.'))
  const caller = {
    person: session.person,
    organisation: session.organisation,
    session: session.id,
    tokenId: randomId('token', random.bytes(16)),
    signedBy: key.kid,
  }
  const records = { standing, person, organisation, session, revokedToken: undefined }
  const authority = authorisePerson(caller, records, now)
  if (authority instanceof Refusal) return known(refused('invalid_grant', authority))
  if (lifetimeWithin(session, now) < 1) return known(refused('invalid_grant', ended))

  const claims = makePersonClaims(issuer, session, authority.organisation, caller.tokenId, now)
  const facts = issuanceFacts(claims, key, person, session, { id: request, now, random: random.bytes(16) })
  const consumed = await store.transact([
    useSession(session, now),
    spend(keys.proof(proof.jkt, proof.jtiHash), proof.exp, request, now),
    putEntry(refreshEntry(facts)),
  ])
  if (consumed.ok)
    return inTime(proof.exp, clock.now())
      ? { claims, key, lifetime: claims.exp - claims.iat, person, session, refreshToken, rules }
      : spentTooLate('proof').under({ rules })
  if (consumed.failed.has(1)) return proofReplayed().under({ rules })
  if (consumed.failed.has(0)) return known(refused('invalid_grant', ended))
  throw new Error('the entry of a refresh exists')
}

/** Somebody may have ended it since it was read: that stands. */
const useSession = ({ id, refreshHash }: Session, now: number) =>
  ({
    kind: 'update',
    key: keys.session(id),
    change: { set: [[['usedAt'], now]] },
    if: { and: [{ eq: [['state'], 'active'] }, { eq: [['refreshHash'], refreshHash] }] },
  }) as const

const ended = refuse('session_ended', 'The session has ended.')

const invalidToken = (): OAuthError =>
  new OAuthError('invalid_grant', 'The refresh_token is not, or no longer, valid.')
