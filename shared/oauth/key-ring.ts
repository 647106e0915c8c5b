import type { KeyRing, SigningKey, Standing } from '../domain/records.ts'
import { jwksLifetime, tokenLifetimes } from './lifetimes.ts'

/** Seconds for which clocks may be apart. */
const skew = 60

type Compromised = Standing['compromised']
export type NewKey = Omit<SigningKey, 'signsFrom' | 'retiresAt'>

/** The newest key whose time to sign has come; a ring is kept in the order in which its keys were added. */
export const signingKey = (ring: KeyRing, now: number, compromised: Compromised): SigningKey | undefined =>
  publishedKeys(ring, now, compromised).findLast(key => key.signsFrom <= now)

/** What the JWKS shows: keys that will sign, that sign, and whose last tokens may still be about. */
export const publishedKeys = (ring: KeyRing, now: number, compromised: Compromised): readonly SigningKey[] =>
  ring.keys.filter(key => isPresent(key, now) && !Object.hasOwn(compromised, key.kid))

/** The key that a token names. Whether it is compromised is a matter of the current authority. */
export const verificationKey = (ring: KeyRing, kid: unknown, now: number): SigningKey | undefined =>
  ring.keys.find(key => key.kid === kid && isPresent(key, now))

const isPresent = ({ retiresAt }: SigningKey, now: number): boolean =>
  retiresAt === undefined || now < retiresAt

/**
 * The ring with a new key, which signs once no cache can hold a JWKS without it; at once, if the key that
 * signs now is the compromised one, or none signs. The keys before it go when the last token that they can
 * have signed has ended. `now` is in milliseconds.
 */
export function rotate(
  ring: KeyRing,
  newKey: NewKey,
  now: number,
  { compromised }: { readonly compromised?: string } = {},
): KeyRing {
  const signing = signingKey(ring, now, {})
  const atOnce = signing === undefined || signing.kid === compromised
  const signsFrom = atOnce ? now : now + jwksLifetime * 1000
  const retiresAt = signsFrom + (Math.max(tokenLifetimes.model, tokenLifetimes.api) + skew) * 1000
  const since = signing ? ring.keys.indexOf(signing) : 0
  const keys = ring.keys
    .map((key, place) => (place < since ? key : { ...key, retiresAt }))
    .filter(key => isPresent(key, now))
  return { version: ring.version + 1, keys: [...keys, { ...newKey, signsFrom }] }
}
