/** Shapes that several nouns share, for validation and for the OpenAPI document. */
import * as z from 'zod'
import { countryFault, isCountry, isRegion, regionFault } from '../../../shared/domain/countries.ts'
import type { Effects } from '../../../shared/domain/effects.ts'
import { judgeText } from '../../../shared/domain/marking.ts'
import { roles } from '../../../shared/domain/parties.ts'
import type { Difference, Subject } from '../../../shared/domain/proposals.ts'
import { appealCommand, type Refusal } from '../../../shared/domain/refusal.ts'
import { type Reason, reasonCodes, type Signature, type Stop } from '../../../shared/domain/stop.ts'
import { time } from '../../../shared/domain/time.ts'
import { wireDifference } from '../../../shared/entries/wire-words.ts'

/** Ids that people choose: of organisations and models. */
export const chosenId = z
  .string()
  .regex(/^[a-z][a-z0-9-]{1,62}$/, 'it is 2 to 63 of a–z, 0–9 and -, beginning with a letter')
export const anyId = z.string().regex(/^[A-Za-z0-9._~-]{1,200}$/, 'it is an id')
const coded = (form: RegExp, isAssigned: (code: string) => boolean, fault: (code: string) => string) => {
  const error = ({ input }: { readonly input?: unknown }): string => fault(String(input))
  return z.string().regex(form, { error, abort: true }).refine(isAssigned, { error })
}
export const country = coded(/^[A-Z]{2}$/, isCountry, countryFault)
export const region = coded(/^[A-Z]{2}(-[A-Z0-9]{1,3})?$/, isRegion, regionFault)
/** Where a screening is kept: it means something to whoever vouches, and tells nothing of what was found. */
export const screening = z
  .string()
  .regex(/^[A-Za-z0-9._-]{1,100}$/, 'it is a reference of up to 100 of A–Z, a–z, 0–9, ., _ and -')
export const instant = z.iso.datetime().meta({ description: 'RFC 3339, UTC' })
/** What joins letters is a part of words in these scripts, and is drawn nowhere else. */
const joining = [
  'Arab',
  'Syrc',
  'Deva',
  'Beng',
  'Guru',
  'Gujr',
  'Orya',
  'Taml',
  'Telu',
  'Knda',
  'Mlym',
  'Sinh',
]
  .map(script => `\\p{Script=${script}}`)
  .join('')

/**
 * What must not stand in a text that is shown to others: a control character could steer their terminal (CWE-150), one
 * that is not drawn hides what differs, one that sets the direction turns the order of what is read (Unicode TR 36, the
 * "Trojan source" of CVE-2021-42574), and half a surrogate pair has no canonical form.
 */
const unseen = new RegExp(
  `[\\p{Cc}\\p{Cs}\\p{Zl}\\p{Zp}\\uFFF9-\\uFFFB[\\p{Default_Ignorable_Code_Point}--[\\u200C\\u200D\\uFE0E\\uFE0F]]]|(?<![${joining}])[\\u200C\\u200D]`,
  'v',
)

/** Of a character by its code point: `U+202E`. */
const codePoint = (character: string): string =>
  `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`

const shownWhole = (kept: RegExp | undefined) => ({
  of: (text: string): boolean => !unseen.test(kept ? text.replace(kept, ' ') : text),
  fault: ({ input }: { readonly input?: unknown }): string => {
    const text = String(input)
    const [found] = unseen.exec(kept ? text.replace(kept, ' ') : text) ?? []
    if (found === undefined) return 'it holds a character that is not shown'
    if (/[\t\r\n]/.test(found)) return 'it is one line, without tabs'
    return `it holds a control character, or one that is not shown: ${codePoint(found)}`
  },
})
const oneLine = shownWhole(undefined)
const inLines = shownWhole(/[\t\r\n]/g)

/** Of names and titles: one line. */
export const shortText = z.string().trim().min(1).max(200).refine(oneLine.of, { error: oneLine.fault })
/** The same at any length, or empty. */
export const oneLineUpTo = (characters: number) =>
  z.string().trim().max(characters).refine(oneLine.of, { error: oneLine.fault })
/** It may have lines and tabs. */
export const linesUpTo = (characters: number) =>
  z.string().trim().min(1).max(characters).refine(inLines.of, { error: inLines.fault })

export const longText = linesUpTo(2_000)
/** A text of its own, and no remark beside a decision. */
export const pageText = linesUpTo(10_000)

export const reasonBody = z
  .strictObject(
    {
      code: z.enum(reasonCodes),
      text: longText.meta({ description: 'Your words. Shown quoted, never as markup.' }),
      reference: shortText.optional().meta({ description: 'A ticket or case of yours.' }),
      sealed: z.literal(true).optional().meta({ description: 'The words are for the deciding side alone.' }),
    },
    { error: ({ input }) => (input === undefined ? 'say why, by a code and your words' : undefined) },
  )
  .meta({ id: 'Reason' })

