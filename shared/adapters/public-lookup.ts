import { type LookupAddress, type LookupOptions, lookup } from 'node:dns'
import type { LookupFunction } from 'node:net'
import { mayConnect } from '../webhooks/address.ts'

/**
 * Resolves names for connections to addresses that others have chosen. It answers with what the connection is then made
 * to, so that a name cannot be judged as one address and used as another. A host of which any address is refused is
 * refused as a whole: a mixed answer is an attempt.
 */
export function publicLookup(issuer: string, resolve: typeof resolveAll = resolveAll): LookupFunction {
  return (hostname, options, callback) =>
    resolve(hostname, options, (error, addresses) => {
      const [first] = addresses
      if (error || first === undefined) return callback(error ?? refused(hostname), '', 0)
      if (!addresses.every(({ address }) => mayConnect(hostname, address, issuer)))
        return callback(refused(hostname), '', 0)
      if (options.all) return callback(null, [...addresses])
      callback(null, first.address, first.family)
    })
}

function resolveAll(
  hostname: string,
  options: LookupOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: readonly LookupAddress[]) => void,
): void {
  lookup(hostname, { ...options, all: true }, (error, addresses) => callback(error, addresses ?? []))
}

const refused = (hostname: string): NodeJS.ErrnoException =>
  Object.assign(new Error(`${hostname} has an address that is not one of the public Internet`), {
    code: 'EADDRNOTPUBLIC',
  })
