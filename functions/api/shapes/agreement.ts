import * as z from 'zod'
import { acknowledgementText, consentText, noticeText } from '../../../shared/agreements/attestation.ts'
import { digestOf } from '../../../shared/agreements/document.ts'
import { agreementMachine, agreementStateAt } from '../../../shared/domain/agreement-step.ts'
import type { Governed } from '../../../shared/domain/keys.ts'
import type { Agreement, AgreementVersion } from '../../../shared/domain/records.ts'
import { time } from '../../../shared/domain/time.ts'
import type { DraftWords } from '../../governance/agreements/draw-up.ts'
import { documentOf, signatureOf } from '../../governance/agreements/read-agreement.ts'
import { documentShown, kinds, showDocument, showSignatures, signatureShown } from './agreement-text.ts'
import { clausesBody, distinct } from './clauses-body.ts'
import {
  chosenId,
  instant,
  reasonShown,
  shortText,
  showReason,
  showSignature,
  showStop,
  signature,
  stopShown,
} from './common.ts'

const words = {
  counterparty: chosenId.meta({
    description: 'Who is given access: a partner, or of an engagement the office.',
  }),
  template: z.string().max(63).optional(),
  title: shortText.optional(),
  models: z.array(chosenId).min(1).max(20).refine(distinct, 'one stands twice'),
  starts_at: instant,
  ends_at: instant,
  clauses: clausesBody.optional().meta({ description: 'In place of those of the template.' }),
}

/** What a first draft says. */
export const draftBody = {
  ...words,
  kind: z.enum(kinds),
  third_party: chosenId.optional().meta({ description: 'An office that signs an access agreement too.' }),
} as const

/** What changes of a draft, or of the version in force by the next one; what is left out stays. */
export const redraftBody = {
  ...words,
  kind: z.enum(kinds).optional(),
  template: words.template.nullable().meta({
    description: 'Null: the text is your own by now. Sample clauses among it keep it a sample.',
  }),
  counterparty: words.counterparty.optional(),
  third_party: chosenId.nullable().optional(),
  models: words.models.optional(),
  starts_at: instant.optional(),
  ends_at: instant.optional(),
  digest: z.string().max(100).optional().meta({
    description:
      'Of the draft that you change, or of the version that the next one follows: no other is changed.',
  }),
} as const

export const toDraft = ({
  kind,
  counterparty,
  third_party,
  template,
  title,
  models,
  starts_at,
  ends_at,
  clauses,
}: DraftWords): DraftWords => ({
  ...(kind && { kind }),
  ...(counterparty !== undefined && { counterparty }),
  ...(third_party !== undefined && { third_party }),
  ...(template !== undefined && { template }),
  ...(title !== undefined && { title }),
  ...(models && { models }),
  ...(starts_at !== undefined && { starts_at }),
  ...(ends_at !== undefined && { ends_at }),
  ...(clauses && { clauses }),
})

const nextShown = z.object({
  terms_version: z.int(),
  digest: z.string(),
  state: z.enum(['draft', 'offered']),
  document: documentShown,
  signatures: z.array(signatureShown),
})

const states = agreementMachine.states

export const agreementShown = z
  .object({
    id: z.string(),
    kind: z.enum(kinds),
    state: z.enum(states),
    title: z.string(),
    terms_version: z.int().meta({ description: 'Of the text: in force, or on its way to be the first.' }),
    digest: z.string().meta({ description: 'SHA-256 of the canonical text, base64url.' }),
    document: documentShown,
    next: nextShown.nullable().meta({
      description:
        'The version to come after the one in force; a draft of it is shown to its developer alone.',
    }),
    developer: z.string(),
    counterparty: z.string(),
    governments: z.array(z.string()),
    models: z.array(z.string()),
    starts_at: instant,
    ends_at: instant,
    signatures: z.array(signatureShown),
    waits_on: z.array(z.string()).meta({ description: 'Who has not signed the version that is offered.' }),
    notice: z
      .object({
        digest: z.string(),
        text: z.string(),
        acknowledgement: z.string().meta({ description: 'What the counterparty says by acknowledging it.' }),
      })
      .meta({ description: 'Acknowledged before the first call.' }),
    consent: z.object({ digest: z.string(), text: z.string() }).nullable().meta({
      description: 'What a party says by signing, and the version that it is about: the offered one.',
    }),
    consented_at: instant.nullable().meta({ description: 'When the counterparty acknowledged the notice.' }),
    stop: stopShown.nullable().meta({ description: 'Why it is suspended.' }),
    ended: z
      .object({
        how: z
          .enum(['expired', 'terminated', 'left'])
          .meta({ description: 'left: one side went on its own, as it may at any time.' }),
        at: instant,
        entry: z.string().nullable().meta({ description: 'Null until it is recorded.' }),
        by: signature.nullable(),
        reason: reasonShown.nullable(),
      })
      .nullable(),
    close_out: z
      .object({
        due_at: instant.nullable().meta({ description: 'By when destruction is attested.' }),
        attested: z.object({ by: signature, text: z.string(), entry: z.string() }).nullable(),
        closed: z.object({ by: signature, at: instant, entry: z.string() }).nullable(),
      })
      .nullable(),
    previous: z
      .object({ digest: z.string(), until: instant })
      .nullable()
      .meta({ description: 'The version before: tokens issued under it work until then.' }),
    version: z.int().meta({ description: 'Of the record: its ETag.' }),
  })
  .meta({ id: 'Agreement' })

