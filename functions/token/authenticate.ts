import { keys } from '../../shared/domain/keys.ts'
import type { Client, KeyRing, Standing } from '../../shared/domain/records.ts'
import { rulesInForce } from '../../shared/domain/rules.ts'
import {
  type AssertionId,
  judgeAssertion,
  parseAssertion,
  unauthenticated,
  verifyingKey,
} from '../../shared/oauth/client-assertion.ts'
import type { Form } from '../../shared/oauth/form.ts'
import { OAuthError } from '../../shared/oauth/oauth-error.ts'
import type { Store, TransactOp } from '../../shared/ports/store.ts'
import type { Clock } from '../../shared/ports/world.ts'
import type { Rate } from '../rate.ts'
import { spend } from '../spend.ts'
import { recordRefusal } from './record.ts'
import { notSetUp, tooMany } from './sign.ts'

/** A client that has proved who it is; whether it may have anything is not judged yet. */
export interface Authenticated {
  readonly client: Client
  readonly assertion: AssertionId
  readonly standing: Standing
  readonly ring: KeyRing
}

interface World {
  readonly store: Store
  readonly issuer: string
  readonly clock: Clock
  readonly rate: Rate
}

/** Steps B to D: nothing is spent, and nothing is written but that a key was used which is compromised. */
export async function authenticate(
  world: World,
  form: Form,
  request: { readonly id: string; readonly now: number },
): Promise<Authenticated | OAuthError> {
  const { now } = request
  // B. The assertion, as far as it can be judged by itself.
  const assertion = parseAssertion(form)
  if (assertion instanceof OAuthError) return assertion

  // C. The client, with what else is read about the deployment.
  const [client, standing, ring] = await world.store.get([
    keys.client(assertion.client),
    keys.standing,
    keys.keyRing,
  ])

  // D. Signature, then claims.
  const key = verifyingKey(assertion, client, now)
  if (key === undefined || client === undefined)
    return unauthenticated('No registered key of this client verifies the assertion.')
  const id = judgeAssertion(assertion, world.issuer, now)
  if (id instanceof OAuthError) return id

  // The bucket comes before the client's state, because a refusal for the state writes an entry.
  // By the time that it is now: others may have come while the client was read.
  const retryAfter = world.rate(client.id, world.clock.now())
  if (retryAfter > 0) return tooMany('The client', retryAfter).under({ rules: rulesInForce(standing) })
  if (standing === undefined || ring === undefined) return notSetUp()
  const authenticated = { client, assertion: id, standing, ring }
  if (key.compromisedAt === undefined) return authenticated
  const refusal = compromised.under({ rules: rulesInForce(standing) })
  await recordRefusal(world, authenticated, refusal, request)
  return refusal
}

/** Told to whoever has the key, and to nobody else: a stranger hears of no client and of no key. */
const compromised = new OAuthError(
  'invalid_client',
  'The key of the assertion was marked compromised: nothing is issued by it any more.',
  { code: 'client_compromised' },
)

export const spendAssertion = (
  { client, assertion }: Authenticated,
  request: string,
  now: number,
): TransactOp => spend(keys.assertion(client.id, assertion.jtiHash), assertion.exp, request, now)

export const assertionReplayed = (): OAuthError => unauthenticated('The assertion was used before.')
