/** Decisions about grants: `grant.*` of who-decides. How one comes to be stands in `grant-request.ts`. */
import { agreementStateAt } from '../../../shared/domain/agreement-step.ts'
import { keys } from '../../../shared/domain/keys.ts'
import { grantStep } from '../../../shared/domain/machines.ts'
import type { Limits } from '../../../shared/domain/meter.ts'
import { changeLimits } from '../../../shared/domain/meter-decisions.ts'
import { isDevelopersAlone } from '../../../shared/domain/model-step.ts'
import type { Grant } from '../../../shared/domain/records.ts'
import { Refusal, refuse } from '../../../shared/domain/refusal.ts'
import type { Stop } from '../../../shared/domain/stop.ts'
import { time } from '../../../shared/domain/time.ts'
import type { ActionName } from '../../../shared/domain/who-decides.ts'
import { change, stopOf } from '../engine/changes.ts'
import type { Carried, Definition, Plan } from '../engine/plan.ts'
import { judgeCeiling } from './ceiling.ts'
import { activate } from './grant-request.ts'
import {
  beforeRelease,
  endListing,
  type GrantSeen,
  judgeAlone,
  raised,
  readGrant,
  takesPart,
} from './granted.ts'
import { closing, opening, underAgreements, withMeters } from './grants-of-partner.ts'
import { type LimitsWords, showLimits, toLimits } from './limits-words.ts'

/** The part that all share: the grant's own write first, on the version that was seen. */
function planned(
  { grant, subject }: GrantSeen,
  difference: Plan['difference'],
  fields: (carried: Carried) => Parameters<typeof change<Grant>>[2],
  further: Plan['writes'],
  told: NonNullable<Plan['told']>,
): Plan {
  return {
    subject,
    difference,
    writes: carried => [change<Grant>(keys.grant(grant.id), grant, fields(carried)), ...further(carried)],
    told,
  }
}

/** Whom a stop of it hits. */
const hits = ({ grant }: GrantSeen) => ({ organisation: grant.organisation, model: grant.model })

/**
 * Who decides, where that is not the action's own rule. With a release or a withdrawal the developer alone does, as by
 * the kill switch; where a mission hangs on a grant, two people even suspend it.
 */
function stopRule({ grant, model }: GrantSeen, breakGlass: boolean): ActionName | undefined {
  if (isDevelopersAlone(model)) return 'model.kill'
  return grant.missionContinuity && !breakGlass ? 'grant.suspend_continuing' : undefined
}

const suspend: Definition = {
  async plan({ store }, { id, params }, { actor, breakGlass }) {
    const seen = await readGrant(store, id, actor)
    if (seen instanceof Refusal) return seen
    // The suspension of its partner had asked for it, and does not any more.
    if (params.with_partner === true && takesPart(seen.organisation))
      return refuse('state_forbids', 'Its partner is not suspended any more.')
    const alone = judgeAlone(seen, actor)
    if (alone) return alone
    const { grant, subject } = seen
    const state = grantStep(grant.state, 'suspend')
    if (state instanceof Refusal) return state
    const metered = await withMeters(store, grant)
    const rule = stopRule(seen, breakGlass)
    const stop = (carried: Carried): Stop => stopBy(carried, seen)
    return {
      ...planned(
        seen,
        [{ field: 'state', from: grant.state, to: state }],
        carried => ({ state, stop: stop(carried) }),
        carried => [...closing([metered]), ...endListing(seen), ...beforeRelease(seen, stop(carried).by)],
        { type: 'grant.suspended', text: `The grant of ${subject.name} is suspended.` },
      ),
      stops: hits(seen),
      ...(rule && { rule }),
    }
  },
}

/** Two who have signed stand by it already. The developer's part is named first: it outlasts the government's. */
function stopBy(carried: Carried, { model }: GrantSeen): Stop {
  const { by, signatures } = carried
  const first = signatures.find(one => one.organisation === model.developer) ?? by
  const second = signatures.find(one => one.person !== first.person)
  return { ...stopOf({ ...carried, by: first }), ...(second && { ratified: second }) }
}

const reinstate: Definition = {
  async plan({ store }, { id }, { now, actor }) {
    const seen = await readGrant(store, id, actor)
    if (seen instanceof Refusal) return seen
    const alone = judgeAlone(seen, actor)
    if (alone) return alone
    const { grant, subject, model } = seen
    const state = grantStep(grant.state, 'reinstate')
    if (state instanceof Refusal) return state
    if (grant.expiresAt <= now) return refuse('state_forbids', `Its term ended at ${time(grant.expiresAt)}.`)
    const { meters } = await withMeters(store, grant)
    const goesOn = await underAgreements(store, [{ grant: { ...grant, state }, meters }], now)
    const [organisation] = await store.get([keys.organisation(grant.organisation)])
    // Those of a partner that is stopped itself open with the partner.
    const opened = organisation && takesPart(organisation) ? opening(goesOn) : []
    return {
      ...planned(
        seen,
        [{ field: 'state', from: grant.state, to: state }],
        () => ({ state, stop: undefined }),
        () => opened,
        { type: 'grant.reinstated', text: `The grant of ${subject.name} goes on.` },
      ),
      ...(isDevelopersAlone(model) && { rule: 'model.resume' as const }),
    }
  },
}