export const toReason = ({ code, text, reference, sealed }: z.infer<typeof reasonBody>): Reason => ({
  code,
  text,
  ...(reference !== undefined && { reference }),
  ...(sealed && { sealed }),
})

/** All that is a person's own words in it. */
export const judgeReason = ({ text, reference }: z.infer<typeof reasonBody>): Refusal | undefined =>
  judgeText(text, 'reason.text') ??
  (reference === undefined ? undefined : judgeText(reference, 'reason.reference'))

export const named = z.object({ id: z.string(), name: z.string() }).meta({ id: 'Named' })

export const signature = z
  .object({
    person: z.string(),
    name: z.string(),
    organisation: z.string(),
    role: z.enum([...roles, 'operator']),
    at: instant,
    auth_time: instant,
  })
  .meta({ id: 'Signature' })

export const showSignature = ({ person, name, organisation, role, at, authTime }: Signature) => ({
  person,
  name,
  organisation,
  role,
  at: time(at),
  auth_time: time(authTime),
})

/** A reason as somebody may see it: sealed words stay with the deciding side. */
export const reasonShown = z
  .object({
    code: z.enum(reasonCodes),
    text: z.string().nullable().meta({ description: 'Absent words are null: they are sealed.' }),
    reference: z.string().nullable(),
    sealed: z.boolean(),
  })
  .meta({ id: 'ReasonShown' })

export const showReason = (reason: Reason, whole: boolean) => {
  const hidden = reason.sealed === true && !whole
  return {
    code: reason.code,
    text: hidden ? null : reason.text,
    reference: hidden ? null : (reason.reference ?? null),
    sealed: reason.sealed === true,
  }
}

export const stopShown = z
  .object({
    by: signature,
    reason: reasonShown,
    entry: z.string(),
    ratify_by: instant,
    ratified: signature.nullable(),
    missed: z.boolean(),
    break_glass: z.boolean(),
    appeal: z.string().nullable().meta({
      description: 'For a partner that others have stopped: the command by which it appeals, once.',
    }),
  })
  .meta({ id: 'Stop' })

/** `owner`: whose record it is. Whoever is not shown the whole of it belongs to them, and does not decide. */
export const showStop = (stop: Stop, whole: boolean, owner?: string) => ({
  by: showSignature(stop.by),
  reason: showReason(stop.reason, whole),
  entry: stop.entry,
  ratify_by: time(stop.ratifyBy),
  ratified: stop.ratified ? showSignature(stop.ratified) : null,
  missed: stop.missed === true,
  break_glass: stop.breakGlass === true,
  appeal: whole || owner === undefined || stop.by.organisation === owner ? null : appealCommand(stop.entry),
})

export const difference = z
  .object({ field: z.string(), from: z.unknown(), to: z.unknown() })
  .meta({ id: 'Difference' })

export function showDifference(one: Difference) {
  const { field, from, to } = wireDifference(one)
  return { field, from: from ?? null, to: to ?? null }
}

export const effects = z
  .object({
    clients: z.array(named),
    client_count: z.int(),
    people: z.int().meta({
      description: 'People who are refused from the next request on; who they are is not told.',
    }),
    sessions: z.int().meta({ description: 'Their sessions.' }),
    streams: z.int().meta({ description: 'Live calls that end within 2 s.' }),
    requests_per_day: z
      .int()
      .meta({ description: 'Calls of the last 24 hours that would have been refused.' }),
    at_least: z.boolean(),
    continues: z.array(named).meta({ description: 'Grants that go on because a mission hangs on them.' }),
    missions: z.array(named).meta({
      description: 'Grants on which a mission hangs, and that stop all the same.',
    }),
    unattested: z
      .array(
        named
          .extend({
            expired_at: instant.nullable().meta({ description: 'It was attested otherwise until then.' }),
          })
          .meta({ id: 'Unattested' }),
      )
      .meta({
        description: 'Clients of whom an attribute in the scope is not attested, or not any more: not hit.',
      }),
  })
  .meta({ id: 'Effects' })

export const showEffects = (given: Effects) => ({
  clients: [...given.clients],
  client_count: given.clientCount,
  people: given.people,
  sessions: given.sessions,
  streams: given.streams,
  requests_per_day: given.requestsPerDay,
  at_least: given.atLeast === true,
  continues: [...given.continues],
  missions: [...(given.missions ?? [])],
  unattested: (given.unattested ?? []).map(({ id, name, expiredAt }) => ({
    id,
    name,
    expired_at: expiredAt === undefined ? null : time(expiredAt),
  })),
})

export const subject = z
  .object({ kind: z.string(), id: z.string(), name: z.string(), model: z.string().nullable() })
  .meta({ id: 'Subject' })

export const showSubject = ({ kind, id, name, model }: Pick<Subject, 'kind' | 'id' | 'name' | 'model'>) => ({
  kind,
  id,
  name,
  model: model ?? null,
})

export const listQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(100).optional(),
  after: z.string().max(2_000).optional(),
})

export const listOf = (item: z.ZodType) => z.object({ items: z.array(item), next: z.string().nullable() })
