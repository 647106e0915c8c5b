/** Each party signs the version that it names by its digest; with the last signature it is in force, or waits for its term. */
import { compile } from '../../../shared/agreements/compile.ts'
import { agreementStateAt } from '../../../shared/domain/agreement-step.ts'
import { keys } from '../../../shared/domain/keys.ts'
import type { Agreement, AgreementSignature } from '../../../shared/domain/records.ts'
import { Refusal, refuse } from '../../../shared/domain/refusal.ts'
import { time } from '../../../shared/domain/time.ts'
import type { Update } from '../../../shared/ports/store.ts'
import { change } from '../engine/changes.ts'
import type { Carried, Definition, Plan } from '../engine/plan.ts'
import { judgeRole } from '../engine/signer.ts'
import { judgeStanding } from './draw-up.ts'
import { readTakingEffect } from './effect.ts'
import { judgeParty, judgeTerm, readPending } from './offer.ts'
import { documentOf, readAgreement, readVersion, signatureOf, type Version } from './read-agreement.ts'
import { judgeSigned, type Proven, type Signing } from './signature.ts'

export const sign: Definition = {
  async plan(deps, { id, params }, planning) {
    const { store } = deps
    const { actor, now } = planning
    const asked = params as unknown as Signing
    const pending = await readPending(store, id, 'offered', planning)
    if (pending instanceof Refusal) return pending
    const { agreement, counterparty, subject, version } = pending
    if (actor === undefined) return refuse('role_missing', 'Somebody signs it who is asked to.')
    const role = judgeRole('agreement.sign', actor, subject)
    if (role instanceof Refusal) return role
    const document = documentOf(version)
    if (asked.digest !== version.digest)
      return refuse('version_stale', `The digest of what is offered is ${version.digest}.`, {
        field: 'digest',
      })
    const organisation = actor.organisation.id
    const refused =
      judgeParty(document, actor.organisation) ??
      judgeStanding(counterparty) ??
      judgeTerm(document.ends_at, now)
    if (refused) return refused
    const signed = signatureOf(version, organisation)
    if (signed)
      return refuse(
        'state_forbids',
        `${signed.by.name} has signed this version for ${actor.organisation.name}.`,
      )
    if (Object.values(version.signatures).some(({ by }) => by.person === actor.person.id))
      return refuse('role_missing', 'You have signed this version for another party of it.')
    const proven = judgeSigned(deps, asked, version, actor, now)
    if (proven instanceof Refusal) return proven

    const missing = document.parties.filter(
      party => party.organisation !== organisation && signatureOf(version, party.organisation) === undefined,
    )
    const common = {
      subject,
      recorded: recordedOf(asked),
      told: {
        type: 'agreement.signed',
        text: `${actor.organisation.name} has signed version ${version.version} of “${document.title}”.`,
      },
    }
    const signature = { field: `signatures.${organisation}`, from: null, to: asked.kind }
    if (missing.length > 0)
      return {
        ...common,
        difference: [signature],
        writes: carried => [
          change<Agreement>(keys.agreement(id), agreement, {}),
          signing(version, organisation, proven, carried),
        ],
      } satisfies Plan
    const effect = await readTakingEffect(store, pending, planning)
    if (effect instanceof Refusal) return effect
    const text =
      effect.state === 'signed'
        ? `Every party has: it is in force from ${document.starts_at}.`
        : effect.state === 'suspended'
          ? 'Every party has; the agreement stays suspended.'
          : 'Every party has: it is in force.'
    return {
      ...common,
      difference: [signature, ...effect.difference],
      writes: carried => [
        change<Agreement>(keys.agreement(id), agreement, effect.fields),
        signing(version, organisation, proven, carried, effect.effectiveAt),
        ...effect.writes(carried),
      ],
      told: { ...common.told, text: `${common.told.text} ${text}` },
    } satisfies Plan
  },
}

/**
 * Of a signature by a key the payload is the document, which stands in its version under the digest: the entry keeps the
 * rest of it (RFC 7515 appendix F).
 */
function recordedOf({ digest, kind, jws }: Signing): Readonly<Record<string, unknown>> {
  if (jws === undefined || kind === 'attested') return { digest, kind, ...(jws !== undefined && { jws }) }
  const [head = '', , tail = ''] = jws.split('.')
  return { digest, kind, jws: `${head}..${tail}` }
}

/** Once: whoever signs for the same party at the same moment finds it signed. */
function signing(
  { digest }: Version,
  organisation: string,
  proven: Proven | undefined,
  { by, eid }: Carried,
  effectiveAt?: number,
): Update {
  if (proven === undefined) throw new Error('a signature without its JWS is only looked at, never written')
  const signature: AgreementSignature = { ...proven, by, entry: eid }
  return {
    kind: 'update',
    key: keys.agreementVersion(digest),
    if: { and: [{ eq: [['digest'], digest] }, { absent: ['signatures', organisation] }] },
    change: {
      set: [
        [['signatures', organisation], signature],
        ...(effectiveAt === undefined ? [] : ([[['effectiveAt'], effectiveAt]] as const)),
      ],
    },
  }
}

/** Its notice is read before the first call, and again where a new version has another. */
export const acknowledge: Definition = {
  async plan({ store }, { id, params }, { now, actor }) {
    const seen = await readAgreement(store, id, actor)
    if (seen instanceof Refusal) return seen
    const { agreement, subject, counterparty } = seen
    const role = actor && judgeRole('agreement.acknowledge', actor, subject)
    if (role instanceof Refusal) return role
    if (actor && actor.organisation.id !== agreement.counterparty)
      return refuse('role_missing', `${counterparty.name} acknowledges it, since its calls are recorded.`)
    if (params.digest !== agreement.digest)
      return refuse('version_stale', `The digest of the version in force is ${agreement.digest}.`, {
        field: 'digest',
      })
    const state = agreementStateAt(agreement, now)
    if (state !== 'effective' && state !== 'signed' && state !== 'suspended')
      return refuse('state_forbids', `The agreement is ${state}; its notice counts once it is signed.`)
    if (agreement.consentedAt !== undefined)
      return refuse('state_forbids', `The notice was acknowledged at ${time(agreement.consentedAt)}.`)
    const compiled = compile(documentOf(await readVersion(store, agreement.digest)))
    if (compiled instanceof Refusal) return compiled
    return {
      subject,
      difference: [{ field: 'consented_at', from: null, to: time(now) }],
      // Which notice it was stands in the entry, beside the digest of the document that holds it.
      recorded: { digest: agreement.digest, notice: compiled.notice },
      writes: carried => [change<Agreement>(keys.agreement(id), agreement, { consentedAt: carried.now })],
      told: {
        type: 'agreement.acknowledged',
        text: `${counterparty.name} has acknowledged the notice of “${agreement.title}”.`,
      },
    }
  },
}
