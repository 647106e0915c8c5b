import { keys } from '../../shared/domain/keys.ts'
import { capabilities } from '../../shared/domain/records.ts'
import { publishedKeys } from '../../shared/oauth/key-ring.ts'
import { jwksLifetime } from '../../shared/oauth/lifetimes.ts'
import {
  apiResource,
  apiScopes,
  authorizationServerMetadata,
  jwks,
  personScope,
  protectedResourceMetadata,
  resourceModel,
} from '../../shared/oauth/metadata.ts'
import type { Store } from '../../shared/ports/store.ts'
import { json, type Reply } from '../http.ts'

const wellKnown = '/.well-known/'
const resourceMetadata = 'oauth-protected-resource'

/** The public documents about this issuer, its resources and its keys; `undefined` for any other path. */
export async function discover(
  { store, issuer }: { readonly store: Store; readonly issuer: string },
  path: string,
  now: number,
): Promise<Reply | undefined> {
  if (!path.startsWith(wellKnown)) return undefined
  const name = path.slice(wellKnown.length)
  if (name === 'oauth-authorization-server') return publish(authorizationServerMetadata(issuer))
  if (name === 'jwks.json') {
    const [ring, standing] = await store.get([keys.keyRing, keys.standing])
    return publish(jwks(ring ? publishedKeys(ring, now, standing?.compromised ?? {}) : []))
  }
  // RFC 9728 §3.1: the well-known part stands before the path of the resource.
  if (name !== resourceMetadata && !name.startsWith(`${resourceMetadata}/`)) return undefined
  const resource = issuer + name.slice(resourceMetadata.length)
  const scopes = resourceScopes(issuer, resource)
  return scopes && publish(protectedResourceMetadata(issuer, resource, scopes))
}

function resourceScopes(issuer: string, resource: string): readonly string[] | undefined {
  if (resource === issuer) return [...capabilities, ...apiScopes, personScope]
  if (resource === apiResource(issuer)) return [...apiScopes, personScope]
  return resourceModel(issuer, resource) === undefined ? undefined : capabilities
}

const publish = (document: object): Reply =>
  json(200, document, { 'cache-control': `public, max-age=${jwksLifetime}` })
