/** What is drafted is put before the parties, and taken back or declined: the first version, and each that follows. */
import { agreementStateAt, agreementStep } from '../../../shared/domain/agreement-step.ts'
import { type Governed, keys } from '../../../shared/domain/keys.ts'
import type { Agreement } from '../../../shared/domain/records.ts'
import { Refusal, refuse } from '../../../shared/domain/refusal.ts'
import type { Store, Update } from '../../../shared/ports/store.ts'
import { change } from '../engine/changes.ts'
import type { Definition, Planning } from '../engine/plan.ts'
import { judgeRole } from '../engine/signer.ts'
import { agreementSubject } from '../engine/subjects.ts'
import { judgeModels, judgeStanding } from './draw-up.ts'
import {
  type AgreementSeen,
  documentOf,
  judgeDigest,
  readAgreement,
  readVersion,
  type Version,
} from './read-agreement.ts'
import { readVersions } from './versions.ts'

/** The version that is not in force yet, drafted or offered; and whether it is the first. */
export interface Pending extends AgreementSeen {
  readonly version: Version
  readonly state: 'draft' | 'offered'
  readonly isFirst: boolean
}

/** What is there to be offered, returned or signed. Nobody but its developer learns of a draft. */
export async function readPending(
  store: Store,
  id: string,
  wanted: Pending['state'],
  { actor, now }: Pick<Planning, 'actor' | 'now'>,
): Promise<Pending | Refusal> {
  const seen = await readAgreement(store, id, actor)
  if (seen instanceof Refusal) return seen
  const { agreement } = seen
  const { next } = agreement
  const state = agreementStateAt(agreement, now)
  const nothing = (): Refusal =>
    refuse(
      'state_forbids',
      `The agreement is ${state.replace('_', ' ')}; nothing of it is ${wantedAs[wanted]}.`,
      { next: `See it: sallyport agreement get ${id}` },
    )
  if (state === wanted)
    return { ...seen, version: await readVersion(store, agreement.digest), state: wanted, isFirst: true }
  const lives = state === 'signed' || state === 'effective' || state === 'suspended'
  if (!lives || next?.state !== wanted) return nothing()
  return { ...seen, version: await readVersion(store, next.digest), state: wanted, isFirst: false }
}

const wantedAs = { draft: 'drafted', offered: 'offered' } as const

export const offer: Definition = {
  async plan({ store }, { id, params }, planning) {
    const seen = await readAgreement(store, id, planning.actor)
    if (seen instanceof Refusal) return seen
    const role = planning.actor && judgeRole('agreement.offer', planning.actor, seen.subject)
    if (role instanceof Refusal) return role
    const pending = await readPending(store, id, 'draft', planning)
    if (pending instanceof Refusal) return pending
    const { agreement, counterparty, version, isFirst } = pending
    const document = documentOf(version)
    const refused =
      judgeDigest(params.digest, version.digest) ??
      judgeStanding(counterparty) ??
      judgeTerm(document.ends_at, planning.now) ??
      (await judgeModels(store, { ...agreement, models: document.models }))
    if (refused) return refused
    const state = isFirst ? agreementStep(agreement.state, 'offer', id) : agreement.state
    if (state instanceof Refusal) return state
    const fields: Partial<Agreement> = isFirst ? { state } : { next: nextOf(version, 'offered') }
    return {
      // As those see it to whom it is offered.
      subject: agreementSubject({ ...agreement, state }, counterparty),
      difference: [
        { field: isFirst ? 'state' : 'next.state', from: 'draft', to: 'offered' },
        { field: 'digest', from: isFirst ? null : agreement.digest, to: version.digest },
      ],
      writes: ({ now }) => [onDraft(agreement, fields), offered(version, now)],
      told: {
        type: 'agreement.offered',
        text: `Version ${version.version} of “${document.title}” is offered: every party signs it, or returns it.`,
        next: `sallyport agreement sign ${id}`,
      },
    }
  },
}

/**
 * A draft that nobody else was shown is dropped: nothing is taken from anybody. What was offered once is known to the
 * parties; it is a draft that lies, and can be offered again.
 */
