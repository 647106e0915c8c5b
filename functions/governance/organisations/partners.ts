/** Decisions about partners: `partner.*` of who-decides. */
import { type Governed, keys, listed } from '../../../shared/domain/keys.ts'
import { partnerStep } from '../../../shared/domain/machines.ts'
import {
  type Organisation,
  type PartnerFields,
  type PartnerState,
  reservedIds,
  standingText,
} from '../../../shared/domain/parties.ts'
import type { Action, Subject } from '../../../shared/domain/proposals.ts'
import { Refusal, refuse, unknownRecord } from '../../../shared/domain/refusal.ts'
import { itemAbsent, type Store, type Update } from '../../../shared/ports/store.ts'
import { asSeen, change, stopOf } from '../engine/changes.ts'
import { judgeSightIn } from '../engine/engagement.ts'
import type { Actor, Definition, Plan, Proposed } from '../engine/plan.ts'
import { judgeRole } from '../engine/signer.ts'
import { grantSubject, organisationSubject } from '../engine/subjects.ts'
import { closing, type Metered, meteredGrants, opening } from '../grants/grants-of-partner.ts'
import { judgeClosing } from './closing.ts'

type Partner = Governed<Extract<Organisation, { kind: 'partner' }>>

/** What does not show itself to `actor` is not there for them. */
export async function readPartner(store: Store, id: string, actor?: Actor): Promise<Partner | Refusal> {
  const [found] = await store.get([keys.organisation(id)])
  // In the same words, or they would tell.
  return found?.kind !== 'partner' ||
    (actor && (await judgeSightIn(store, actor, organisationSubject(found))))
    ? unknownRecord('partner', id)
    : (found as Partner)
}

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

/** The part that all share: the subject's own write first, on the version that was seen. */
function planned(
  partner: Partner,
  state: PartnerState,
  done: string,
  further: Plan['writes'],
  fields: (
    carried: Parameters<Plan['writes']>[0],
  ) => Partial<{ [N in keyof PartnerFields]: PartnerFields[N] | undefined }> = () => ({}),
): Plan {
  return {
    subject: organisationSubject(partner),
    difference: [{ field: 'state', from: partner.partner, to: state }],
    writes: carried => [
      withItsGrants(
        partner,
        change<Organisation & PartnerFields>(keys.organisation(partner.id) as never, partner, {
          partner: state,
          ...fields(carried),
        }),
      ),
      ...further(carried),
    ],
    told: { type: `partner.${done}`, text: standingText({ name: partner.name, partner: state }) },
  }
}

/** On the grants that were seen: one that is activated at the same moment has its meter closed too. */
const withItsGrants = ({ granted }: Partner, update: Update): Update => ({
  ...update,
  if: {
    and: [
      ...(update.if ? [update.if] : []),
      granted === undefined ? { absent: ['granted'] } : { eq: [['granted'], granted] },
    ],
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

/**
 * Beside these stand the partner, the entry, the notices and the checks, and a transaction takes 100: a partner is
 * stopped at once however many grants it has. What is beyond is stopped by the record alone, and people propose it.
 */
const maxStopped = 60
const maxProposed = 20

const suspend: Definition = {
  async plan({ store }, { id }, { breakGlass, actor }) {
    const partner = await readPartner(store, id, actor)
    if (partner instanceof Refusal) return partner
    const state = partnerStep(partner.partner, 'suspend')
    if (state instanceof Refusal) return state
    const metered = await meteredGrants(store, id)
    const going = breakGlass
      ? []
      : metered.filter(({ grant }) => grant.missionContinuity && grant.state === 'active')
    const stopped = metered.filter(one => !going.includes(one))
    const ids = going.map(({ grant }) => grant.id)
    const checked = going.slice(0, maxStopped)
    const proposes = await Promise.all(going.slice(0, maxProposed).map(one => leftToTwo(store, one, partner)))
    return {
      ...planned(
        partner,
        state,
        'suspended',
        // A mission that came to hang on another one meanwhile has raised the version of the partner.
        () => [
          ...closing(stopped, maxStopped - checked.length),
          ...checked.map(({ grant }) => asSeen(keys.grant(grant.id), grant)),
        ],
        carried => ({
          stop: stopOf(carried),
          continues: ids.length > 0 ? ids : undefined,
        }),
      ),
      stops: { organisation: id },
      continues: going.map(({ grant }) => ({ id: grant.id, name: grant.model })),
      proposes: proposes.filter(one => one !== undefined),
    }
  },
}

/** A grant that a mission hangs on goes on until two people have decided. */
async function leftToTwo(store: Store, { grant }: Metered, partner: Partner): Promise<Proposed | undefined> {
  const [record, model] = await store.get([keys.grant(grant.id), keys.model(grant.model)])
  if (record === undefined || model === undefined) return undefined
  const action: Action = { name: 'grant.suspend', id: grant.id, params: { with_partner: true } }
  return {
    action,
    rule: 'grant.suspend_continuing',
    subject: grantSubject(record, model, partner),
    difference: [{ field: 'state', from: record.state, to: 'suspended' }],
  }
}

const reinstate: Definition = {
  async plan({ store }, { id }, { actor }) {
    const partner = await readPartner(store, id, actor)
    if (partner instanceof Refusal) return partner
    const state = partnerStep(partner.partner, 'reinstate')
    if (state instanceof Refusal) return state
    const metered = await meteredGrants(store, id)
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
    return {
      ...planned(
        partner,
        state,
        'revoked',
        () => closing(metered),
        ({ now, eid }) => ({ continues: undefined, revoked: { at: now, entry: eid } }),
      ),
      stops: { organisation: id },
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
