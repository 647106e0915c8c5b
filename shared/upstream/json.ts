import { type Refusal, refuse } from '../domain/refusal.ts'

/** Far beyond what the protocols' requests have, far below what exhausts a stack or a hash table. */
const maxDepth = 64
const defaultValues = 20_000

/**
 * The value of a JSON text in UTF-8 (RFC 8259), or a refusal. An object that names a key twice is refused:
 * what we judge by one of its values, another reader of the same bytes might take by the other.
 */
export function parseJson(
  bytes: Uint8Array,
  maxValues = defaultValues,
): { readonly value: unknown } | Refusal {
  let text: string
  let value: unknown
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    value = JSON.parse(text)
  } catch {
    return refuse('body_malformed', 'The body is not JSON in UTF-8.')
  }
  const fault = faultIn(text, maxValues) ?? lossIn(value)
  return fault === undefined ? { value } : refuse('body_malformed', fault)
}

/** For what an upstream sent: nothing where it is not JSON. The type is the caller's hope, to be looked at. */
export function jsonOrNothing<T extends object>(text: string): Partial<T> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}

/** Walks a text that is known to be JSON, so that quotes and brackets are what they seem. */
function faultIn(text: string, maxValues: number): string | undefined {
  /** The keys of each open object, nothing for an open array. */
  const open: (Set<string> | undefined)[] = []
  let values = 0
  for (let i = 0; i < text.length; i++) {
    switch (text.charCodeAt(i)) {
      case 0x7b: // {
      case 0x5b: // [
        if (open.push(text.charCodeAt(i) === 0x7b ? new Set() : undefined) > maxDepth)
          return `The body is nested deeper than ${maxDepth} levels.`
        break
      case 0x7d: // }
      case 0x5d: // ]
        open.pop()
        break
      case 0x22: {
        const end = endOfString(text, i)
        const names = open.at(-1)
        if (names && isKey(text, end)) {
          const name = JSON.parse(text.slice(i, end)) as string
          // It is no key to whoever copies the object, and would be gone in what is sent on.
          if (name === '__proto__') return 'The body names the key __proto__, which is not taken.'
          if (names.has(name)) return `The body names the key ${JSON.stringify(name.slice(0, 100))} twice.`
          names.add(name)
        }
        i = end - 1
        break
      }
      case 0x2c: // , stands between any two values
        values += 1
        if (values > maxValues) return `The body has more than ${maxValues} values.`
    }
  }
  return undefined
}

/** A number that would be `null` in what is sent on. Recursion ends: the depth was judged before. */
function lossIn(value: unknown): string | undefined {
  if (value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY)
    return 'The body has a number beyond all that can be kept.'
  if (typeof value !== 'object' || value === null) return undefined
  for (const part of Object.values(value)) {
    const fault = lossIn(part)
    if (fault) return fault
  }
  return undefined
}

/** The place behind the string that starts at `start`. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1)
  while (isEscaped(text, end)) end = text.indexOf('"', end + 1)
  return end + 1
}

/** An odd number of backslashes stands before it. */
function isEscaped(text: string, at: number): boolean {
  let before = at - 1
  while (text.charCodeAt(before) === 0x5c) before -= 1
  return (at - before) % 2 === 0
}

function isKey(text: string, end: number): boolean {
  let next = end
  while (' \t\n\r'.includes(text.charAt(next)) && next < text.length) next += 1
  return text.charCodeAt(next) === 0x3a
}