export const discard: Definition = {
  async plan({ store }, { id, params }, planning) {
    const { actor } = planning
    const seen = await readAgreement(store, id, actor)
    if (seen instanceof Refusal) return seen
    const { agreement, subject } = seen
    const role = actor && judgeRole('agreement.discard', actor, subject)
    if (role instanceof Refusal) return role
    const stale = judgeDigest(params.digest, agreement.digest)
    if (stale) return stale
    const state = agreementStep(agreement.state, 'discard', id)
    if (state instanceof Refusal) return state
    const shown = (await readVersions(store, id)).some(one => one.offeredAt !== undefined)
    if (shown)
      return refuse('state_forbids', 'It was offered, and the parties have seen it: its draft stays.', {
        next: `See its versions: sallyport agreement versions ${id}`,
      })
    return {
      subject,
      difference: [{ field: 'state', from: 'draft', to: state }],
      writes: () => [change<Agreement>(keys.agreement(id), agreement, { state })],
      told: { type: 'agreement.discarded', text: `The draft “${agreement.title}” is discarded.` },
    }
  },
}

/** A draft of the version to come is changed without another version of the record: it is looked at as well. */
function onDraft(agreement: Governed<Agreement>, fields: Partial<Agreement>): Update {
  const write = change<Agreement>(keys.agreement(agreement.id), agreement, fields)
  const { next } = agreement
  return next && write.if
    ? { ...write, if: { and: [write.if, { eq: [['next', 'digest'], next.digest] }] } }
    : write
}

export const judgeTerm = (endsAt: string, now: number): Refusal | undefined =>
  Date.parse(endsAt) <= now
    ? refuse('state_forbids', `The term of this version ended at ${endsAt}: draft one that ends later.`, {
        field: 'ends_at',
      })
    : undefined

export const nextOf = ({ version, digest }: Version, state: Pending['state']) => ({ version, digest, state })

/** Whoever signed it before it was returned signs it anew. */
const offered = ({ digest }: Version, now: number): Update => ({
  kind: 'update',
  key: keys.agreementVersion(digest),
  if: { eq: [['digest'], digest] },
  change: {
    set: [
      [['offeredAt'], now],
      [['signatures'], {}],
    ],
  },
})

/** Its developer takes the offer back, or a party does not sign it and says why. */
export const giveBack: Definition = {
  async plan({ store }, { id, params }, planning) {
    const { actor } = planning
    const pending = await readPending(store, id, 'offered', planning)
    if (pending instanceof Refusal) return pending
    const { agreement, subject, version, isFirst } = pending
    const role = actor && judgeRole('agreement.return', actor, subject)
    if (role instanceof Refusal) return role
    const document = documentOf(version)
    const refused =
      judgeDigest(params.digest, version.digest) ?? (actor && judgeParty(document, actor.organisation))
    if (refused) return refused
    const state = isFirst ? agreementStep(agreement.state, 'return', id) : agreement.state
    if (state instanceof Refusal) return state
    const back = actor?.organisation.id === agreement.developer
    const { title } = document
    return {
      subject,
      difference: [{ field: isFirst ? 'state' : 'next.state', from: 'offered', to: 'draft' }],
      writes: () => [
        change<Agreement>(
          keys.agreement(id),
          agreement,
          isFirst ? { state } : { next: nextOf(version, 'draft') },
        ),
        // Nobody signs it while it is changed.
        { kind: 'check', key: keys.agreementVersion(version.digest), if: { exists: ['offeredAt'] } },
      ],
      told: {
        type: 'agreement.returned',
        text: back
          ? `Its developer has taken back version ${version.version} of “${title}”.`
          : `${actor?.organisation.name ?? 'A party'} does not sign version ${version.version} of “${title}”: it is a draft again.`,
        next: 'sallyport log list',
      },
    }
  },
}

/** Those sign who are named in it; an office that only selects the partner is not. */
export function judgeParty(
  { parties }: { readonly parties: readonly { readonly organisation: string }[] },
  { id, name }: { readonly id: string; readonly name: string },
): Refusal | undefined {
  if (parties.some(({ organisation }) => organisation === id)) return undefined
  const others = parties.map(({ organisation }) => organisation).join(', ')
  return refuse('role_missing', `${name} is no party of it: ${others} are.`)
}
