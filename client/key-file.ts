/** Apart from the rest of the SDK, because browsers and workers have no files. */
import { open } from 'node:fs/promises'
import type { PrivateJwk } from './client-key.ts'
import { textAt } from './json.ts'

/** A file with a secret is readable by others, or holds something else than it should. */
export class SecretFileError extends Error {
  override readonly name = 'SecretFileError'
  readonly code: 'file_exposed' | 'file_malformed' | 'key_missing'
  /** What can be done now. */
  readonly next: string

  constructor(code: SecretFileError['code'], message: string, next: string) {
    super(message)
    this.code = code
    this.next = next
  }
}

/** The JSON of a file that only its owner may read. Nothing of its content gets into an error. */
export async function readSecretFile(path: string): Promise<unknown> {
  const file = await open(path, 'r')
  try {
    // Of the open file, not of the path: it is the same file that is read. Windows has no such modes.
    const stat = await file.stat()
    if (stat.isDirectory())
      throw new SecretFileError('file_malformed', `${path} is a directory.`, 'Name a file.')
    if (process.platform !== 'win32' && (stat.mode & 0o077) !== 0)
      throw new SecretFileError(
        'file_exposed',
        `Others may read ${path}: it must have the mode 0600.`,
        `chmod 600 ${path}`,
      )
    return parse(await file.readFile('utf8'), path)
  } finally {
    await file.close()
  }
}

/** A private JWK from a file of mode 0600, for `createGateway`. Throws `SecretFileError`, or as files do. */
export async function readKeyFile(path: string): Promise<PrivateJwk> {
  const jwk = await readSecretFile(path)
  const [kty, crv, x, d] = ['kty', 'crv', 'x', 'd'].map(name => textAt(jwk, name))
  if (!kty || !crv || !x || !d)
    throw new SecretFileError(
      'key_missing',
      `${path} holds no private JWK of P-256, P-384 or Ed25519.`,
      'Put the private key there, as one JWK.',
    )
  return { kty, crv, x, y: textAt(jwk, 'y'), d, kid: textAt(jwk, 'kid') }
}

/** The message of `JSON.parse` quotes the text, so it is not passed on. */
function parse(text: string, path: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new SecretFileError(
      'file_malformed',
      `The file is not JSON: ${path} ${flaw(text.trim())}.`,
      'Put the whole file there again.',
    )
  }
}

function flaw(text: string): string {
  if (text === '') return 'is empty'
  return text.startsWith('{') && !text.endsWith('}') ? 'ends too early' : 'holds something else'
}
