/** What all token endpoints have in common: the clients, the signing key and what a token says. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { modelResource } from '../../../shared/oauth/metadata.ts'
import { thumbprint } from '../../../shared/oauth/public-jwk.ts'
import type { PublicJwk } from '../../../shared/ports/keys.ts'
import { modelId } from '../../demo/story.ts'

export type PrivateJwk = PublicJwk & { readonly y: string; readonly d: string }

export interface RegisteredClient {
  readonly id: string
  readonly kid: string
  readonly jwk: PublicJwk
}

export interface Setting {
  /** P-256, for ES256. */
  readonly signingKey: PrivateJwk
  readonly clients: readonly RegisteredClient[]
}

/** What is the same in every token of the run; identity, times and the key it is bound to are added. */
export interface Issued {
  readonly scope: string
  /** Seconds. */
  readonly lifetime: number
  /** Claims beyond those of RFC 9068: under which records a token was issued. */
  readonly claims: Readonly<Record<string, unknown>>
}

/** What the server's process is told. */
export interface ServerArgument extends Setting {
  /** A folder of its own. */
  readonly data: string
  /** Sallyport's, `:memory:` or nothing for a file in the folder. */
  readonly database?: string
  /** Known once Sallyport has issued a first token. */
  readonly issued?: Issued
}

/** What it tells when it listens. */
export interface ServerTold {
  readonly issuer: string
}

/** A client with its two private keys: one authenticates it, to the other its tokens are bound. */
export interface BenchClient {
  readonly registered: RegisteredClient
  readonly key: KeyObject
  readonly proofKey: KeyObject
  readonly proofJwk: PublicJwk
}

export function makeClient(number: number): BenchClient {
  const own = makeKey()
  const bound = makeKey()
  return {
    // As long as the ids that Sallyport gives.
    registered: {
      id: `client_${String(number).padStart(26, '0')}`,
      kid: thumbprint(own.jwk),
      jwk: own.jwk,
    },
    key: own.key,
    proofKey: bound.key,
    proofJwk: bound.jwk,
  }
}

export const makeSigningKey = (): PrivateJwk => makeKey().key.export({ format: 'jwk' }) as PrivateJwk

export const publicPart = ({ kty, crv, x, y }: PrivateJwk): PublicJwk => ({ kty, crv, x, y })

export const resourceOf = (issuer: string): string => modelResource(issuer, modelId)

function makeKey(): { readonly key: KeyObject; readonly jwk: PublicJwk } {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return { key: privateKey, jwk: publicPart(privateKey.export({ format: 'jwk' }) as PrivateJwk) }
}
