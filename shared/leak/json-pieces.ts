/**
 * JSON of which anything may be missing: its beginning, its end, its braces, a quote; inside a text, with its quotes
 * escaped. What is whole is read as it is, and what is not as far as it goes. In one pass. Pure.
 */

export type Piece =
  | {
      readonly kind: 'object'
      /** In their order, a key perhaps several times. Without a key where it is cut off. */
      readonly pairs: readonly (readonly [key: string, value: Piece])[]
      readonly line: number
      /** Where a whole one stands in the text. */
      readonly whole?: { readonly from: number; readonly to: number }
    }
  | { readonly kind: 'list'; readonly items: readonly Piece[] }
  | { readonly kind: 'text' | 'number'; readonly text: string }

interface Frame {
  /** Pairs whose braces are missing are `loose`. */
  readonly kind: 'object' | 'list' | 'loose'
  readonly pairs: (readonly [string, Piece])[]
  readonly keys: Set<string>
  readonly from: number
  line: number
  key: string | undefined
  whole: boolean
}

/** What is deeper is none of a record. */
const deepest = 64

export function jsonPieces(text: string): readonly Piece[] {
  const roots: Piece[] = []
  const stack: Frame[] = [frame('loose', 0, 1)]
  let line = 1
  let at = 0
  let begun = true
  /** A brace was closed that nobody opened: the pairs before it were a part of something. */
  let ended = false
  const top = (): Frame => stack.at(-1) as Frame

  const put = (piece: Piece): void => {
    const into = top()
    if (into.kind === 'loose') {
      if (into.key === undefined && piece.kind !== 'text') {
        flush()
        roots.push(piece)
        return
      }
      const key = into.key ?? ''
      // What comes again is of the next one.
      if (key !== '' && into.keys.has(key)) flush()
      if (into.pairs.length === 0) into.line = line
      into.keys.add(key)
    }
    into.pairs.push([into.key ?? '', piece])
    into.key = undefined
  }
  const flush = (): void => {
    const loose = stack[0] as Frame
    if (loose.pairs.length > 0) roots.push({ kind: 'object', pairs: loose.pairs.splice(0), line: loose.line })
    loose.keys.clear()
    ended = false
  }
  const close = (to: number | undefined): void => {
    const done = stack.pop() as Frame
    const whole = to !== undefined && done.whole
    if (!whole) top().whole = false
    put(
      done.kind === 'list'
        ? { kind: 'list', items: done.pairs.map(([, item]) => item) }
        : {
            kind: 'object',
            pairs: done.pairs,
            line: done.line,
            ...(whole && { whole: { from: done.from, to } }),
          },
    )
  }
  const closeAll = (): void => {
    while (stack.length > 1) close(undefined)
  }
  const open = (kind: 'object' | 'list'): void => {
    if (stack.length < deepest) stack.push(frame(kind, at, line))
    else top().whole = false
    at++
  }
  const closeTo = (kind: 'object' | 'list'): void => {
    at++
    const depth = stack.findLastIndex(one => one.kind === kind)
    if (depth > 0) {
      while (stack.length > depth + 1) close(undefined)
      close(at)
    } else ended = true
  }

  while (at < text.length) {
    if (begun) {
      begun = false
      // The rest of a text whose beginning is cut off: its first quote is its last.
      const rest = cutText(text, at)
      if (rest !== undefined) {
        top().whole = false
        if (ended) flush()
        const cut = text.slice(at, rest)
        at = text.indexOf('"', rest) + 1
        const colon = colonAfter(text, at)
        if (colon !== undefined) at = colon
        else if (cut.trim() !== '') put({ kind: 'text', text: cut })
        continue
      }
    }
    const c = text[at] as string
    if (c === '\n') {
      line++
      at++
      begun = true
      // A line of its own begins with it: whatever is open was cut off.
      if (text[at] === '{') closeAll()
    } else if (c === '{') open('object')
    else if (c === '[') open('list')
    else if (c === '}') closeTo('object')
    else if (c === ']') closeTo('list')
    else if (c === ',') {
      at++
      const into = top()
      into.key = undefined
      if (ended && !/^\s{0,20}\\*"/.test(text.slice(at, at + 25))) flush()
      ended = false
    } else if (c === '"' || (c === '\\' && escapes.test(text.slice(at, at + 16)))) {
      if (ended) flush()
      const read = readText(text, at)
      at = read.to
      if (!read.whole) top().whole = false
      const colon = colonAfter(text, at)
      if (colon !== undefined && top().kind !== 'list') {
        top().key = read.text
        at = colon
      } else put({ kind: 'text', text: read.text })
    } else if (/[\p{L}\p{N}+-]/u.test(c)) {
      if (ended) flush()
      bareWord.lastIndex = at
      const word = bareWord.exec(text)?.[0] ?? c
      at += word.length
      const colon = colonAfter(text, at)
      if (colon !== undefined && /^[A-Za-z_]/.test(word) && top().kind !== 'list') {
        top().key = word
        top().whole = false
        at = colon
      } else if (isNumber.test(word)) put({ kind: 'number', text: word })
      else if (literals.includes(word)) top().key = undefined
      else {
        top().whole = false
        put({ kind: 'text', text: word })
      }
    } else {
      if (c !== ' ' && c !== '\r' && c !== '\t') top().whole = false
      at++
    }
  }
  closeAll()
  flush()
  return roots
}

const frame = (kind: Frame['kind'], from: number, line: number): Frame => ({
  kind,
  from,
  line,
  pairs: [],
  keys: new Set(),
  key: undefined,
  whole: true,
})

const escapes = /^\\{1,15}"/
const bareWord = /[\p{L}\p{N}_.+-]{1,200}/uy
const isNumber = /^-?\d{1,30}(?:\.\d{1,30})?(?:[eE][+-]?\d{1,4})?$/
const literals: readonly string[] = ['true', 'false', 'null']

/** Behind the colon that follows a key. */
function colonAfter(text: string, from: number): number | undefined {
  let at = from
  while (text[at] === ' ' && at - from < 20) at++
  return text[at] === ':' ? at + 1 : undefined
}

/** Where a text ends of which a line has the end alone. */
function cutText(text: string, from: number): number | undefined {
  let at = from
  while (at < text.length && text[at] !== '"' && text[at] !== '\n') at++
  if (text[at] !== '"') return undefined
  const before = text.slice(from, at)
  // Nothing of a key is left but its end.
  if (before.length < 9 && /^\\*$/.test(before) && text[at + 1] === ':') return from
  // Whoever opens one stands behind what comes before a text.
  if (/(?:^|[{[,:\s])\s*\\*$/.test(before.slice(-40)) && !/\p{L} $/u.test(before.slice(-2))) return undefined
  return /^\s{0,20}(?:[,:}\]]|$)/m.test(text.slice(at + 1, at + 25))
    ? from + before.replace(/\\+$/, '').length
    : undefined
}

interface ReadText {
  readonly text: string
  readonly to: number
  readonly whole: boolean
}

/**
 * A text with its quotes, which may be escaped themselves: the closing one has as many backslashes before it. A line's end
 * ends it, as there is none in a text.
 */
function readText(text: string, from: number): ReadText {
  const level = text.indexOf('"', from) - from
  const start = from + level + 1
  let slashes = 0
  let at = start
  for (; at < text.length; at++) {
    const c = text[at]
    if (c === '\n') break
    if (c === '\\') {
      slashes++
      continue
    }
    // Without a level an even number of them are characters of the text.
    if (c === '"' && (level === 0 ? slashes % 2 === 0 : slashes === level)) break
    slashes = 0
  }
  const whole = text[at] === '"'
  let inner = text.slice(start, whole ? at - level : at)
  for (let left = level; left >= 0; left = left === 0 ? -1 : (left - 1) / 2) inner = unescaped(inner)
  return { text: inner, to: whole ? at + 1 : at, whole: whole && level === 0 }
}

function unescaped(text: string): string {
  if (!text.includes('\\')) return text
  try {
    return JSON.parse(`"${text}"`) as string
  } catch {
    // Cut off in the midst of an escape, or of none that JSON has.
    return text.replace(/\\(?:u([0-9a-fA-F]{4})|(.)|$)/g, (_, code?: string, c = '') =>
      code === undefined ? (controls[c] ?? c) : String.fromCharCode(Number.parseInt(code, 16)),
    )
  }
}

const controls: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f' }
