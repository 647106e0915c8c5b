/**
 * oidc-provider, set up to do what Sallyport's token endpoint does and nothing that it does not, each choice for
 * its speed where there is one.
 */
import type { Adapter } from 'oidc-provider'
import { thumbprint } from '../../../shared/oauth/public-jwk.ts'
import { type Issued, publicPart, resourceOf, type Setting } from './setting.ts'

/** Everything oidc-provider takes besides its issuer. */
export const configuration = ({ signingKey, clients }: Setting, issued: Issued, issuer: string): object => ({
  // One Map for each model, the cheapest store there can be: it forgets nothing, evicts nothing, and awaits no
  // I/O. The one that comes with it keeps 1,000 items only, and so would let a replay pass.
  adapter: createMapAdapter,

  // The same clients and keys as at Sallyport, given here: none is fetched, looked up or parsed anew for a request.
  clients: clients.map(({ id, kid, jwk }) => ({
    client_id: id,
    grant_types: ['client_credentials'],
    response_types: [],
    redirect_uris: [],
    token_endpoint_auth_method: 'private_key_jwt',
    token_endpoint_auth_signing_alg: 'ES256',
    dpop_bound_access_tokens: true,
    jwks: { keys: [{ ...jwk, kid, alg: 'ES256', use: 'sig' }] },
  })),
  // The same signing key. It is imported once.
  jwks: { keys: [{ ...signingKey, kid: thumbprint(publicPart(signingKey)), alg: 'ES256', use: 'sig' }] },

  // One way to authenticate, as at Sallyport, so that no other is considered.
  clientAuthMethods: ['private_key_jwt'],
  enabledJWA: {
    clientAuthSigningAlgValues: ['ES256'],
    dPoPSigningAlgValues: ['ES256'],
    idTokenSigningAlgValues: ['ES256'],
  },
  // There are no ID tokens here, but it wants to know how they would be signed.
  clientDefaults: { id_token_signed_response_alg: 'ES256' },
  responseTypes: [],
  scopes: issued.scope.split(' '),
  routes: { token: '/oauth/token' },

  features: {
    clientCredentials: { enabled: true },
    // Sallyport demands a nonce with each proof, and takes a proof once. Replays are detected by default.
    dPoP: {
      enabled: true,
      nonceSecret: Buffer.alloc(32, 7),
      requireNonce: () => true,
      allowReplay: false,
    },
    // RFC 8707: the one resource there is, with JWT access tokens (RFC 9068) of the same lifetime.
    resourceIndicators: {
      enabled: true,
      defaultResource: () => resourceOf(issuer),
      getResourceServerInfo: (_: unknown, resource: string) => {
        if (resource !== resourceOf(issuer)) throw new Error(`an unknown resource: ${resource}`)
        return resourceServer(issued)
      },
    },
    // On by default: pages that nobody asks for.
    devInteractions: { enabled: false },
    userinfo: { enabled: false },
    rpInitiatedLogout: { enabled: false },
  },
  // The claims by which Sallyport says under which records it issued the token, ready made: they cost
  // oidc-provider no look-up, while Sallyport reads the records.
  extraTokenClaims: () => issued.claims,
  ttl: { ClientCredentials: issued.lifetime },
  cookies: { keys: ['no cookie is set'] },
})

const resourceServer = ({ scope, lifetime }: Issued): object => ({
  scope,
  accessTokenFormat: 'jwt',
  accessTokenTTL: lifetime,
  jwt: { sign: { alg: 'ES256' } },
})

/** Items are kept as they are: serialising them would be work that a memory does not ask for. */
function createMapAdapter(): Adapter {
  const items = new Map<string, object>()
  const unused = async (): Promise<never> => {
    throw new Error('no grant of this benchmark comes here')
  }
  return {
    upsert: async (id, payload) => void items.set(id, payload),
    find: async id => items.get(id),
    destroy: async id => void items.delete(id),
    findByUserCode: unused,
    findByUid: unused,
    consume: unused,
    revokeByGrantId: unused,
  }
}
