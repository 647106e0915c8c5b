/**
 * Ids in a leaked text: `<kind>_` and 26 digits of an alphabet without i, l, o and u, so that these are misread. A terminal
 * breaks them over lines, a program that reads pictures puts blanks into them. Pure.
 */

export interface FoundId {
  readonly from: number
  readonly to: number
  /** With its digits as the alphabet has them: `entry_…`, `entry_….outcome`, `client_…`. */
  readonly id: string
}

const digits = 26
const whole = new RegExp(`(?<![A-Za-z])([A-Za-z]{3,14})_([0-9A-Za-z|!]{${digits}})(?![0-9A-Za-z])`, 'g')
const gap = '\\s{0,12}'
const broken = new RegExp(
  `(?<![A-Za-z])([A-Za-z]{3,14}) ?_(${gap}(?:[0-9A-Za-z|!]${gap}){${digits - 1}}[0-9A-Za-z|!])(?![0-9A-Za-z])`,
  'g',
)
const outcome = new RegExp(
  `${gap}\\.${[...'outcome'].map(c => gap + (c === 'o' ? '[o0]' : c)).join('')}(?![A-Za-z0-9])`,
  'iy',
)

/** In their order. */
export function findIds(text: string): readonly FoundId[] {
  // Most texts have none, and a search for one letter is cheap.
  if (!text.includes('_')) return []
  const found: FoundId[] = []
  let at = 0
  for (const one of matching(whole, text, 0, text.length)) {
    found.push(...matching(broken, text, at, one.from), one)
    at = one.to
  }
  found.push(...matching(broken, text, at, text.length))
  return found
}

function matching(pattern: RegExp, text: string, from: number, to: number): readonly FoundId[] {
  const found: FoundId[] = []
  for (const match of text.slice(from, to).matchAll(pattern)) {
    const [all, kind = '', written = ''] = match
    const read = digitsOf(written)
    if (read === undefined) continue
    const start = from + match.index
    const end = start + all.length
    const id = `${kindOf(kind)}_${read}`
    outcome.lastIndex = end
    const rest = isEid(id) ? outcome.exec(text) : null
    found.push({ from: start, to: end + (rest?.[0].length ?? 0), id: rest ? `${id}.outcome` : id })
  }
  return found
}

const entry = 'entry_'

/** The id of an entry, of a text that is nothing else. */
export function readEid(text: string): string | undefined {
  const bare = text.trim().replace(/^'+/, '')
  if (bare.length > 200) return undefined
  const [only, another] = findIds(bare)
  if (only === undefined || another !== undefined || !only.id.startsWith(entry)) return undefined
  return only.from === 0 && only.to === bare.length ? only.id : undefined
}

export const isEid = (id: string): boolean => id.startsWith(entry)

/** Words after a short id have no such digits, and are more than a few pieces. */
const fewestDigits = 3
const mostPieces = 4

function digitsOf(written: string): string | undefined {
  const pieces = written.trim().split(/\s+/)
  const text = pieces.join('').toLowerCase()
  if (pieces.length > mostPieces || (text.match(/[0-9]/g)?.length ?? 0) < fewestDigits) return undefined
  return text
    .replaceAll('o', '0')
    .replace(/[il|!]/g, '1')
    .replaceAll('u', 'v')
}

/** One misread letter makes no other kind of it. */
function kindOf(written: string): string {
  const kind = written.toLowerCase()
  const wrong = kind.length === 5 ? [...'entry'].filter((c, i) => c !== kind[i]).length : 2
  return wrong <= 1 ? 'entry' : kind
}

/** Of which each is taken for the other, and both are digits: ids that only differ so are one as facts. */
const alike: Readonly<Record<string, string>> = {
  ...{ o: '0', i: '1', l: '1', z: '2', s: '5', b: '8', g: '9', q: '9', u: 'v' },
}

/** The form in which what is long and made of letters and digits is compared. */
export const alikeForm = (text: string): string => text.replace(/[oilzsbgqu]/g, c => alike[c] ?? c)
