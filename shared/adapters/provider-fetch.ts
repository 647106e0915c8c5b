import { isIP } from 'node:net'
import { Agent, fetch as undiciFetch } from 'undici'
import { mayConnect } from '../webhooks/address.ts'
import { publicLookup } from './public-lookup.ts'

/**
 * `fetch` for the providers of organisations: others chose their addresses, so that it connects to public ones alone,
 * or on loopback where `issuer` stands there too.
 */
export function createProviderFetch(issuer: string): typeof fetch {
  const dispatcher = new Agent({ connect: { lookup: publicLookup(issuer) } })
  // The platform's types and the package's are of the same code.
  return (async (input: string, init: object) => {
    // A provider names its endpoints itself, and nothing is looked up of an address that stands in a URL.
    const host = new URL(input).hostname.replace(/^\[|\]$/g, '')
    if (isIP(host) !== 0 && !mayConnect(host, host, issuer))
      throw new TypeError('The address is not one of the public Internet')
    return undiciFetch(input, { ...init, dispatcher })
  }) as typeof fetch
}
