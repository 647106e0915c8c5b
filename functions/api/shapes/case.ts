import * as z from 'zod'
import type { Case, CaseEntry, CaseNote } from '../../../shared/domain/cases.ts'
import type { Governed } from '../../../shared/domain/keys.ts'
import { time } from '../../../shared/domain/time.ts'
import { isEntryId } from '../../../shared/entries/id.ts'
import { decisionBody } from '../decision.ts'
import { instant, linesUpTo, longText, reasonBody, shortText, showSignature, signature } from './common.ts'

/** What is said stands in words of its own, which are kept out of the log. */
const said = decisionBody.extend({
  reason: reasonBody.optional().meta({ description: 'It stands in the log; the words beside it do not.' }),
})

export const caseBody = said.extend({
  title: shortText.meta({ description: 'What is looked into. Shown quoted, never as markup.' }),
})

export const caseEntryBody = said.extend({
  entry: z
    .string()
    .refine(isEntryId, 'it is the id of an entry')
    .meta({ description: 'One that you may see, by its id.' }),
  note: linesUpTo(500).optional().meta({ description: 'Why it belongs there.' }),
})

export const caseNoteBody = said.extend({ text: longText })

const salt = z.string().meta({
  description:
    'By which the words can be proved: the digest in the entry is the SHA-256 of the canonical JSON of {"salt":…,"text":…}.',
})

const caseFields = {
  id: z.string(),
  title: z.string(),
  organisation: z.string(),
  state: z.enum(['open', 'closed']),
  entry_count: z.int(),
  note_count: z.int(),
  opened_by: signature,
  opened_at: instant,
  closed_by: signature.nullable(),
  closed_at: instant.nullable(),
  digest_salt: salt,
  entry: z.string().meta({ description: 'Of the last decision on it.' }),
  version: z.int(),
}

export const caseListed = z.object(caseFields).meta({ id: 'CaseListed' })

const entryInCase = z
  .object({
    eid: z.string(),
    sentence: z.string().nullable().meta({
      description: 'What it tells, as you may see it; null where it is not, or not any more, there for you.',
    }),
    note: z.string().nullable(),
    digest_salt: salt.nullable(),
    by: signature,
    at: instant,
  })
  .meta({ id: 'CaseEntry' })

const noteInCase = z
  .object({
    number: z.int(),
    text: z.string(),
    digest_salt: salt,
    by: signature,
    at: instant,
    entry: z.string().meta({ description: 'That records it.' }),
  })
  .meta({ id: 'CaseNote' })

export const caseShown = z
  .object({
    ...caseFields,
    entries: z.array(entryInCase).meta({ description: 'In the order of their time.' }),
    notes: z.array(noteInCase),
  })
  .meta({ id: 'Case' })

export const showCase = (one: Governed<Case>): z.infer<typeof caseListed> => ({
  id: one.id,
  title: one.title,
  organisation: one.organisation,
  state: one.state,
  entry_count: one.entries,
  note_count: one.notes,
  opened_by: showSignature(one.openedBy),
  opened_at: time(one.openedAt),
  closed_by: one.closedBy ? showSignature(one.closedBy) : null,
  closed_at: one.closedAt === undefined ? null : time(one.closedAt),
  digest_salt: one.salt,
  entry: one.entry,
  version: one.rev,
})

/** `sentence`: absent where the entry is not there for the reader. */
export const showCaseEntry = (
  { eid, note, salt: ofNote, by, at }: CaseEntry,
  sentence: string | undefined,
): z.infer<typeof entryInCase> => ({
  eid,
  sentence: sentence ?? null,
  note: note ?? null,
  digest_salt: ofNote ?? null,
  by: showSignature(by),
  at: time(at),
})

export const showCaseNote = ({
  number,
  text,
  salt: ofText,
  by,
  at,
  entry,
}: CaseNote): z.infer<typeof noteInCase> => ({
  number,
  text,
  digest_salt: ofText,
  by: showSignature(by),
  at: time(at),
  entry,
})
