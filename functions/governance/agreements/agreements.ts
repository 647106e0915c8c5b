/** Decisions about protected agreements: `agreement.*` of who-decides. The developer offers, the partner signs. */
import { type Governed, keys, listed } from '../../../shared/domain/keys.ts'
import { type Organisation, standingText } from '../../../shared/domain/parties.ts'
import type { Subject } from '../../../shared/domain/proposals.ts'
import type { Agreement } from '../../../shared/domain/records.ts'
import { Refusal, refuse, unknownRecord } from '../../../shared/domain/refusal.ts'
import { time } from '../../../shared/domain/time.ts'
import { itemAbsent, type Store } from '../../../shared/ports/store.ts'
import { change } from '../engine/changes.ts'
import { judgeSightIn } from '../engine/engagement.ts'
import type { Actor, Definition, Planning } from '../engine/plan.ts'
import { judgeSight } from '../engine/sight.ts'
import { judgeRole } from '../engine/signer.ts'
import { agreementSubject, organisationSubject } from '../engine/subjects.ts'
import { digestOf, showTerms, type TermsWords, toTerms } from './agreement-words.ts'

export interface AgreementSeen {
  readonly agreement: Governed<Agreement>
  readonly partner: Governed<Organisation>
  readonly subject: Subject
}

/** What does not show itself to `actor` is not there for them. */
export async function readAgreement(
  store: Store,
  id: string,
  actor?: Actor,
  field?: string,
): Promise<AgreementSeen | Refusal> {
  const unknown = (): Refusal => unknownRecord('agreement', id, field === undefined ? {} : { field })
  const [agreement] = await store.get([keys.agreement(id)])
  if (agreement === undefined) return unknown()
  const [partner] = await store.get([keys.organisation(agreement.partner)])
  if (partner === undefined) return unknown()
  const subject = agreementSubject(agreement, partner)
  return actor && judgeSight(actor, subject) ? unknown() : { agreement, partner, subject }
}

const offer: Definition = {
  async plan({ store }, { id, params }, { now, actor }) {
    const { developer, terms: words } = params as unknown as {
      readonly developer: string
      readonly terms: TermsWords
    }
    const terms = toTerms(words, developer)
    const [taken, partner, ...models] = await store.get([
      keys.agreement(id),
      keys.organisation(terms.partner),
      ...terms.models.map(keys.model),
    ])
    if (taken) return refuse('record_exists', `There is an agreement ${id} already.`)
    if (
      partner?.kind !== 'partner' ||
      (actor && (await judgeSightIn(store, actor, organisationSubject(partner))))
    )
      return unknownRecord('partner', terms.partner, { field: 'partner' })
    const agreement: Governed<Agreement> = {
      id,
      ...terms,
      state: 'offered',
      digest: digestOf(terms),
      rev: 1,
      ...listed('agreement', terms.partner, id),
    }
    const subject = { ...agreementSubject(agreement, partner), rev: 0 }
    const role = actor && judgeRole('agreement.offer', actor, subject)
    if (role instanceof Refusal) return role
    if (partner.partner === 'revoked' || partner.partner === 'closed')
      return refuse('partner_revoked', standingText(partner))
    const foreign = terms.models.find((_, i) => models[i]?.developer !== developer)
    if (foreign !== undefined)
      return refuse('record_unknown', `There is no model ${foreign} of yours.`, { field: 'models' })
    const withdrawn = models.find(model => model?.state === 'withdrawn')
    if (withdrawn) return refuse('model_withdrawn', `${withdrawn.name} was withdrawn.`, { field: 'models' })
    if (terms.endsAt <= terms.startsAt || terms.endsAt <= now)
      return refuse('body_malformed', 'It ends after it starts, and not before now.', { field: 'ends_at' })
    return {
      subject,
      difference: [
        { field: 'state', from: null, to: 'offered' },
        { field: 'digest', from: null, to: agreement.digest },
        { field: 'terms', from: null, to: showTerms(terms) },
      ],
      writes: () => [{ kind: 'put', key: keys.agreement(id), item: agreement, if: itemAbsent }],
      told: { type: 'agreement.offered', text: `An agreement is offered to ${partner.name}.` },
    }
  },
}

/** What is there, as it was seen: whoever signs names the digest of the version that they sign. */
async function readVersion(
  store: Store,
  { id, params }: Parameters<Definition['plan']>[1],
  { now, actor }: Planning,
): Promise<AgreementSeen | Refusal> {
  const seen = await readAgreement(store, id, actor)
  if (seen instanceof Refusal) return seen
  const { agreement } = seen
  if (params.digest !== agreement.digest)
    return refuse('version_stale', `The digest of the terms is ${agreement.digest}.`, { field: 'digest' })
  if (agreement.endsAt <= now)
    return refuse('state_forbids', `The term of the agreement ended at ${time(agreement.endsAt)}.`)
  return seen
}

const sign: Definition = {
  async plan({ store }, action, planning) {
    const seen = await readVersion(store, action, planning)
    if (seen instanceof Refusal) return seen
    const { agreement, partner, subject } = seen
    if (agreement.state !== 'offered')
      return refuse('state_forbids', `The agreement is ${agreement.state}; what is offered can be signed.`)
    return {
      subject,
      difference: [{ field: 'state', from: agreement.state, to: 'effective' }],
      writes: () => [change<Agreement>(keys.agreement(agreement.id), agreement, { state: 'effective' })],
      told: {
        type: 'agreement.signed',
        text: `${partner.name} has signed the agreement ${agreement.id}: it is effective.`,
      },
    }
  },
}

const acknowledge: Definition = {
  async plan({ store }, action, planning) {
    const seen = await readVersion(store, action, planning)
    if (seen instanceof Refusal) return seen
    const { agreement, partner, subject } = seen
    if (agreement.state !== 'effective')
      return refuse(
        'state_forbids',
        `The agreement is ${agreement.state}; its notices count once it is effective.`,
      )
    if (agreement.consentedAt !== undefined)
      return refuse('state_forbids', `The notices were acknowledged at ${time(agreement.consentedAt)}.`)
    const { now } = planning
    return {
      subject,
      difference: [{ field: 'consented_at', from: null, to: time(now) }],
      writes: () => [change<Agreement>(keys.agreement(agreement.id), agreement, { consentedAt: now })],
      told: {
        type: 'agreement.acknowledged',
        text: `${partner.name} has acknowledged the notices of the agreement ${agreement.id}.`,
      },
    }
  },
}

export const agreementActions = {
  'agreement.offer': offer,
  'agreement.sign': sign,
  'agreement.acknowledge': acknowledge,
} satisfies Readonly<Record<string, Definition>>
