/**
 * `agreement.draft`: a first draft, each change of it, and the draft of the version that is to follow the one in force.
 * What does not compile is no draft, so that an offer never fails for what it says.
 */
import type { Compiled } from '../../../shared/agreements/compile.ts'
import { type AgreementDocument, differenceOf } from '../../../shared/agreements/document.ts'
import { agreementStateAt } from '../../../shared/domain/agreement-step.ts'
import { type Governed, keys, type Listed, listed } from '../../../shared/domain/keys.ts'
import type { Difference, Subject } from '../../../shared/domain/proposals.ts'
import type { Agreement } from '../../../shared/domain/records.ts'
import { Refusal, refuse } from '../../../shared/domain/refusal.ts'
import { itemAbsent, type Store, type TransactOp } from '../../../shared/ports/store.ts'
import { change } from '../engine/changes.ts'
import type { Definition, Plan, Planning } from '../engine/plan.ts'
import { judgeRole } from '../engine/signer.ts'
import { type Drafted, type DraftWords, drawUp } from './draw-up.ts'
import { documentOf, judgeDigest, readAgreement, readVersion, type Version } from './read-agreement.ts'

export const draft: Definition = {
  async plan({ store }, { id, params }, planning) {
    const { words, developer, digest } = params as {
      readonly words: DraftWords
      readonly developer?: string
      readonly digest?: string
    }
    if (developer !== undefined) return firstDraft(store, id, words, developer, planning)
    const seen = await readAgreement(store, id, planning.actor)
    if (seen instanceof Refusal) return seen
    const { agreement } = seen
    // A draft of the version to come leaves the version of the record as it was: by its digest it is told from another.
    const stale = judgeDigest(digest, (agreement.next ?? agreement).digest)
    if (stale && planning.actor?.organisation.id === agreement.developer) return stale
    if (agreement.state === 'draft') return redraft(store, agreement, words, planning)
    return draftNext(store, agreement, words, planning)
  },
}

async function firstDraft(
  store: Store,
  id: string,
  words: DraftWords,
  developer: string,
  planning: Planning,
): Promise<Plan | Refusal> {
  const role =
    planning.actor && judgeRole('agreement.draft', planning.actor, draftSubject(id, id, 0, developer))
  if (role instanceof Refusal) return role
  // Counsel there is elsewhere too: of an office, a partner, an auditor.
  if (planning.actor && planning.actor.organisation.kind !== 'developer')
    return refuse('role_missing', 'A developer drafts: its developer-admin, or its counsel.')
  if ((await store.get([keys.agreement(id)]))[0])
    return refuse('record_exists', `There is an agreement ${id} already.`)
  const drafted = await drawUp(store, { id, version: 1, developer, words }, planning)
  if (drafted instanceof Refusal) return drafted
  const { compiled } = drafted
  const agreement: Governed<Agreement> = {
    ...present(fieldsOf(compiled)),
    id,
    state: 'draft',
    rev: 1,
    ...listed('agreement', compiled.counterparty, id),
  }
  return {
    ...planned(draftSubject(id, compiled.title, 0, developer), drafted, undefined),
    writes: ({ now }) => [
      { kind: 'put', key: keys.agreement(id), item: agreement, if: itemAbsent },
      ...versionWrites(drafted, undefined, now),
    ],
  }
}

async function redraft(
  store: Store,
  agreement: Governed<Agreement>,
  words: DraftWords,
  planning: Planning,
): Promise<Plan | Refusal> {
  const { id, version, developer } = agreement
  const subject = draftSubject(id, agreement.title, agreement.rev, developer)
  const role = planning.actor && judgeRole('agreement.draft', planning.actor, subject)
  if (role instanceof Refusal) return role
  const before = await readVersion(store, agreement.digest)
  const drafted = await drawUp(store, { id, version, developer, words, base: documentOf(before) }, planning)
  if (drafted instanceof Refusal) return drafted
  if (drafted.compiled.digest === before.digest) return unchanged
  const fields: { readonly [N in keyof (Agreement & Listed)]?: (Agreement & Listed)[N] | undefined } = {
    ...fieldsOf(drafted.compiled),
    owner: drafted.compiled.counterparty,
  }
  return {
    ...planned(subject, drafted, before),
    writes: ({ now }) => [
      change<Agreement & Listed>(keys.agreement(id) as never, agreement, fields),
      ...versionWrites(drafted, before, now),
    ],
  }
}