export interface AgreementSights {
  readonly version: AgreementVersion
  /** Absent where there is none, or none for whoever asks. */
  readonly next?: AgreementVersion
  /** Sealed words too. */
  readonly whole: boolean
  readonly now: number
}

export function showAgreement(
  agreement: Governed<Agreement>,
  { version, next, whole, now }: AgreementSights,
): z.infer<typeof agreementShown> {
  const state = agreementStateAt(agreement, now)
  const document = documentOf(version)
  const offered = state === 'offered' ? version : agreement.next?.state === 'offered' ? next : undefined
  const notice = document.clauses.find(({ kind }) => kind === 'retention-notice')
  const text = notice?.kind === 'retention-notice' ? noticeText(notice.terms) : ''
  return {
    id: agreement.id,
    kind: agreement.kind,
    state,
    title: agreement.title,
    terms_version: agreement.version,
    digest: agreement.digest,
    document: showDocument(document),
    next:
      next && agreement.next
        ? {
            terms_version: next.version,
            digest: next.digest,
            state: agreement.next.state,
            document: showDocument(documentOf(next)),
            signatures: showSignatures(next),
          }
        : null,
    developer: agreement.developer,
    counterparty: agreement.counterparty,
    governments: [...agreement.governments],
    models: [...agreement.models],
    starts_at: time(agreement.startsAt),
    ends_at: time(agreement.endsAt),
    signatures: showSignatures(version),
    waits_on: offered ? waitsOn(offered) : [],
    notice: { digest: digestOf(text), text, acknowledgement: acknowledgementText(text) },
    consent: offered ? { digest: offered.digest, text: consentText(documentOf(offered)) } : null,
    consented_at: agreement.consentedAt === undefined ? null : time(agreement.consentedAt),
    stop: agreement.stop ? showStop(agreement.stop, whole, agreement.counterparty) : null,
    ended: showEnd(agreement, state, whole),
    close_out: showCloseOut(agreement),
    previous: agreement.previous
      ? { digest: agreement.previous.digest, until: time(agreement.previous.until) }
      : null,
    version: agreement.rev,
  }
}

export const waitsOn = (version: AgreementVersion): string[] =>
  documentOf(version)
    .parties.map(({ organisation }) => organisation)
    .filter(organisation => signatureOf(version, organisation) === undefined)

function showEnd({ ended, endsAt }: Agreement, state: Agreement['state'], whole: boolean) {
  if (ended === undefined)
    return state === 'expired'
      ? { how: 'expired' as const, at: time(endsAt), entry: null, by: null, reason: null }
      : null
  const { how, at, entry, by, reason } = ended
  return {
    how,
    at: time(at),
    entry,
    by: by ? showSignature(by) : null,
    reason: reason ? showReason(reason, whole) : null,
  }
}

function showCloseOut({ closeOut }: Agreement) {
  if (closeOut === undefined) return null
  const { dueAt, attested, closed } = closeOut
  return {
    due_at: dueAt === undefined ? null : time(dueAt),
    attested: attested
      ? { by: showSignature(attested.by), text: attested.text, entry: attested.entry }
      : null,
    closed: closed ? { by: showSignature(closed.by), at: time(closed.by.at), entry: closed.entry } : null,
  }
}

export const signBody = {
  digest: z.string().max(100).meta({ description: 'Of the version that you have read.' }),
  signature: z.string().min(1).max(100_000).optional().meta({
    description:
      'A compact JWS, typ `sallyport-agreement+jws`, over the canonical text by a key that you have registered. Absent: this deployment attests that you signed.',
  }),
} as const
