/** The witnesses that a log asks, as an operator names them: `<url> <verifier key>`, a line each. */
import { keyType, NoteError, parseVerifierKey, type VerifierKey } from './note.ts'

export interface Witness {
  /** What `/add-checkpoint` is appended to: without a slash at its end. */
  readonly url: string
  /** Of cosignatures. */
  readonly key: VerifierKey
}

/** With the log's own signature, a checkpoint stays within what readers of notes must admit: 16. */
export const maxWitnesses = 15

/** Characters; stores bound the keys of their items. */
const maxName = 200

/** Lines end with a newline or a semicolon; empty ones are passed over. Throws a `NoteError` that names the wrong one. */
export async function parseWitnessList(text: string): Promise<readonly Witness[]> {
  const witnesses: Witness[] = []
  for (const [i, line] of text.split(/[\n;]/).entries()) {
    if (line.trim() === '') continue
    const witness = await parseWitness(line.trim()).catch((error: unknown) => {
      throw error instanceof NoteError ? new NoteError(`witness ${i + 1}: ${error.message}`) : error
    })
    const twice = witnesses.find(({ key }) => key.name === witness.key.name || sameKey(key, witness.key))
    // One key by two names would count as two opinions.
    if (twice) throw new NoteError(`witness ${i + 1}: its name or its key is that of ${twice.key.name}, too`)
    witnesses.push(witness)
  }
  if (witnesses.length > maxWitnesses) throw new NoteError(`there are at most ${maxWitnesses} witnesses`)
  return witnesses
}

async function parseWitness(line: string): Promise<Witness> {
  const [url = '', vkey, ...rest] = line.split(/\s+/)
  if (vkey === undefined || rest.length > 0) throw new NoteError('it reads: <url> <verifier key>')
  const fault = urlFault(url)
  if (fault !== undefined) throw new NoteError(`its URL ${fault}`)
  const key = await parseVerifierKey(vkey)
  if (key.type !== keyType.cosignature)
    throw new NoteError(`the key of ${key.name} is that of a log; a witness has one of type 4 (cosignature)`)
  if (key.name.length > maxName) throw new NoteError(`its name has more than ${maxName} characters`)
  return { url: url.replace(/\/+$/, ''), key }
}

const loopback = /^(localhost|\[::1\]|127(\.\d{1,3}){3})$/

/** Where witnesses and logs are reached: nobody on the way should learn or delay what they say to each other. */
export function urlFault(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:'))
    return 'is no https address'
  if (url.protocol === 'http:' && !loopback.test(url.hostname))
    return 'is not https, which only an address on this machine may be'
  // In the text, because an empty query or fragment shows nowhere else.
  if (/[?#@]/.test(text)) return 'has a query, a fragment or a user name'
  return undefined
}

const sameKey = (one: VerifierKey, other: VerifierKey): boolean =>
  one.publicKey.every((byte, i) => byte === other.publicKey[i])