const revoke: Definition = {
  async plan({ store }, { id }, { actor }) {
    const seen = await readGrant(store, id, actor)
    if (seen instanceof Refusal) return seen
    const alone = judgeAlone(seen, actor)
    if (alone) return alone
    const { grant, subject, model } = seen
    const state = grantStep(grant.state, 'revoke')
    if (state instanceof Refusal) return state
    const metered = await withMeters(store, grant)
    return {
      ...planned(
        seen,
        [{ field: 'state', from: grant.state, to: state }],
        ({ now, eid, reason }) => ({
          state,
          stop: undefined,
          ended: { how: 'revoked', at: now, entry: eid, reason },
        }),
        ({ by }) => [...closing([metered]), ...endListing(seen), ...beforeRelease(seen, by)],
        { type: 'grant.revoked', text: `The grant of ${subject.name} is revoked.` },
      ),
      stops: hits(seen),
      ...(isDevelopersAlone(model) && { rule: 'model.resume' as const }),
    }
  },
}

/** A mission hangs on it, or no longer. */
const continuity: Definition = {
  async plan({ store }, { id, params }, { actor }) {
    const seen = await readGrant(store, id, actor)
    if (seen instanceof Refusal) return seen
    const { grant, subject } = seen
    const to = params.mission_continuity === true
    const from = grant.missionContinuity === true
    if (grant.state !== 'active' && grant.state !== 'suspended')
      return refuse('state_forbids', `The grant is ${grant.state}.`)
    if (from === to) return refuse('state_forbids', 'It is so already: nothing would change.')
    // One that went on for its mission stops with it, as its partner has. A suspension of the partner at the same moment
    // is judged again by the version that this leaves.
    const listing = to ? raised(seen) : endListing(seen)
    const ends = !to && listing.length > 0
    const metered = ends ? [await withMeters(store, grant)] : []
    return {
      ...planned(
        seen,
        [{ field: 'mission_continuity', from, to }],
        () => ({ missionContinuity: to ? true : undefined }),
        () => [...closing(metered), ...listing],
        {
          type: 'grant.continuity_changed',
          text: to
            ? `A mission hangs on the grant of ${subject.name}: it takes two people even to suspend it.`
            : `No mission hangs on the grant of ${subject.name} any more.`,
        },
      ),
      ...(ends && { stops: hits(seen) }),
    }
  },
}

/** Other limits of its own meter. Pools are shared with others and stay as they are. */
const quota: Definition = {
  async plan({ store }, { id, params }, { actor, now }) {
    const seen = await readGrant(store, id, actor)
    if (seen instanceof Refusal) return seen
    const { grant, subject } = seen
    const limits = toLimits(params.limits as LimitsWords)
    if (grant.state !== 'active' && grant.state !== 'suspended')
      return refuse('state_forbids', `The grant is ${grant.state}: it has no quota to change.`)
    const [agreement] = await store.get([keys.agreement(grant.agreement)])
    if (agreement === undefined || agreementStateAt(agreement, now) !== 'effective')
      return refuse('agreement_not_effective', `The agreement ${grant.agreement} is not in force.`)
    const above = judgeCeiling(limits, agreement)
    if (above) return above
    const [meter] = (await withMeters(store, grant)).meters
    if (meter === undefined)
      return refuse('state_forbids', 'It has no meter of its own: its pools are what limits it.')
    if (same(limits, meter.limits)) return refuse('state_forbids', 'It is so already: nothing would change.')
    const update = changeLimits(meter, limits)
    if (update instanceof Refusal) return update
    return planned(
      seen,
      [{ field: 'limits', from: showLimits(meter.limits), to: showLimits(limits) }],
      () => ({}),
      () => [
        update,
        { kind: 'check', key: keys.agreement(agreement.id), if: { eq: [['rev'], agreement.rev] } },
      ],
      {
        type: 'grant.quota_changed',
        text: `The quota of ${subject.name} is ${limits.total} tokens now; it was ${meter.limits.total}.`,
      },
    )
  },
}

const same = (one: Limits, other: Limits): boolean =>
  (['total', 'perDay', 'rpm', 'burst', 'streams'] as const).every(field => one[field] === other[field])

export const grantActions = {
  'grant.activate': activate,
  'grant.quota': quota,
  'grant.continuity': continuity,
  'grant.suspend': suspend,
  'grant.reinstate': reinstate,
  'grant.revoke': revoke,
} satisfies Readonly<Record<string, Definition>>
