import * as z from 'zod'
import { productStatuses, remediationCategories } from '../../../shared/csaf/advisory.ts'
import {
  embargo,
  type Finding,
  findingKinds,
  findingStates,
  isWithheld,
  reportedKinds,
  severities,
} from '../../../shared/domain/findings.ts'
import type { Governed } from '../../../shared/domain/keys.ts'
import { judgeText } from '../../../shared/domain/marking.ts'
import { patternNames } from '../../../shared/domain/patterns.ts'
import type { Refusal } from '../../../shared/domain/refusal.ts'
import { time } from '../../../shared/domain/time.ts'
import type { Viewer } from '../../../shared/domain/who-sees.ts'
import { patternNext } from '../../governance/findings/pattern-words.ts'
import { anyId, instant, longText, pageText, shortText, showSignature, signature } from './common.ts'

export const findingBody = z.strictObject({
  kind: z.enum(reportedKinds).meta({
    description: 'incident: at your own place. vulnerability: of the model.',
  }),
  model: anyId,
  agreement: anyId.optional().meta({
    description:
      'Under which it is owed. Found by itself where one is in force between you and the developer for this model.',
  }),
  severity: z.enum(severities),
  title: shortText,
  text: pageText,
  discovered_at: instant,
  embargo_days: z
    .int()
    .min(0)
    .max(embargo.maxDays)
    .optional()
    .meta({
      description: `Of a vulnerability: days from the report. As the agreement has it unless given, or ${embargo.defaultDays}.`,
    }),
})

export const remediationBody = z
  .strictObject({ category: z.enum(remediationCategories), details: longText })
  .meta({ id: 'Remediation', description: 'As of CSAF 2.0, §3.2.3.12. For the developer to say.' })

export const productStatusBody = z.enum(productStatuses).meta({
  description:
    'As of CSAF 2.0, §3.2.3.9. For the developer to say; under_investigation where a partner hands it off.',
})

/** All that is a person's own words in it. */
export const judgeWords = ({
  title,
  text,
}: {
  readonly title: string
  readonly text: string
}): Refusal | undefined => judgeText(title, 'title') ?? judgeText(text, 'text')

const saltFact = (over: string): string =>
  `Shown with the words, by which they can be proved: the digest in the entry is the SHA-256 of the canonical JSON of ${over}.`

const receiptShown = z.object({
  id: z.string().meta({ description: 'What the clearinghouse calls it.' }),
  at: instant,
  digest: z.string().meta({ description: 'SHA-256 of the receipt as it came, base64url.' }),
  entry: z.string(),
})

const handOffShown = z.object({
  to: z.string(),
  at: instant,
  by: signature,
  sha256: z.string().meta({ description: 'Of the advisory, lower-case hex.' }),
  entry: z.string(),
  attempts: z.int(),
  next_at: instant.nullable().meta({ description: 'When it is sent again; null once it was taken.' }),
  receipt: receiptShown.nullable(),
})

const resolvedShown = z.object({
  by: signature,
  text: z.string(),
  digest_salt: z.string().meta({ description: saltFact('{"salt":…,"text":…}') }),
  entry: z.string(),
})

const measuresShown = z
  .object({
    pattern: z.enum(patternNames).meta({
      description:
        'repetition: several clients were sent the same. template: one frame, filled anew. volume: so much more than before.',
    }),
    day: z.string().meta({ description: 'Of UTC.' }),
    replies: z.int().meta({ description: 'That are long enough to be compared.' }),
    clients: z.int().meta({ description: 'That anything was sent to.' }),
    words: z.int(),
    threshold: z
      .int()
      .meta({ description: 'Percent of the replies, or times the median; as the clause sets it.' }),
    matching: z.int().nullable().meta({ description: 'Replies that it holds of.' }),
    percent: z.int().nullable(),
    median: z.int().nullable().meta({ description: 'Of volume: the words of a day, of the 14 days before.' }),
    factor: z.int().nullable(),
  })
  .meta({ id: 'PatternMeasures' })