/** The version to come after the one in force: it is between the same parties and goes on where that one stands. */
async function draftNext(
  store: Store,
  agreement: Governed<Agreement>,
  words: DraftWords,
  planning: Planning,
): Promise<Plan | Refusal> {
  const { id, developer, next } = agreement
  // Nobody but its developer learns that there is such a draft.
  const subject = draftSubject(id, agreement.title, agreement.rev, developer)
  const role = planning.actor && judgeRole('agreement.draft', planning.actor, subject)
  if (role instanceof Refusal) return role
  const state = agreementStateAt(agreement, planning.now)
  if (state === 'offered' || next?.state === 'offered')
    return refuse('state_forbids', 'It is offered: take the offer back before you change it.', {
      next: `Take it back first: sallyport agreement return ${id}`,
    })
  if (state !== 'signed' && state !== 'effective' && state !== 'suspended')
    return refuse('state_forbids', `The agreement is ${state}: no version of it follows.`)
  const current = await readVersion(store, agreement.digest)
  const before = next ? await readVersion(store, next.digest) : undefined
  const base = documentOf(before ?? current)
  const drawn = { id, version: agreement.version + 1, developer, words, base }
  const drafted = await drawUp(store, drawn, planning)
  if (drafted instanceof Refusal) return drafted
  if (drafted.compiled.digest === before?.digest) return unchanged
  if (differenceOf(documentOf(current), { ...drafted.document, version: agreement.version }).length === 0)
    return refuse('state_forbids', 'It says what the version in force says: nothing would change.')
  const refused = judgeFollowing(agreement, documentOf(current), drafted, planning.now)
  if (refused) return refused
  const { digest, version } = drafted.compiled
  return {
    ...planned(subject, drafted, before ?? current),
    // What others decide about the agreement in force goes on: a draft of theirs to come makes nothing stale.
    keeps: true,
    writes: ({ now }) => [
      {
        kind: 'update',
        key: keys.agreement(id),
        if: {
          and: [
            { eq: [['rev'], agreement.rev] },
            next ? { eq: [['next', 'digest'], next.digest] } : { absent: ['next'] },
          ],
        },
        change: { set: [[['next'], { version, digest, state: 'draft' }]] },
      },
      ...versionWrites(drafted, before, now),
    ],
  }
}

const unchanged = refuse('state_forbids', 'It is so already: nothing would change.')

function judgeFollowing(
  agreement: Agreement,
  current: AgreementDocument,
  { compiled, document }: Drafted,
  now: number,
): Refusal | undefined {
  const who = ({ parties }: AgreementDocument): string =>
    parties
      .map(({ organisation, as }) => `${organisation} ${as}`)
      .sort()
      .join('\n')
  if (who(document) !== who(current))
    return refuse(
      'body_malformed',
      'A new version is between the same parties; others make another agreement.',
      {
        field: 'counterparty',
      },
    )
  if (compiled.startsAt > Math.max(now, agreement.startsAt))
    return refuse('body_malformed', 'A new version replaces the one in force: it does not begin later.', {
      field: 'starts_at',
    })
  if (agreement.pool !== undefined && compiled.poolLimits === undefined)
    return refuse(
      'body_malformed',
      'The pool can be changed, and is not taken out: grants are charged to it.',
      {
        field: 'clauses',
      },
    )
  return undefined
}

/** What its document decides of the record. `undefined` takes a field away. */
export const fieldsOf = ({
  poolLimits: _,
  notice: __,
  signatories: ___,
  eligibility,
  ...fields
}: Compiled) => ({
  ...fields,
  eligibility,
})

const present = <F extends { readonly eligibility: Agreement['eligibility'] | undefined }>({
  eligibility,
  ...fields
}: F): Omit<F, 'eligibility'> & Pick<Agreement, 'eligibility'> => ({
  ...fields,
  ...(eligibility && { eligibility }),
})

/** A draft is its developer's, also the one of a version to come. */
const draftSubject = (id: string, name: string, rev: number, developer: string): Subject => ({
  kind: 'agreement',
  id,
  name,
  rev,
  organisation: developer,
  developers: [developer],
  governments: [],
})

function planned(
  subject: Subject,
  { compiled, document }: Drafted,
  before: Version | undefined,
): Omit<Plan, 'writes'> {
  const { digest, kind, counterparty, title, version } = compiled
  const places = before ? differenceOf(documentOf(before), document).map(({ path }) => path) : []
  const difference: readonly Difference[] = [
    ...(before ? [] : [{ field: 'state', from: null, to: 'draft' }]),
    { field: 'digest', from: before?.digest ?? null, to: digest },
    ...(places.length > 0 ? [{ field: 'document', from: null, to: places.slice(0, 100) }] : []),
  ]
  return {
    subject,
    difference,
    // The text is in its version; the entry names it by its digest.
    recorded: { digest, kind, counterparty, terms_version: version },
    told: {
      type: 'agreement.drafted',
      text: `Version ${version} of “${title}” is drafted.`,
      next: `sallyport agreement offer ${subject.id}`,
    },
  }
}

/**
 * What was written stays: entries name it by its digest. A draft that nobody was shown leaves the lists with the one
 * that replaces it, and only its developer finds it by its digest.
 */
function versionWrites(
  { compiled, text, known }: Drafted,
  before: Version | undefined,
  now: number,
): readonly TransactOp[] {
  const { digest, version } = compiled
  const { agreement } = JSON.parse(text) as AgreementDocument
  const places = listed('version', agreement, digest)
  const item: Version = {
    agreement,
    version,
    digest,
    document: text,
    draftedAt: now,
    signatures: {},
    ...places,
  }
  const key = keys.agreementVersion(digest)
  const write: TransactOp = known
    ? {
        kind: 'update',
        key,
        if: { eq: [['digest'], digest] },
        change: {
          set: [
            [['signatures'], {}],
            ...Object.entries(places).map(([name, value]) => [[name], value] as const),
          ],
        },
      }
    : { kind: 'put', key, item, if: itemAbsent }
  const replaced = before && before.offeredAt === undefined && before.effectiveAt === undefined
  return replaced && before.version === version ? [write, unlisting(before)] : [write]
}

const unlisting = ({ digest, agreement }: Version): TransactOp => ({
  kind: 'update',
  key: keys.agreementVersion(digest),
  if: { and: [{ eq: [['digest'], digest] }, { absent: ['offeredAt'] }] },
  change: { remove: Object.keys(listed('version', agreement, digest)).map(name => [name]) },
})
