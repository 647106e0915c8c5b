/** Decisions about partners: `partner.*` of who-decides. */
import { keys, listed } from '../../../shared/domain/keys.ts'
import { partnerStep } from '../../../shared/domain/machines.ts'
import { type Organisation, reservedIds } from '../../../shared/domain/parties.ts'
import type { Subject } from '../../../shared/domain/proposals.ts'
import { Refusal, refuse } from '../../../shared/domain/refusal.ts'
import { itemAbsent } from '../../../shared/ports/store.ts'
import type { Definition } from '../engine/plan.ts'
import { judgeRole } from '../engine/signer.ts'
import { closing, meteredGrants, opening, underAgreements } from '../grants/grants-of-partner.ts'
import { judgeClosing } from './closing.ts'

import { planned, readPartner } from './partner-record.ts'
import { isOfDeveloperAlone, modelsOf, suspend } from './suspend-partner.ts'

/** A step of the machine that changes nothing else. */
const step = (event: 'vet' | 'select' | 'activate', done: string): Definition => ({
  async plan({ store }, { id }, { actor }) {
    const partner = await readPartner(store, id, actor)
    if (partner instanceof Refusal) return partner
    const state = partnerStep(partner.partner, event)
    if (state instanceof Refusal) return state
    return planned(partner, state, done, () => [])
  },
})

const nominate: Definition = {
  async plan({ store }, { id, params }, { actor }) {
    const { name, sector, developer, government } = params as {
      readonly name: string
      readonly sector?: string
      readonly developer: string
      readonly government: string
    }
    const subject: Subject = {
      kind: 'organisation',
      id,
      name,
      rev: 0,
      organisation: id,
      developers: [developer],
      governments: [government],
    }
    // First of all: nobody else learns which names are taken.
    const role = actor && judgeRole('partner.nominate', actor, subject)
    if (role instanceof Refusal) return role
    const [taken, developing, governing] = await store.get([
      keys.organisation(id),
      keys.organisation(developer),
      keys.organisation(government),
    ])
    if (taken || reservedIds.includes(id))
      return refuse('record_exists', `There is an organisation ${id} already.`, { field: 'id' })
    if (developing?.kind !== 'developer')
      return refuse('body_malformed', `${developer} is no developer here.`, { field: 'developer' })
    if (governing?.kind !== 'government')
      return refuse('body_malformed', `${government} is no government office here.`, { field: 'government' })
    const item: Organisation = {
      id,
      name,
      ...(sector !== undefined && { sector }),
      kind: 'partner',
      state: 'active',
      partner: 'nominated',
      developers: [developer],
      governments: [government],
    }
    return {
      subject,
      difference: [{ field: 'state', from: null, to: 'nominated' }],
      writes: () => [
        {
          kind: 'put',
          key: keys.organisation(id),
          item: { ...item, rev: 1, ...listed('organisation', id, id) },
          if: itemAbsent,
        },
      ],
      told: { type: 'partner.nominated', text: `${name} is nominated as a trusted partner.` },
    }
  },
}

const reinstate: Definition = {
  async plan({ store }, { id }, { actor, now }) {
    const partner = await readPartner(store, id, actor)
    if (partner instanceof Refusal) return partner
    const state = partnerStep(partner.partner, 'reinstate')
    if (state instanceof Refusal) return state
    const metered = await underAgreements(store, await meteredGrants(store, id), now)
    return planned(
      partner,
      state,
      'reinstated',
      () => opening(metered),
      () => ({
        stop: undefined,
        continues: undefined,
      }),
    )
  },
}

const revoke: Definition = {
  async plan({ store }, { id }, { actor }) {
    const partner = await readPartner(store, id, actor)
    if (partner instanceof Refusal) return partner
    const state = partnerStep(partner.partner, 'revoke')
    if (state instanceof Refusal) return state
    const metered = await meteredGrants(store, id)
    const models = await modelsOf(store, metered, undefined)
    const released = metered.some(({ grant }) => isOfDeveloperAlone(grant, models))
    return {
      ...planned(
        partner,
        state,
        'revoked',
        () => closing(metered),
        ({ now, eid }) => ({ continues: undefined, revoked: { at: now, entry: eid } }),
      ),
      stops: { organisation: id },
      ...(released && { rule: 'partner.revoke_released' as const }),
    }
  },
}

const close: Definition = {
  async plan({ store }, { id }, { actor, now }) {
    const partner = await readPartner(store, id, actor)
    if (partner instanceof Refusal) return partner
    const state = partnerStep(partner.partner, 'close')
    if (state instanceof Refusal) return state
    const early = await judgeClosing(store, partner, now)
    if (early) return early
    const metered = await meteredGrants(store, id)
    return {
      ...planned(partner, state, 'closed', () => closing(metered)),
      stops: { organisation: id },
      // Those of a revoked one still read and appeal.
      stopsPeople: true,
    }
  },
}

export const partnerActions = {
  'partner.nominate': nominate,
  'partner.vet': step('vet', 'vetted'),
  'partner.select': step('select', 'selected'),
  'partner.activate': step('activate', 'activated'),
  'partner.suspend': suspend,
  'partner.reinstate': reinstate,
  'partner.revoke': revoke,
  'partner.close': close,
} satisfies Readonly<Record<string, Definition>>
