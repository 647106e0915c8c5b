import { capabilities, type SigningKey } from '../domain/records.ts'
import { algorithms } from './public-jwk.ts'

/** What a workload may do at the API. */
export const apiScopes = ['log:own', 'quota:read'] as const

/** What a token of a person is for: everything that their roles and the records allow them. */
export const personScope = 'govern'

export const tokenUrl = (issuer: string): string => `${issuer}/oauth/token`
export const apiResource = (issuer: string): string => `${issuer}/api`
export const modelResource = (issuer: string, model: string): string => `${issuer}/models/${model}`

/** The id of the model that a resource indicator names; whether there is one is not said. */
export function resourceModel(issuer: string, resource: string): string | undefined {
  const prefix = modelResource(issuer, '')
  const id = resource.slice(prefix.length)
  return resource.startsWith(prefix) && modelId.test(id) ? id : undefined
}

const modelId = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/

/** RFC 8414 §2. */
export function authorizationServerMetadata(issuer: string): object {
  // Workloads have a key of their own; the apps that people sign in through are public.
  const authentication = ['private_key_jwt', 'none']
  return {
    issuer,
    authorization_endpoint: `${issuer}/oauth/authorize`,
    token_endpoint: tokenUrl(issuer),
    token_endpoint_auth_methods_supported: authentication,
    token_endpoint_auth_signing_alg_values_supported: algorithms,
    revocation_endpoint: `${issuer}/oauth/revoke`,
    revocation_endpoint_auth_methods_supported: authentication,
    revocation_endpoint_auth_signing_alg_values_supported: algorithms,
    jwks_uri: `${issuer}/.well-known/jwks.json`,
    grant_types_supported: ['client_credentials', 'authorization_code', 'refresh_token'],
    response_types_supported: ['code'],
    response_modes_supported: ['query'],
    code_challenge_methods_supported: ['S256'],
    authorization_response_iss_parameter_supported: true,
    scopes_supported: [...capabilities, ...apiScopes, personScope],
    dpop_signing_alg_values_supported: algorithms,
    protected_resources: [apiResource(issuer)],
  }
}

/** RFC 9728 §2. It is the same for a model that does not exist: models are not to be guessed. */
export function protectedResourceMetadata(
  issuer: string,
  resource: string,
  scopes: readonly string[],
): object {
  return {
    resource,
    authorization_servers: [issuer],
    scopes_supported: scopes,
    dpop_signing_alg_values_supported: algorithms,
    dpop_bound_access_tokens_required: true,
  }
}

/** RFC 7517 §5. */
export const jwks = (keys: readonly SigningKey[]): object => ({
  keys: keys.map(({ kid, alg, jwk }) => ({ ...jwk, kid, alg, use: 'sig' })),
})
