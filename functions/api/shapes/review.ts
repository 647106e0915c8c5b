import * as z from 'zod'
import type { Governed } from '../../../shared/domain/keys.ts'
import type { Review } from '../../../shared/domain/reviews.ts'
import { time } from '../../../shared/domain/time.ts'
import type { Access } from '../../governance/reviews/access.ts'
import { decisionBody } from '../decision.ts'
import { anyId, instant, showSignature, signature } from './common.ts'

export const reviewStates = ['due', 'certified', 'ended'] as const

const subjectShown = z
  .object({
    kind: z.enum(['person', 'client']),
    id: z.string(),
    name: z.string(),
    state: z.string(),
    last_seen: z.iso.date().nullable().meta({
      description:
        'Of a client the last UTC day on which it was given a token, of a person that of their last use of a session; null: never, or not looked up.',
    }),
  })
  .meta({ id: 'ReviewSubject' })

export const reviewShown = z
  .object({
    id: z.string(),
    organisation: z.string(),
    agreement: z.string(),
    clause: z.string().meta({ description: 'The clause of the agreement that asks for it.' }),
    state: z.enum(reviewStates).meta({
      description: '`ended`: its agreement ended first, and nobody owes it any more.',
    }),
    opened_at: instant,
    due_at: instant,
    missed: z.boolean().meta({ description: 'Nobody certified it in time.' }),
    certified: z
      .object({
        by: signature,
        at: instant,
        entry: z.string(),
        kept_count: z.int(),
        kept: z.array(z.string()).nullable().meta({
          description: 'The people and clients that keep their access; null in a list.',
        }),
        certificate: z.string().nullable().meta({
          description:
            'A compact JWS of the typ sallyport-review+jwt, to be verified with the keys of GET /keys; null in a list.',
        }),
      })
      .nullable(),
    subjects: z.array(subjectShown).nullable().meta({
      description:
        'Who has access now, for its own administrators: of one that is due all of them are to be named. Null in a list.',
    }),
    version: z.int(),
  })
  .meta({ id: 'Review' })

type Shown = z.infer<typeof reviewShown>

export interface Whole {
  readonly subjects: Shown['subjects']
}

/** Without `whole` as a list has it: what grows with the organisation is left out. */
export const showReview = (review: Governed<Review>, whole?: Whole): Shown => ({
  id: review.id,
  organisation: review.organisation,
  agreement: review.agreement,
  clause: review.clause,
  state: review.state,
  opened_at: time(review.openedAt),
  due_at: time(review.dueAt),
  missed: review.missed === true,
  certified: review.certified
    ? {
        by: showSignature(review.certified.by),
        at: time(review.certified.at),
        entry: review.certified.entry,
        kept_count: review.certified.kept.length,
        kept: whole ? [...review.certified.kept] : null,
        certificate: whole ? review.certified.certificate : null,
      }
    : null,
  subjects: whole?.subjects ?? null,
  version: review.rev,
})

/** `seen`: of people, when they last used a session. Milliseconds. */
export const showAccess = (
  { people, clients }: Access,
  seen: ReadonlyMap<string, number>,
): NonNullable<Shown['subjects']> => [
  ...people.map(({ id, name, state }) => ({
    kind: 'person' as const,
    id,
    name,
    state,
    last_seen: dayText(seen.get(id)),
  })),
  ...clients.map(({ id, name, state, seenOn }) => ({
    kind: 'client' as const,
    id,
    name,
    state,
    last_seen: dayText(seenOn === undefined ? undefined : seenOn * 86_400_000),
  })),
]

const dayText = (at: number | undefined): string | null => (at === undefined ? null : time(at).slice(0, 10))

/** A record holds so many ids, and a certificate over them. */
const mostKept = 1_500

export const certificationBody = decisionBody.extend({
  kept: z
    .array(anyId)
    .max(mostKept)
    .refine(ids => new Set(ids).size === ids.length, 'an id stands twice')
    .meta({ description: 'Each person and client that keeps access, by id: all that `subjects` lists.' }),
})
