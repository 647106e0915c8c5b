/**
 * What the log commits to of a body: the body itself, in which each field that may be withheld from somebody stands as a
 * salted hash. So a reader from whom one is withheld can prove all the rest, and cannot try what it may be. Pure.
 */
import canonicalize from 'canonicalize'

/** At the top of a body, or in its `unmapped`. Their order is that of their salts. */
export const withholdable = [
  'comment',
  'unmapped.reference',
  'unmapped.params',
  'unmapped.difference',
  'unmapped.hit',
  'unmapped.effects',
  'unmapped.shown',
  'unmapped.proposed_shown',
] as const
export type Withholdable = (typeof withholdable)[number]

/** Hashes by their fields, base64url. */
export type FieldHashes = Readonly<Partial<Record<Withholdable, string>>>

/** The first byte of what is hashed, so that no hash is one of another kind; 0 and 1 are those of trees (RFC 6962). */
export const hashDomain = {
  slot: 2,
  body: 3,
  field: 4,
  seal: 5,
  epochKey: 6,
  fingerprints: 7,
  attr: 8,
} as const

interface Body {
  readonly unmapped?: Readonly<Record<string, unknown>>
  readonly [field: string]: unknown
}

const inside = 'unmapped.'

/** `undefined` where the field is not there. */
export const fieldAt = ({ unmapped = {}, ...body }: Body, path: Withholdable): unknown =>
  path.startsWith(inside) ? unmapped[path.slice(inside.length)] : body[path]

/** The canonical JSON (RFC 8785) of a body in which these fields stand as their hashes. Throws where there is none. */
export function committedBody(body: Body, hashes: FieldHashes): string {
  const { unmapped } = body
  const top: Record<string, unknown> = { ...body }
  const within: Record<string, unknown> = { ...unmapped }
  for (const path of withholdable) {
    const hash = hashes[path]
    if (hash === undefined) continue
    if (path.startsWith(inside)) within[path.slice(inside.length)] = hash
    else top[path] = hash
  }
  return canonical(unmapped === undefined ? top : { ...top, unmapped: within })
}

/** What the hash of a field is over, after the byte of its kind and its salt. */
export const fieldText = (value: unknown): string => canonical(value)

function canonical(value: unknown): string {
  const text = canonicalize(value)
  if (text === undefined) throw new TypeError('this has no canonical form')
  return text
}
