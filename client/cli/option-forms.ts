/** The forms of options that have one: what does not fit is refused here, with an example, and asked of nobody. */
import { InvalidArgumentError } from 'commander'
import { countryFault, isCountry, isRegion, regionFault } from '../../shared/domain/countries.ts'

const sentence = (text: string): string => `${text.replace(/^i/, 'I')}.`

export function country(text: string): string {
  if (!isCountry(text)) throw new InvalidArgumentError(sentence(countryFault(text)))
  return text
}

export function region(text: string): string {
  if (!isRegion(text)) throw new InvalidArgumentError(sentence(regionFault(text)))
  return text
}

/** Of a screening: it names where that is kept. */
export function reference(text: string): string {
  if (!/^[A-Za-z0-9._-]{1,100}$/.test(text))
    throw new InvalidArgumentError(
      'It is a reference of up to 100 of A–Z, a–z, 0–9, ., _ and -, for instance HR-2026-0117.',
    )
  return text
}

/** RFC 3339 in UTC, as the API takes it. */
export function instant(text: string): string {
  const [, day = ''] = /^(\d{4}-\d\d-\d\d)(T\d\d:\d\d(:\d\d(\.\d+)?)?Z)?$/.exec(text) ?? []
  const isDay = Date.parse(day) >= 0 && new Date(day).toISOString().startsWith(day)
  if (!isDay || text === day || Number.isNaN(Date.parse(text)))
    throw new InvalidArgumentError(
      `It is a time in UTC by RFC 3339, for instance ${isDay ? day : '2027-06-01'}T00:00:00Z.`,
    )
  return text
}

/** A person has a name at hand, and two may have the same; `me` is whoever is signed in. */
export function personId(text: string): string {
  if (text !== 'me' && !/^person_[A-Za-z0-9._~-]{1,193}$/.test(text))
    throw new InvalidArgumentError(
      'It is the id of a person, for instance person_5aesfvr6ahgd79gey2aj1jye76: see sallyport person list. Your own is me.',
    )
  return text
}

export function words(text: string): string {
  if (text.trim() === '')
    throw new InvalidArgumentError("It says why, in your words, for instance 'The key was on a lost laptop.'")
  return text
}

/** Rows of a list, for commander. */
export function rowCount(text: string): number {
  const rows = Number(text)
  if (!Number.isInteger(rows) || rows < 1 || rows > 10_000)
    throw new InvalidArgumentError('It is a number from 1 to 10,000.')
  return rows
}
