/** JSON as a proof needs it: a text of one meaning. Pure. */
import { notVerified } from './fault.ts'

/** Deeper than any record; what reads it later may be recursive. */
const maxDepth = 64

/**
 * Throws a `NotVerified` where it is none, where it is nested too deeply, or where an object has one name twice: one
 * reader takes the first of the two values, another the last, and only one of them was proved. Nor may a text hold half
 * a character: some read it as another one.
 */
export function parseJson(text: string): unknown {
  const { names, depth } = outline(text)
  if (depth > maxDepth) throw notVerified('malformed', `it is nested more than ${maxDepth} deep`)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw notVerified('malformed', 'it is no JSON')
  }
  const found = outlineOf(value)
  if (!found.isUnicode) throw notVerified('malformed', 'it holds what is no text of Unicode')
  if (found.names !== names) throw notVerified('malformed', 'a name stands twice in one object')
  return value
}

/** How many strings stand before a colon, and how deep it is nested; of JSON, and of no other text. */
function outline(text: string): { readonly names: number; readonly depth: number } {
  let [names, depth, open] = [0, 0, 0]
  for (let at = 0; at < text.length; at++) {
    const char = text[at]
    if (char === '"') {
      for (at++; at < text.length && text[at] !== '"'; at++) if (text[at] === '\\') at++
    } else if (char === ':') names++
    else if (char === '{' || char === '[') depth = Math.max(depth, ++open)
    else if (char === '}' || char === ']') open--
  }
  return { names, depth }
}

function outlineOf(value: unknown): { readonly names: number; readonly isUnicode: boolean } {
  let [names, isUnicode] = [0, true]
  const rest: unknown[] = [value]
  while (rest.length > 0) {
    const next = rest.pop()
    if (typeof next === 'string') isUnicode &&= next.isWellFormed()
    if (typeof next !== 'object' || next === null) continue
    if (!Array.isArray(next)) {
      const own = Object.keys(next)
      names += own.length
      isUnicode &&= own.every(name => name.isWellFormed())
    }
    for (const inner of Object.values(next)) rest.push(inner)
  }
  return { names, isUnicode }
}
