import * as z from 'zod'
import { instant } from './common.ts'

const bytes = (what: string) => z.string().meta({ description: `${what} base64url.` })

const entryView = z
  .object({
    log: z.string().meta({ description: 'The origin of the log’s checkpoints.' }),
    epoch: z.int().meta({ description: 'The month of the entry, counted from the year 0.' }),
    type: z
      .int()
      .meta({ description: 'Of the leaf: 2 is an access or a decision, 3 an export, 5 a key’s commitment.' }),
    flags: z.int(),
    index: z.int().nullable().meta({ description: 'The place in the tree; null while it waits for one.' }),
    body_salt: bytes('32 bytes,'),
    carrier: bytes('Who reads, by a pseudonym, and the times that they are shown: 24 bytes,'),
    salt: bytes('Of the reader’s slot: 16 bytes,'),
    position: z.int().meta({ description: 'Of the reader’s slot among all.' }),
    path: z
      .array(z.string())
      .meta({ description: 'From the slot to the root of all: 32 bytes each, base64url.' }),
    attr_commit: bytes('32 bytes,'),
    seal_commit: bytes('32 bytes,'),
    field_salts: z
      .record(z.string(), z.string())
      .optional()
      .meta({ description: 'Of the shown fields that are withheld from others: 16 bytes each, base64url.' }),
    field_hashes: z
      .record(z.string(), z.string())
      .optional()
      .meta({ description: 'Of the fields that are withheld from you: 32 bytes each, base64url.' }),
  })
  .meta({ id: 'EntryView', description: 'With the body, what it takes to make the leaf: docs/log-format.md' })

const entryTimes = z
  .object({
    time: z.string().meta({
      description:
        'RFC 3339, UTC, to the microsecond. Of a call either when it was received or when it was completed.',
    }),
    latency_s: z.string().optional().meta({ description: 'Seconds, with six decimals.' }),
    exact_to_s: z.literal(10).meta({ description: 'Below so many seconds nothing of them is a fact.' }),
  })
  .meta({
    id: 'EntryTimes',
    description:
      'As they are shown to you: digits below ten seconds mark your copy, and say nothing of the entry.',
  })

const proof = z.string().meta({ description: 'The text of a c2sp.org/tlog-proof file.' })

/** Whatever shows a body shows it so. */
export const entryShape = {
  eid: z.string(),
  digest: bytes('What the log commits to of the body, salted: the same for every reader.'),
  body: z.record(z.string(), z.unknown()).meta({ description: 'An OCSF record.' }),
  withheld: z.array(z.string()).optional().meta({ description: 'What of the body is not for you.' }),
  sentence: z.string().meta({ description: 'What it tells, in plain words.' }),
  shown: entryTimes.optional(),
  view: entryView,
}

export const entryShown = z.object(entryShape).meta({ id: 'Entry' })

const facet = z.object({
  key: z.string(),
  values: z.array(z.object({ value: z.string(), count: z.int() })),
})

export const entriesFound = z
  .object({
    items: z.array(z.object({ ...entryShape, proof: proof.optional() }).meta({ id: 'EntryListed' })),
    next: z.string().nullable(),
    pin: z
      .object({ from: instant, to: instant, size: z.int() })
      .optional()
      .meta({ description: 'Of a search: its range, and the size of the tree that all of its pages show.' }),
    facets: z
      .array(facet)
      .optional()
      .meta({ description: 'Of a search: what occurs how often among the entries of this page.' }),
    looked_until: instant.optional().meta({
      description:
        'Of a search: down to here all was looked at. A page may end before it is full; next goes on.',
    }),
    explain: z.array(z.string()).optional().meta({ description: 'How the query is answered, line by line.' }),
  })
  .meta({ id: 'EntriesFound' })

export const entryFound = z
  .object({ ...entryShape, correlated: z.array(entryShown).meta({ description: 'Of the same request.' }) })
  .meta({ id: 'EntryFound' })

export const entryProved = z.object({ ...entryShape, proof }).meta({ id: 'EntryProved' })
