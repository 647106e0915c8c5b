/** Who and what an entry tells of, as parts of its sentence. Names are words of others. */
import { at, type Body, textAt } from './body.ts'

/** Words that stand together without quotes: `planner`, `aurora-preview`, `Nora Okafor`. */
const plainWord = /^[\p{L}\p{M}\p{N}][\p{L}\p{M}\p{N}._~-]*$/u
const plainName = /^\p{Lu}[\p{L}\p{M}’'.-]*(?: \p{Lu}[\p{L}\p{M}’'.-]*){1,3}$/u
const maxLength = 80

/**
 * Everything else stands in quotes, on one line and without quotes of its own: a name that is made up to read like the
 * rest of a sentence cannot go on with it.
 */
export function named(text: string): string {
  const oneLine = text.replace(/[\p{C}\p{Z}\s]+/gu, ' ').trim()
  const characters = [...oneLine]
  const short = characters.length > maxLength ? `${characters.slice(0, maxLength - 1).join('')}…` : oneLine
  return plainWord.test(short) || plainName.test(short) ? short : `“${short.replace(/[“”„‟"]/g, "'")}”`
}

/** `Nora Okafor of ofr`; by id where no name is told. */
export function person(user: unknown): string {
  const name = textAt(user, 'name') ?? textAt(user, 'uid') ?? textAt(user, 'person')
  const organisation = textAt(user, 'org', 'uid') ?? textAt(user, 'organisation')
  if (name === undefined)
    return organisation === undefined ? 'somebody' : `somebody of ${named(organisation)}`
  return organisation === undefined ? named(name) : `${named(name)} of ${named(organisation)}`
}

/** `the client planner of cedar` */
export function client(name: string | undefined, organisation: string | undefined): string {
  const which = name === undefined ? 'a client' : `the client ${named(name)}`
  return organisation === undefined ? which : `${which} of ${named(organisation)}`
}

/** Who calls. */
export const caller = (body: Body): string =>
  client(
    textAt(body, 'actor', 'app_name') ?? textAt(body, 'actor', 'app_uid'),
    textAt(body, 'actor', 'user', 'org', 'uid'),
  )

/** Who a token or a session is for: a person or a client. */
export function holder(body: Body): string {
  const user = at(body, 'user')
  return textAt(user, 'type') === 'person'
    ? person(user)
    : client(textAt(user, 'name') ?? textAt(user, 'uid'), textAt(user, 'org', 'uid'))
}

/** What a decision is about: `the grant “Aurora for Cedar” (grant_1)`. */
export function subject(body: Body): string {
  const kind = textAt(body, 'entity', 'type') ?? textAt(body, 'unmapped', 'subject', 'kind')
  if (kind === 'rules') return 'the rules of decisions'
  const id = textAt(body, 'entity', 'uid') ?? textAt(body, 'unmapped', 'subject', 'id')
  const name = textAt(body, 'entity', 'name')
  const action = textAt(body, 'unmapped', 'action') ?? ''
  const noun =
    kind === 'organisation' && action.startsWith('partner.')
      ? 'partner'
      : (kind ?? 'record').replaceAll('_', ' ')
  if (name === undefined || name === id) return id === undefined ? `the ${noun}` : `the ${noun} ${named(id)}`
  return id === undefined ? `the ${noun} ${named(name)}` : `the ${noun} ${named(name)} (${named(id)})`
}

export const counted = (count: number, one: string, many = `${one}s`): string =>
  `${count.toLocaleString('en-US')} ${count === 1 ? one : many}`

export const tokens = (count: number): string => counted(count, 'token')

/** `a, b and c` */
export const listed = (words: readonly string[]): string =>
  words.length < 2 ? (words[0] ?? '') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`

/** A capital where the sentence begins with a word of ours; an id stays as it is. */
export const sentence = (text: string): string =>
  `${text.replace(/^(?:a|all|an|attributes|calls|it|nobody|nothing|some|somebody|the|this|what)\b(?= )/, word => word.charAt(0).toUpperCase() + word.slice(1))}.`
