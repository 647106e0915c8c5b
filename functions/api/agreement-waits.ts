/**
 * What protected agreements wait for: signatures, acknowledgements, attestations of destruction, and the access reviews
 * that they ask for.
 */

import { noticeText } from '../../shared/agreements/attestation.ts'
import { agreementStateAt } from '../../shared/domain/agreement-step.ts'
import { type Governed, indexes, keys } from '../../shared/domain/keys.ts'
import type { Agreement, AgreementVersion } from '../../shared/domain/records.ts'
import type { Review } from '../../shared/domain/reviews.ts'
import { roleFor } from '../../shared/domain/who-decides.ts'
import { sees } from '../../shared/domain/who-sees.ts'
import type { Store } from '../../shared/ports/store.ts'
import { documentOf, signatureOf } from '../governance/agreements/read-agreement.ts'
import { factsOf } from '../governance/engine/sight.ts'
import { agreementSubject } from '../governance/engine/subjects.ts'
import { reviewSubject } from '../governance/reviews/reviews.ts'
import { readBounded } from './bounded.ts'
import type { Caller, PersonCaller } from './caller.ts'

export interface AgreementWait {
  readonly kind: 'signature' | 'acknowledgement' | 'attestation' | 'review'
  readonly id: string
  readonly subject: 'agreement' | 'review'
  readonly text: string
  /** Milliseconds. */
  readonly until: number
}

export interface AgreementWaits {
  readonly agreements: readonly AgreementWait[]
  readonly reviews: readonly AgreementWait[]
  readonly atLeast: boolean
}

/** An organisation's own: those that give it access. Everybody else's are found among all. */
const ofPartner = (owner: string) =>
  ({ index: indexes.byOwner, partition: owner, from: 'agreement#', to: 'agreement$', order: 'asc' }) as const
const all = { index: indexes.byRecord, partition: 'agreement', order: 'asc' } as const

export async function agreementWaits(
  store: Store,
  caller: PersonCaller,
  now: number,
): Promise<AgreementWaits> {
  const { organisation } = caller
  const [agreements, reviews] = await Promise.all([
    readBounded<Governed<Agreement>>(
      store,
      organisation.kind === 'partner' ? ofPartner(organisation.id) : all,
    ),
    readBounded<Governed<Review>>(store, {
      index: indexes.byOwner,
      partition: organisation.id,
      from: 'review#',
      to: 'review$',
      order: 'desc',
    }),
  ])
  const own = await Promise.all(agreements.records.map(one => waitsOf(store, caller, one, now)))
  return {
    agreements: own.flat(),
    reviews: reviews.records.filter(one => isToCertify(caller, one)).map(waitOfReview),
    atLeast: agreements.atLeast || reviews.atLeast,
  }
}

const may = (
  { person }: PersonCaller,
  action: Parameters<typeof roleFor>[0],
  subject: ReturnType<typeof agreementSubject>,
): boolean => roleFor(action, { person: person.id, ...person }, subject) !== undefined

async function waitsOf(
  store: Store,
  caller: PersonCaller,
  agreement: Governed<Agreement>,
  now: number,
): Promise<readonly AgreementWait[]> {
  const { id, title, counterparty, developer, governments, endsAt, closeOut } = agreement
  const { organisation } = caller
  if (![counterparty, developer, ...governments].includes(organisation.id)) return []
  const [other] = await store.get([keys.organisation(counterparty)])
  if (other === undefined) return []
  const subject = agreementSubject(agreement, other)
  if (sees(caller.viewer, factsOf('agreement', subject)) === undefined) return []
  const wait = (kind: AgreementWait['kind'], text: string, until: number): AgreementWait => ({
    kind,
    id,
    subject: 'agreement',
    text,
    until,
  })
  const state = agreementStateAt(agreement, now)
  const isOwn = counterparty === organisation.id
  const offered = offeredDigest(agreement, state)
  return [
    ...(offered !== undefined &&
    may(caller, 'agreement.sign', subject) &&
    (await isUnsigned(store, offered, organisation.id))
      ? [wait('signature', `“${title}” waits for the signature of ${organisation.name}.`, endsAt)]
      : []),
    ...(isOwn && isUnacknowledged(agreement, now) && may(caller, 'agreement.acknowledge', subject)
      ? [wait('acknowledgement', `The notice of “${title}” is acknowledged before the first call.`, endsAt)]
      : []),
    ...(isOwn &&
    (state === 'expired' || state === 'terminated') &&
    agreement.clauses.destruction !== undefined &&
    closeOut?.attested === undefined &&
    may(caller, 'agreement.attest', subject)
      ? [wait('attestation', `“${title}” has ended: the destruction is attested.`, closeOut?.dueAt ?? endsAt)]
      : []),
  ]
}

const lives: readonly Agreement['state'][] = ['signed', 'effective', 'suspended']

/** The version that is offered and not signed by all yet: the first one, or the next. */
const offeredDigest = ({ digest, next }: Agreement, state: Agreement['state']): string | undefined =>
  state === 'offered' ? digest : next?.state === 'offered' && lives.includes(state) ? next.digest : undefined

async function isUnsigned(store: Store, digest: string, organisation: string): Promise<boolean> {
  const [version] = await store.get([keys.agreementVersion(digest)])
  return (
    version !== undefined &&
    signatureOf(version, organisation) === undefined &&
    documentOf(version).parties.some(party => party.organisation === organisation)
  )
}

/** Nothing is called under it before. */
const isUnacknowledged = (agreement: Agreement, now: number): boolean =>
  agreement.consentedAt === undefined && ['signed', 'effective'].includes(agreementStateAt(agreement, now))

const isToCertify = (caller: PersonCaller, review: Governed<Review>): boolean =>
  review.state === 'due' && may(caller, 'review.certify', reviewSubject(review, undefined))

const waitOfReview = ({ id, clause, dueAt }: Review): AgreementWait => ({
  kind: 'review',
  id,
  subject: 'review',
  text: `An access review is due (clause ${clause}): certify who keeps access.`,
  until: dueAt,
})

export interface NoticeToAcknowledge {
  readonly agreement: string
  readonly title: string
  /** Null where the version in force is not there to be read. */
  readonly text: string | null
  readonly command: string
}

/**
 * The notices that an organisation has not acknowledged: until then none of its calls is admitted. For its workloads, and
 * for those of its people who see its agreements: consultants do not.
 */
export async function noticesToAcknowledge(
  store: Store,
  { kind, organisation, viewer }: Pick<Caller, 'kind' | 'organisation' | 'viewer'>,
  now: number,
): Promise<readonly NoticeToAcknowledge[]> {
  const { records } = await readBounded<Governed<Agreement>>(store, ofPartner(organisation.id))
  const isSeen = (one: Governed<Agreement>): boolean =>
    kind === 'workload' ||
    sees(viewer, factsOf('agreement', agreementSubject(one, organisation))) !== undefined
  const open = records.filter(
    one => one.counterparty === organisation.id && isUnacknowledged(one, now) && isSeen(one),
  )
  const versions = await Promise.all(open.map(one => store.get([keys.agreementVersion(one.digest)])))
  return open.map(({ id, title }, i) => ({
    agreement: id,
    title,
    text: noticeOf(versions[i]?.[0]) ?? null,
    command: `sallyport agreement acknowledge ${id}`,
  }))
}

function noticeOf(version: AgreementVersion | undefined): string | undefined {
  const found = version && documentOf(version).clauses.find(({ kind }) => kind === 'retention-notice')
  return found?.kind === 'retention-notice' ? noticeText(found.terms) : undefined
}
