/**
 * Parameters, differences and effects in the words of the API: `snake_case`, and moments by RFC 3339. They are turned
 * where they leave, into entries and into answers; what is in these words already stays as it is.
 */
import type { Difference } from '../domain/proposals.ts'
import { time } from '../domain/time.ts'

const snake = (name: string): string => name.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`)

/** A number under such a name is in milliseconds; one that is no date stays, as nothing that is written may fail here. */
const isMoment = (name: string, value: unknown): value is number =>
  /(^|_)(at|until)$/.test(name) && typeof value === 'number' && !Number.isNaN(new Date(value).getTime())

export function wireWords(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(wireWords)
  if (typeof value !== 'object' || value === null) return value
  return wireFields(value as Readonly<Record<string, unknown>>)
}

export const wireFields = (fields: object): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(fields).map(([key, value]) => {
      const name = snake(key)
      return [name, isMoment(name, value) ? time(value) : wireWords(value)]
    }),
  )

/** The name of a field can hold an id, which stays as it is. */
export const wireDifference = ({ field, from, to }: Difference): Difference => ({
  field,
  from: wireWords(from),
  to: wireWords(to),
})
