import { keys } from '../../shared/domain/keys.ts'
import type { App } from '../../shared/domain/parties.ts'
import { Refusal } from '../../shared/domain/refusal.ts'
import { putEntry } from '../../shared/entries/put.ts'
import { personRevocationEntry, sessionEndEntry } from '../../shared/entries/sign-in.ts'
import { isPersonToken, verifyAccessToken } from '../../shared/oauth/access-token.ts'
import { isRefreshTokenOf, parseRefreshToken } from '../../shared/oauth/refresh-token.ts'
import { keptBeyond } from '../../shared/oauth/spent-id.ts'
import { itemAbsent } from '../../shared/ports/store.ts'
import { endSession } from './redeem-code.ts'
import type { TokenDeps } from './token-deps.ts'

type World = Pick<TokenDeps, 'store' | 'issuer' | 'random'>

interface Revocation {
  readonly app: App
  readonly token: string
  /** The request's id. */
  readonly request: string
  /** Milliseconds. */
  readonly now: number
}

/**
 * RFC 7009 for people: to have a token is enough to give it up, since apps are public. A refresh token ends its
 * session, which is how one signs out; an access token ends alone. One that is neither has no effect (§2.2), and one
 * that has ended already writes nothing more.
 */
export async function revokePersonToken(world: World, revocation: Revocation): Promise<void> {
  const parsed = parseRefreshToken(revocation.token)
  if (parsed === undefined) return revokeAccessToken(world, revocation)
  const { store, issuer, random } = world
  const { app, request, now } = revocation
  const [session] = await store.get([keys.session(parsed.session)])
  if (session === undefined || session.app !== app || !isRefreshTokenOf(parsed, session)) return
  const person = await findPerson(world, session.person, session.organisation)
  const facts = { now, random: random.bytes(16), request, issuer, person, app, session: session.id }
  await store.transact([
    endSession(session.id),
    putEntry(sessionEndEntry({ ...facts, reason: 'signed_out' })),
  ])
}

async function revokeAccessToken(
  world: World,
  { app, token: text, request, now }: Revocation,
): Promise<void> {
  const { store, issuer, random } = world
  const [ring] = await store.get([keys.keyRing])
  if (ring === undefined) return
  const token = verifyAccessToken(text, { ring, issuer, audience: () => true }, now)
  if (token instanceof Refusal || !isPersonToken(token.claims) || token.claims.client_id !== app) return
  const { sub, organisation, session, jti, exp } = token.claims
  const person = await findPerson(world, sub, organisation)
  const facts = { now, random: random.bytes(16), request, issuer, person, app, session, tokenId: jti }
  await store.transact([
    {
      kind: 'put',
      key: keys.revokedToken(jti),
      item: { by: request, exp: exp + keptBeyond },
      if: itemAbsent,
    },
    putEntry(personRevocationEntry(facts)),
  ])
}

/** Who has left may still give up what they have. */
async function findPerson({ store }: World, id: string, organisation: string) {
  const [person] = await store.get([keys.person(id)])
  return { id, name: person?.name ?? '', organisation }
}
