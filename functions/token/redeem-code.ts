import { randomId } from '../../shared/domain/id.ts'
import { keys, listed } from '../../shared/domain/keys.ts'
import { type App, type Session, sessionLimits } from '../../shared/domain/parties.ts'
import { judgePerson } from '../../shared/domain/person-authority.ts'
import { Refusal } from '../../shared/domain/refusal.ts'
import { rulesInForce } from '../../shared/domain/rules.ts'
import type { AuthorizationCode } from '../../shared/domain/tickets.ts'
import { putEntry } from '../../shared/entries/put.ts'
import { noticeEntry, sessionEndEntry, signInEntry } from '../../shared/entries/sign-in.ts'
import { decodeBase64url } from '../../shared/oauth/base64url.ts'
import type { Proof } from '../../shared/oauth/dpop-proof.ts'
import type { Form } from '../../shared/oauth/form.ts'
import { signingKey } from '../../shared/oauth/key-ring.ts'
import { OAuthError } from '../../shared/oauth/oauth-error.ts'
import { verifiesChallenge } from '../../shared/oauth/pkce.ts'
import { makeRefreshToken, parseRefreshToken, refreshHashOf } from '../../shared/oauth/refresh-token.ts'
import { itemAbsent } from '../../shared/ports/store.ts'
import { inTime, spend } from '../spend.ts'
import { digest } from './authorize.ts'
import type { KnownRefusal } from './person.ts'
import { issuanceFacts, judgePersonTarget, makePersonClaims, type PersonIssuance } from './person-token.ts'
import { proofReplayed, refused, spentTooLate } from './prove.ts'
import { noSigningKey, notSetUp } from './sign.ts'
import type { TokenDeps } from './token-deps.ts'
import type { TokenRequest } from './token-request.ts'

/** `authorization_code` (RFC 6749 §4.1.3): the code becomes a session, with its first token. */
export async function redeemCode(
  deps: TokenDeps,
  request: TokenRequest,
  app: App,
  proof: Proof,
): Promise<PersonIssuance | KnownRefusal | OAuthError> {
  const { store, issuer, random, clock } = deps
  const { form, now, id } = request
  const code = form.get('code')
  if (code === undefined) return new OAuthError('invalid_request', 'The code is missing.')
  const wrong = judgePersonTarget(issuer, form)
  if (wrong) return wrong

  const key = keys.code(digest(code))
  const [stored, standing, ring] = await store.get([key, keys.standing, keys.keyRing])
  if (standing === undefined || ring === undefined) return notSetUp()
  const signing = signingKey(ring, now, standing.compromised)
  if (signing === undefined) return noSigningKey()
  if (stored === undefined || decodeBase64url(code)?.length !== 32) return invalidCode()
  const mismatch = judgeCode(stored, form, app, proof)
  if (mismatch) return mismatch
  // Whoever sends it has the verifier and the key: one of the two who used it is not the app.
  if (stored.session !== undefined) return endReused(deps, stored.session, request, proof)
  if (stored.exp <= now / 1000) return invalidCode()

  const [person, organisation] = await store.get([
    keys.person(stored.person),
    keys.organisation(stored.organisation),
  ])
  const member = judgePerson(stored, { standing, person, organisation }, now)
  const rules = rulesInForce(standing)
  if (member instanceof Refusal) {
    const refusal = refused('invalid_grant', member.under({ rules }))
    return person ? { refusal, person, app } : refusal
  }
  // Another provider vouches for its people since: what the former one said ends with its sessions.
  if (stored.sessionsFrom !== member.organisation.sessionsFrom) return invalidCode()

  const sessionId = randomId('session', random.bytes(16))
  const refreshToken = makeRefreshToken(sessionId, random.bytes(32))
  const parsed = parseRefreshToken(refreshToken)
  if (parsed === undefined) throw new Error('a refresh token of our own cannot be read')
  const session: Session = {
    id: sessionId,
    person: member.person.id,
    organisation: member.organisation.id,
    app,
    jkt: proof.jkt,
    startedAt: now,
    ...(stored.sessionsFrom !== undefined && { sessionsFrom: stored.sessionsFrom }),
    endsAt: now + sessionLimits.absoluteMs,
    usedAt: now,
    authTime: stored.authTime,
    ...(stored.acr !== undefined && { acr: stored.acr }),
    refreshHash: refreshHashOf(parsed),
    state: 'active',
    notice: stored.notice,
  }
  const tokenId = randomId('token', random.bytes(16))
  const claims = makePersonClaims(issuer, session, member.organisation, tokenId, now)
  const facts = issuanceFacts(claims, signing, member.person, session, {
    id,
    now,
    random: random.bytes(16),
  })
  const { notice } = stored
  const consumed = await store.transact([
    {
      kind: 'update',
      key,
      change: { set: [[['session'], sessionId]] },
      if: { absent: ['session'] },
      ours: { eq: [['session'], sessionId] },
    },
    spend(keys.proof(proof.jkt, proof.jtiHash), proof.exp, id, now),
    {
      kind: 'put',
      key: keys.session(sessionId),
      item: { ...session, ...listed('session', session.person, sessionId) },
      if: itemAbsent,
      ours: { eq: [['refreshHash'], session.refreshHash] },
    },
    putEntry(signInEntry({ ...facts, notice })),
    putEntry(noticeEntry({ ...facts, random: random.bytes(16), notice })),
  ])
  if (consumed.ok)
    return inTime(proof.exp, clock.now())
      ? {
          claims,
          key: signing,
          lifetime: claims.exp - claims.iat,
          person: member.person,
          session,
          refreshToken,
          rules,
        }
      : spentTooLate('proof').under({ rules })

  // The same request a second time proves nothing about whoever sent it.
  if (consumed.failed.has(1)) return proofReplayed().under({ rules })
  if (!consumed.failed.has(0)) throw new Error(`the session ${sessionId} exists`)
  const [used] = await store.get([key])
  return used?.session === undefined ? invalidCode() : endReused(deps, used.session, request, proof)
}

