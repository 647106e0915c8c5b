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
export const instant = z.iso.datetime().meta({ description: 'RFC 3339, UTC' })
/**
 * What is shown to others, in terminals too: a control character could steer those (CWE-150). A long text may have lines
 * and tabs.
 */
const isPlain = (text: string): boolean => !/\p{Cc}/u.test(text)

export const shortText = z.string().trim().min(1).max(200).refine(isPlain, 'it holds a control character')
export const longText = z
  .string()
  .trim()
  .min(1)
  .max(2_000)
  .refine(text => isPlain(text.replace(/[\t\r\n]/g, '')), 'it holds a control character')

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
