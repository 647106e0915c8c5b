/** Apart from the rest of the SDK, because browsers and workers have no files. */
import { open } from 'node:fs/promises'
import type { PrivateJwk } from './client-key.ts'
import { textAt } from './json.ts'

/** A file with a secret is readable by others, or holds something else than it should. */
export class SecretFileError extends Error {
  override readonly name = 'SecretFileError'
}

/** The JSON of a file that only its owner may read. Nothing of its content gets into an error. */
export async function readSecretFile(path: string): Promise<unknown> {
  const file = await open(path, 'r')
  try {
    // Of the open file, not of the path: it is the same file that is read. Windows has no such modes.
    const { mode } = await file.stat()
    if (process.platform !== 'win32' && (mode & 0o077) !== 0)
      throw new SecretFileError(`Others may read ${path}: it must have the mode 0600.`)
    const text = await file.readFile('utf8')
    return parse(text) ?? fail(`${path} is not JSON.`)
  } finally {
    await file.close()
  }
}

/** A private JWK from a file of mode 0600, for `createGateway`. Throws `SecretFileError`, or as files do. */
export async function readKeyFile(path: string): Promise<PrivateJwk> {
  const jwk = await readSecretFile(path)
  const [kty, crv, x, d] = ['kty', 'crv', 'x', 'd'].map(name => textAt(jwk, name))
  if (!kty || !crv || !x || !d) return fail(`${path} holds no private JWK of P-256, P-384 or Ed25519.`)
  return { kty, crv, x, y: textAt(jwk, 'y'), d, kid: textAt(jwk, 'kid') }
}

/** The message of `JSON.parse` quotes the text, so it is not passed on. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function fail(message: string): never {
  throw new SecretFileError(message)
}