/** What has to be the same as in the request that led to the code. */
function judgeCode(stored: AuthorizationCode, form: Form, app: App, proof: Proof): OAuthError | undefined {
  if (stored.app !== app) return new OAuthError('invalid_grant', 'The code was issued to another client.')
  const redirectUri = form.get('redirect_uri')
  if (redirectUri === undefined) return new OAuthError('invalid_request', 'The redirect_uri is missing.')
  if (redirectUri !== stored.redirectUri)
    return new OAuthError('invalid_grant', 'The redirect_uri is another than the code was sent to.')
  const verifier = form.get('code_verifier')
  if (verifier === undefined) return new OAuthError('invalid_request', 'The code_verifier is missing.')
  if (!verifiesChallenge(verifier, stored.codeChallenge))
    return new OAuthError('invalid_grant', 'The code_verifier does not fit the code_challenge.')
  if (proof.jkt !== stored.dpopJkt)
    return new OAuthError('invalid_grant', 'The proof is made with another key than the dpop_jkt said.')
  return undefined
}

/** RFC 6749 §4.1.2: a second use of a code ends what the first one began. */
async function endReused(
  { store, issuer, random }: TokenDeps,
  id: string,
  { id: request, now }: TokenRequest,
  proof: Proof,
): Promise<OAuthError> {
  const [session] = await store.get([keys.session(id)])
  const [person] = session ? await store.get([keys.person(session.person)]) : []
  if (session === undefined || person === undefined) return reusedCode()
  const ended = await store.transact([
    spend(keys.proof(proof.jkt, proof.jtiHash), proof.exp, request, now),
    endSession(id),
    putEntry(
      sessionEndEntry({
        now,
        random: random.bytes(16),
        request,
        issuer,
        person,
        app: session.app,
        session: id,
        reason: 'code_reused',
      }),
    ),
  ])
  return !ended.ok && ended.failed.has(0) ? proofReplayed() : reusedCode()
}

/** Holds once: whoever else ends it finds it ended. */
export const endSession = (id: string) =>
  ({
    kind: 'update',
    key: keys.session(id),
    change: { set: [[['state'], 'ended']] },
    if: { eq: [['state'], 'active'] },
  }) as const

const invalidCode = (): OAuthError => new OAuthError('invalid_grant', 'The code is not, or no longer, valid.')

const reusedCode = (): OAuthError =>
  new OAuthError('invalid_grant', 'The code was used before, so the session that it began has ended.', {
    code: 'session_ended',
  })
