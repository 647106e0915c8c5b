/** What a setup needs on this machine. */
import { calculateThumbprint } from 'dpop'
import { readClientKey } from '../client-key.ts'
import type { Finding } from './checkup.ts'
import { exit, Failure } from './failure.ts'
import type { Profile } from './profile.ts'
import type { Terminal } from './terminal.ts'

const oldest = 20

/** `version` as Node tells it: `v24.1.0`. */
export function judgeNode(version: string): Finding {
  if (Number.parseInt(version.slice(1), 10) >= oldest) return { detail: version }
  throw new Failure(exit.failed, `Node ${version} is too old.`, { next: `Install Node ${oldest} or later.` })
}

/** Names only: the value of a proxy variable can have a password in it. */
export function judgeEnvironment(env: Terminal['env']): Finding {
  const set = (names: readonly string[]) => names.filter(name => env[name])
  if (env.NODE_TLS_REJECT_UNAUTHORIZED === '0')
    return {
      detail: 'NODE_TLS_REJECT_UNAUTHORIZED=0: anybody can pass for the gateway',
      next: 'unset NODE_TLS_REJECT_UNAUTHORIZED; NODE_EXTRA_CA_CERTS=<file> adds an authority of yours',
    }
  const proxies = set(['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy', 'ALL_PROXY', 'all_proxy'])
  const remarks = [
    ...proxies.map(name => `${name} is set`),
    ...(proxies.length > 0 && !env.NODE_USE_ENV_PROXY ? ['not heeded without NODE_USE_ENV_PROXY=1'] : []),
    ...set(['NODE_EXTRA_CA_CERTS']).map(name => `${name} is set`),
  ]
  return { detail: remarks.join(', ') || 'no proxy, no further authorities' }
}

/** RFC 7518 §3.1 and RFC 9864 §2.2. */
export const algorithmOf = ({ key }: Profile): string => algorithms[key.crv]

const algorithms = { 'P-256': 'ES256', 'P-384': 'ES384', Ed25519: 'Ed25519' } as const

/** Whether the key signs, what it publishes verifies that, and the `kid` can be its name. */
export async function judgeKey(profile: Profile): Promise<Finding> {
  const { kty, crv, x, y } = profile.key
  const { key, kid } = await readClientKey(profile.key, profile.kid)
  const algorithm = { ...key.algorithm, hash: crv === 'P-384' ? 'SHA-384' : 'SHA-256' }
  const jwk = { kty, crv, x, ...(y !== undefined && { y }) }
  const publicKey = await crypto.subtle.importKey('jwk', jwk, algorithm, true, ['verify'])
  const message = new TextEncoder().encode(kid)
  const signature = await crypto.subtle.sign(algorithm, key, message)
  if (!(await crypto.subtle.verify(algorithm, publicKey, signature, message)))
    throw new Failure(exit.failed, 'The private and the public part of the key do not belong together.', {
      code: 'profile_invalid',
      next: 'Put the whole key there again.',
    })

  const name = algorithms[crv]
  if (kid === (await calculateThumbprint(publicKey))) return { detail: `${name}, named by its thumbprint` }
  // A SHA-256 thumbprint (RFC 7638), of some key.
  if (/^[A-Za-z0-9_-]{43}$/.test(kid))
    return {
      detail: `${name}, but its kid looks like the thumbprint of another key`,
      next: 'Compare the kid with that of the registered key.',
    }
  return { detail: `${name}, named ${kid}` }
}