export const findingShown = z
  .object({
    id: z.string(),
    kind: z.enum(findingKinds).meta({ description: 'pattern: nobody reports it, it is found.' }),
    state: z.enum(findingStates),
    severity: z.enum(severities),
    organisation: z.string().meta({ description: 'Who reports it; of a pattern, the developer.' }),
    model: z.string(),
    developer: z.string(),
    agreement: z.string().nullable(),
    clause: z.string().nullable().meta({ description: 'Which sets the clocks, or the threshold.' }),
    about: z
      .string()
      .nullable()
      .meta({ description: 'Of a pattern: whose replies it was found in, who is not shown it.' }),
    clients: z
      .array(z.string())
      .meta({ description: 'Of a pattern: those that have most part in it, at most 20.' }),
    measures: measuresShown.nullable(),
    discovered_at: instant,
    reported_at: instant,
    due_at: instant.nullable().meta({ description: 'By when it was to be reported.' }),
    late: z.boolean(),
    embargo_until: instant.nullable(),
    withheld: z.boolean().meta({
      description:
        'Until the embargo ends its words are for the reporter, the developer, and whom it is handed to.',
    }),
    title: z.string().nullable(),
    text: z.string().nullable().meta({ description: 'The reporter’s words: quoted, never markup.' }),
    digest_salt: z
      .string()
      .nullable()
      .meta({ description: saltFact('{"salt":…,"text":…,"title":…}') }),
    by: signature.nullable(),
    entry: z.string(),
    handed_to: z.array(z.string()),
    shared_with: z.array(z.string()),
    hand_off: handOffShown.nullable(),
    resolved: resolvedShown.nullable(),
    next: z
      .array(z.string())
      .meta({ description: 'Of a pattern: by which commands a person decides about it.' }),
    version: z.int(),
  })
  .meta({ id: 'Finding' })

export function showFinding(
  finding: Governed<Finding>,
  viewer: Viewer,
  now: number,
): z.infer<typeof findingShown> {
  const withheld = isWithheld(viewer, finding, now)
  return {
    id: finding.id,
    kind: finding.kind,
    state: finding.state,
    severity: finding.severity,
    organisation: finding.organisation,
    model: finding.model,
    developer: finding.developer,
    agreement: finding.agreement ?? null,
    clause: finding.clause ?? null,
    about: finding.about ?? null,
    clients: [...(finding.clients ?? [])],
    measures: finding.measures ? { ...unmeasured, ...finding.measures } : null,
    discovered_at: time(finding.discoveredAt),
    reported_at: time(finding.reportedAt),
    due_at: finding.dueAt === undefined ? null : time(finding.dueAt),
    late: finding.late === true,
    embargo_until: finding.embargoUntil === undefined ? null : time(finding.embargoUntil),
    withheld,
    title: withheld ? null : finding.title,
    text: withheld ? null : finding.text,
    digest_salt: withheld ? null : finding.salt,
    by: withheld || finding.by === undefined ? null : showSignature(finding.by),
    entry: finding.entry,
    handed_to: [...finding.handedTo],
    shared_with: [...finding.sharedWith],
    hand_off: withheld ? null : showHandOff(finding),
    resolved: withheld ? null : showResolved(finding),
    next: [...patternNext(finding)],
    version: finding.rev,
  }
}

const unmeasured = { matching: null, percent: null, median: null, factor: null }

const showResolved = ({ resolved }: Finding): z.infer<typeof resolvedShown> | null =>
  resolved
    ? {
        by: showSignature(resolved.by),
        text: resolved.text,
        digest_salt: resolved.salt,
        entry: resolved.entry,
      }
    : null

function showHandOff({ handOff, due }: Finding): z.infer<typeof handOffShown> | null {
  if (handOff === undefined) return null
  const { receipt } = handOff
  return {
    to: handOff.to,
    at: time(handOff.at),
    by: showSignature(handOff.by),
    sha256: handOff.digest,
    entry: handOff.entry,
    attempts: handOff.attempts,
    next_at: due === undefined ? null : time(handOff.nextAt),
    receipt: receipt
      ? { id: receipt.id, at: time(receipt.at), digest: receipt.digest, entry: receipt.entry }
      : null,
  }
}

export const advisoryShown = z
  .object({
    document: z
      .string()
      .meta({ description: 'CSAF 2.0, as canonical JSON: the exact bytes that were signed.' }),
    sha256: z.string().meta({ description: 'Of them, lower-case hex.' }),
    jws: z.string().meta({ description: 'Compact JWS over them; its keys: GET /keys.' }),
  })
  .meta({ id: 'Advisory' })
