/** What somebody may try who has an answer of the API, knows how the log hashes, and guesses right what is not for them. */
import { createHash, createHmac } from 'node:crypto'
import canonicalize from 'canonicalize'
import type { Entry } from '../../../../shared/entries/entry.ts'
import {
  committedBody,
  type FieldHashes,
  fieldAt,
  withholdable,
} from '../../../../shared/watermark/committed.ts'

/** The kinds of hashes that the log has, by their first byte; and hashes without one. */
const domains = [[], [0], [1], [2], [3], [4], [5], [6]]

/**
 * Whatever in the answer is a hash of the guess, which is the entry as it is stored: plain, or with anything in the
 * answer, or of `salts`, for a salt.
 */
export function confirmed(
  answer: object,
  guess: Entry,
  salts: readonly Uint8Array[] = [],
): readonly string[] {
  const text = JSON.stringify(answer)
  const known = [new Uint8Array(0), ...salts, ...bytesIn(answer)]
  return guessesOf(answer, guess).flatMap(({ what, text: guessed }) =>
    known.flatMap(salt =>
      [...hashed(salt, Buffer.from(guessed))].filter(hash => text.includes(hash)).map(() => what),
    ),
  )
}

function* hashed(salt: Uint8Array, guess: Uint8Array): Iterable<string> {
  const written = (hash: Buffer) => [
    hash.toString('base64url'),
    hash.toString('hex'),
    hash.toString('base64'),
  ]
  const sha256 = (...parts: readonly Uint8Array[]) =>
    createHash('sha256').update(Buffer.concat(parts)).digest()
  for (const domain of domains) {
    yield* written(sha256(Uint8Array.from(domain), salt, guess))
    yield* written(sha256(Uint8Array.from(domain), guess, salt))
  }
  yield* written(createHmac('sha256', salt).update(guess).digest())
}

/** Each withheld value, the whole body, the body as it is committed to, and with the exact times. */
function guessesOf(answer: object, { body, exact }: Entry): readonly { what: string; text: string }[] {
  const facts = JSON.parse(body) as Readonly<Record<string, unknown>>
  const { view, withheld = [] } = answer as {
    readonly view: { readonly field_hashes?: FieldHashes }
    readonly withheld?: readonly string[]
  }
  const values = withholdable
    .filter(path => withheld.includes(path))
    .map(path => ({ path, value: fieldAt(facts, path) }))
  return [
    ...values.map(({ path, value }) => ({ what: path, text: canonicalize(value) ?? '' })),
    ...values.flatMap(({ path, value }) => (typeof value === 'string' ? [{ what: path, text: value }] : [])),
    { what: 'the body', text: body },
    { what: 'the body, and hashes in it', text: committedBody(facts, view.field_hashes ?? {}) },
    { what: 'the seal', text: `${body}\n${canonicalize(exact)}` },
    { what: 'the exact times', text: canonicalize(exact) ?? '' },
    { what: 'what is the deployment’s', text: canonicalize(facts.unmapped) ?? '' },
  ]
}

/** What an answer has of base64url. */
function bytesIn(value: unknown): readonly Uint8Array[] {
  if (typeof value === 'string')
    return /^[A-Za-z0-9_-]{11,43}$/.test(value) ? [Buffer.from(value, 'base64url')] : []
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(bytesIn) : []
}
