/** An agreement is suspended at once by one person of either side, and goes on by both, or by whoever stopped it alone. */
import { agreementStateAt, agreementStep } from '../../../shared/domain/agreement-step.ts'
import { keys } from '../../../shared/domain/keys.ts'
import type { Agreement } from '../../../shared/domain/records.ts'
import { Refusal, refuse } from '../../../shared/domain/refusal.ts'
import type { Stop } from '../../../shared/domain/stop.ts'
import type { TransactOp } from '../../../shared/ports/store.ts'
import { change, stopOf } from '../engine/changes.ts'
import type { Carried, Definition, Plan, PlanDeps, Planning } from '../engine/plan.ts'
import { judgeRole } from '../engine/signer.ts'
import { closing, opening } from '../grants/grants-of-partner.ts'
import { type AgreementSeen, judgeDigest, readAgreement, readForStep } from './read-agreement.ts'
import {
  aloneOf,
  asGranted,
  beforeRelease,
  goingOn,
  judgeAlone,
  meteredUnder,
  readHits,
  readModels,
} from './under.ts'

/** Beside these stand up to 20 models, the entry, the notices and the checks. What is beyond is stopped by the record alone. */
const maxClosed = 50

export const suspend: Definition = {
  async plan({ store }, { id, params }, { now, actor, breakGlass }) {
    const seen = await readAgreement(store, id, actor)
    if (seen instanceof Refusal) return seen
    const { agreement, counterparty, subject } = seen
    const role = actor && judgeRole('agreement.suspend', actor, subject)
    if (role instanceof Refusal) return role
    const models = await readModels(store, agreement)
    const alone = aloneOf(models)
    const refused = judgeAlone(alone, actor) ?? judgeDigest(params.digest, agreement.digest)
    if (refused) return refused
    const from = agreementStateAt(agreement, now)
    const state = agreementStep(from, 'suspend')
    if (state instanceof Refusal) return state
    const metered = await meteredUnder(store, agreement)
    const mission = metered.some(({ grant }) => grant.state === 'active' && grant.missionContinuity)
    const stop = (carried: Carried): Stop => stopBy(carried, agreement)
    return {
      subject,
      difference: [{ field: 'state', from, to: state }],
      writes: carried => [
        change<Agreement>(keys.agreement(id), agreement, { state, stop: stop(carried) }),
        ...beforeRelease(models, agreement.developer, stop(carried).by),
        ...closing(metered, maxClosed),
        asJudged(counterparty),
      ],
      ...(await readHits(store, agreement)),
      // As to suspend the grants one by one: of a released model its developer alone, of a mission two people.
      ...(alone
        ? { rule: 'model.kill' as const }
        : mission && !breakGlass && { rule: 'grant.suspend_continuing' as const }),
      told: {
        type: 'agreement.suspended',
        text: `“${agreement.title}” is suspended: no call is admitted under it.`,
        next: `sallyport agreement get ${id}`,
      },
    } satisfies Plan
  },
}

/** A mission that came to hang on a grant of it meanwhile has raised the version of the partner: then it takes two. */
function asJudged(counterparty: AgreementSeen['counterparty']): TransactOp {
  const { key, if: granted } = asGranted(counterparty)
  const same = { eq: [['rev'], counterparty.rev] } as const
  return { kind: 'check', key, if: granted ? { and: [granted, same] } : same }
}

/** Two who have signed stand by it already. The developer's part is named first: it outlasts the government's. */
function stopBy(carried: Carried, { developer }: Agreement): Stop {
  const { by, signatures } = carried
  const first = signatures.find(one => one.organisation === developer) ?? by
  const second = signatures.find(one => one.person !== first.person)
  return { ...stopOf({ ...carried, by: first }), ...(second && { ratified: second }) }
}

/** Nobody but people of its developer has a part in the stop. */
const isDevelopersOwn = ({ stop, developer }: Agreement): boolean =>
  stop !== undefined &&
  stop.by.organisation === developer &&
  (stop.ratified === undefined || stop.ratified.organisation === developer)

export const reinstate: Definition = {
  async plan(deps, { id, params }, planning) {
    const seen = await readStopped(deps, id, params.digest, planning)
    if (seen instanceof Refusal) return seen
    const { agreement } = seen
    const alone = aloneOf(await readModels(deps.store, agreement))
    const refused = judgeAlone(alone, planning.actor)
    if (refused) return refused
    const own = alone !== undefined || isDevelopersOwn(agreement)
    return { ...(await goesOn(deps, seen)), ...(own && { rule: 'agreement.resume' as const }) }
  },
}

export const resume: Definition = {
  async plan(deps, { id, params }, planning) {
    const seen = await readStopped(deps, id, params.digest, planning)
    if (seen instanceof Refusal) return seen
    const { agreement, subject } = seen
    const role = planning.actor && judgeRole('agreement.resume', planning.actor, subject)
    if (role instanceof Refusal) return role
    const alone = aloneOf(await readModels(deps.store, agreement))
    if (alone === undefined && !isDevelopersOwn(agreement))
      return refuse(
        'role_missing',
        'Its developer did not stop it alone: both sides let it go on together.',
        {
          next: `Ask for it: sallyport agreement reinstate ${id}`,
        },
      )
    return goesOn(deps, seen)
  },
}

const readStopped = ({ store }: PlanDeps, id: string, digest: unknown, planning: Planning) =>
  readForStep(store, id, { event: 'reinstate', digest }, planning)

async function goesOn({ store }: PlanDeps, { agreement, subject }: AgreementSeen): Promise<Plan> {
  const metered = await meteredUnder(store, agreement)
  // After the meters, so that one who stops the partner at the same moment is seen, or makes the meters change.
  const [counterparty] = await store.get([keys.organisation(agreement.counterparty)])
  const opened = counterparty ? opening(goingOn(metered, counterparty)) : []
  return {
    subject,
    difference: [{ field: 'state', from: 'suspended', to: 'effective' }],
    writes: () => [
      change<Agreement>(keys.agreement(agreement.id), agreement, { state: 'effective', stop: undefined }),
      ...opened,
    ],
    told: { type: 'agreement.reinstated', text: `“${agreement.title}” is in force again.` },
  }
}
