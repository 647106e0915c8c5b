/**
 * What a release or a withdrawal ended, and its transaction had no room for. From then on the model is its developer's
 * alone.
 */
import { agreementStateAt } from '../../shared/domain/agreement-step.ts'
import { keys } from '../../shared/domain/keys.ts'
import { endsWithModel, isDevelopersAlone } from '../../shared/domain/model-step.ts'
import type { Organisation } from '../../shared/domain/parties.ts'
import type { Agreement, Grant } from '../../shared/domain/records.ts'
import { agreementSubject, grantSubject, organisationSubject } from '../governance/engine/subjects.ts'
import { type Lapse, lapseCommit } from '../governance/lapse.ts'
import { endingWrites, noEnding } from '../governance/models/model-end.ts'
import { readGoingOn, readRestored, readResumed } from '../governance/models/read-ending.ts'

export const endedSuspension: Lapse<Grant> = {
  name: 'suspensions_ended',
  key: keys.grant,
  due: ({ state, stop }) => state === 'suspended' && stop !== undefined,
  async end({ store }, grant, at) {
    const [model, organisation] = await store.get([
      keys.model(grant.model),
      keys.organisation(grant.organisation),
    ])
    if (model === undefined || organisation === undefined)
      throw new Error(`the grant ${grant.id} stands alone`)
    if (!isDevelopersAlone(model) || !endsWithModel(grant, model)) return undefined
    const subject = grantSubject(grant, model, organisation)
    const writes = endingWrites(
      { ...noEnding, grants: [await readResumed(store, grant, model)] },
      { at: at.now },
    )
    return lapseCommit(at, writes, {
      step: 'lapsed',
      action: { name: 'grant.suspend', params: {} },
      subject,
      difference: [{ field: 'state', from: grant.state, to: 'active' }],
      type: 'grant.resumed',
      text: `The suspension of ${subject.name} has ended: the model is ${model.state}.`,
      next: `sallyport grant get ${grant.id}`,
    })
  },
}

export const endedAgreementSuspension: Lapse<Agreement> = {
  name: 'agreement_suspensions_ended',
  key: keys.agreement,
  due: (agreement, { now }) =>
    agreementStateAt(agreement, now) === 'suspended' &&
    agreement.stop !== undefined &&
    agreement.stop.by.organisation !== agreement.developer,
  async end({ store }, agreement, at) {
    const models = await store.get(agreement.models.map(keys.model))
    const model = models.find(
      one => one !== undefined && one.developer === agreement.developer && isDevelopersAlone(one),
    )
    const [counterparty] = await store.get([keys.organisation(agreement.counterparty)])
    if (model === undefined || counterparty === undefined) return undefined
    const subject = agreementSubject(agreement, counterparty)
    const restored = { ...(await readRestored(store, agreement)), agreement }
    const { whole, meters } = restored
    if (!whole && meters.length === 0) return undefined
    return lapseCommit(at, endingWrites({ ...noEnding, agreements: [restored] }, { at: at.now }), {
      step: 'lapsed',
      action: { name: 'agreement.suspend', params: {} },
      subject,
      difference: whole ? [{ field: 'state', from: agreement.state, to: 'effective' }] : [],
      type: whole ? 'agreement.resumed' : 'agreement.grants_continue',
      text: whole
        ? `The suspension of ${subject.name} has ended: ${model.name} is ${model.state}.`
        : `Grants under ${subject.name} go on though it is suspended: ${model.name} is ${model.state}.`,
      next: `sallyport agreement get ${agreement.id}`,
    })
  },
}

/** A partner stays suspended, and its grants of such a model go on. */
export const goingOnOfPartner: Lapse<Organisation> = {
  name: 'grants_continued',
  key: keys.organisation,
  due: one => one.kind === 'partner' && one.partner === 'suspended' && one.stop !== undefined,
  async end({ store }, organisation, at) {
    const going = await readGoingOn(store, organisation)
    // A suspension at the same moment is found by the version that the list was read with.
    if (going === undefined || going.partner.rev !== organisation.rev) return undefined
    const subject = organisationSubject(organisation)
    const added = going.grants.map(({ grant }) => grant.id)
    return lapseCommit(at, endingWrites({ ...noEnding, partners: [going] }, { at: at.now }), {
      step: 'lapsed',
      action: { name: 'partner.suspend', params: {} },
      subject,
      difference: [
        {
          field: 'continues',
          from: going.partner.continues ?? [],
          to: [...(going.partner.continues ?? []), ...added],
        },
      ],
      type: 'partner.grants_continue',
      text: `Grants of ${subject.name} go on though it is suspended: their models are their developers’ alone.`,
      next: `sallyport partner get ${organisation.id}`,
    })
  },
}
