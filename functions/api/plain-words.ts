/** What is wrong with a field, in words for whoever filled it: shapes say it themselves where they know better. */
import type * as z from 'zod'

const kinds: Readonly<Record<string, string>> = {
  string: 'it is a text',
  number: 'it is a number',
  int: 'it is a whole number',
  boolean: 'it is true or false',
  array: 'it is a list',
  object: 'it is an object',
  record: 'it is an object',
}

const counts: Readonly<Record<string, readonly [one: string, many: string]>> = {
  string: ['character', 'characters'],
  array: ['item', 'items'],
}

/** As an error map of a parse: `undefined` leaves it to the library. */
export function plainWords(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined ? 'it is missing' : kinds[issue.expected]
    case 'invalid_value':
      if (issue.input === undefined) return 'it is missing'
      return `it is ${issue.values.length > 1 ? 'one of ' : ''}${issue.values.join(', ')}`
    case 'invalid_union': {
      const { options } = issue as { readonly options?: readonly unknown[] }
      return options && `it is one of ${options.join(', ')}`
    }
    case 'too_small':
      return `${issue.origin === 'string' || issue.origin === 'array' ? 'it has' : 'it is'} at least ${amount(issue.minimum, issue.origin)}`
    case 'too_big':
      return `${issue.origin === 'string' || issue.origin === 'array' ? 'it has' : 'it is'} at most ${amount(issue.maximum, issue.origin)}`
    case 'invalid_format':
      return issue.format === 'datetime'
        ? 'it is a time in UTC by RFC 3339, for instance 2027-06-01T00:00:00Z'
        : undefined
    default:
      return undefined
  }
}

function amount(count: number | bigint, origin: string): string {
  const [one, many] = counts[origin] ?? ['', '']
  return `${count.toLocaleString('en-US')} ${count === 1 ? one : many}`.trimEnd()
}

/** An element that has an id is named by that: its place in a list is nothing that people count. */
export function placeOf(path: readonly PropertyKey[], whole: unknown): string {
  let value = whole
  let text = ''
  for (const part of path) {
    value = typeof value === 'object' && value !== null ? Reflect.get(value, part) : undefined
    const id = typeof part === 'number' ? idOf(value) : undefined
    text += id === undefined ? `${text === '' ? '' : '.'}${String(part)}` : `[${id}]`
  }
  return text
}

/** Of the form of ids only: what somebody sent is not repeated otherwise. */
function idOf(element: unknown): string | undefined {
  const id = typeof element === 'object' && element !== null ? Reflect.get(element, 'id') : undefined
  return typeof id === 'string' && /^[A-Za-z0-9._~-]{1,63}$/.test(id) ? id : undefined
}
