import { Agent, fetch as undiciFetch } from 'undici'
import { publicLookup } from './public-lookup.ts'

/**
 * `fetch` for the providers of organisations: others chose their addresses, so that it connects to public ones alone,
 * or on loopback where `issuer` stands there too.
 */
export function createProviderFetch(issuer: string): typeof fetch {
  const dispatcher = new Agent({ connect: { lookup: publicLookup(issuer) } })
  // The platform's types and the package's are of the same code.
  return ((input: string, init: object) => undiciFetch(input, { ...init, dispatcher })) as typeof fetch
}
