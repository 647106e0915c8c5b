import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { calculateJwkThumbprint, type JWK } from 'jose'
import { openPrivateFile } from '../../shared/adapters/embedded/private-file.ts'

export interface ProviderKeys {
  /** Signs ID tokens: private, with its thumbprint as `kid`. */
  readonly signing: JWK
  /** Signs cookies. */
  readonly cookies: readonly string[]
}

/** With a path those of its file, made at the first start with mode 0600; else new ones. */
export async function openProviderKeys(path: string | undefined): Promise<ProviderKeys> {
  if (path === undefined) return makeKeys()
  const made = await makeKeys()
  const bytes = await openPrivateFile(path, () => Buffer.from(`${JSON.stringify(made, null, 2)}\n`))
  return JSON.parse(bytes.toString('utf8')) as ProviderKeys
}

async function makeKeys(): Promise<ProviderKeys> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const jwk = privateKey.export({ format: 'jwk' }) as JWK
  const kid = await calculateJwkThumbprint(jwk)
  return {
    signing: { ...jwk, kid, alg: 'ES256', use: 'sig' },
    cookies: [randomBytes(32).toString('base64url')],
  }
}
