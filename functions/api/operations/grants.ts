import * as z from 'zod'
import { agreementStateAt } from '../../../shared/domain/agreement-step.ts'
import { type Governed, keys } from '../../../shared/domain/keys.ts'
import type { Subject } from '../../../shared/domain/proposals.ts'
import type { Agreement, Grant } from '../../../shared/domain/records.ts'
import { Refusal, unknownRecord } from '../../../shared/domain/refusal.ts'
import type { ActionName } from '../../../shared/domain/who-decides.ts'
import { sees } from '../../../shared/domain/who-sees.ts'
import { factsOf } from '../../governance/engine/sight.ts'
import { grantSubject } from '../../governance/engine/subjects.ts'
import { grantIdOf } from '../../governance/grants/grant-id.ts'
import { readGrant } from '../../governance/grants/granted.ts'
import type { ApiDeps } from '../app.ts'
import type { PersonCaller } from '../caller.ts'
import { creationAnswers, decideBy, decisionAnswers, decisionBody, stopBody } from '../decision.ts'
import { readDirectory } from '../directory.ts'
import { listRecords } from '../lists.ts'
import { forPeople, type Operation } from '../operation.ts'
import { type Quota, quotasOf } from '../quota.ts'
import { ratification } from '../ratification.ts'
import { anyId, chosenId, listOf, listQuery } from '../shapes/common.ts'
import { grantBody, grantShown, grantStates, showGrant } from '../shapes/grant.ts'
import { limitsBody } from '../shapes/limits.ts'

interface Sighted {
  readonly grant: Governed<Grant>
  readonly whole: boolean
}

function sighted({ viewer }: PersonCaller, grant: Governed<Grant>, subject: Subject): Sighted | undefined {
  const sight = sees(viewer, factsOf('grant', subject))
  return sight && { grant, whole: sight === 'whole' }
}

/** The figures of an organisation's grants, by the meters that the gate enforces. */
async function quotasFor({ store, clock }: ApiDeps, organisation: string): Promise<readonly Quota[]> {
  const [found] = await store.get([keys.organisation(organisation)])
  return found ? quotasOf(store, found, clock.now()) : []
}

/** What they are at this moment. A grant names one that is there. */
async function agreementStates({ store, clock }: ApiDeps, ids: readonly string[]) {
  const distinct = [...new Set(ids)]
  const found = await store.get(distinct.map(keys.agreement))
  const states = new Map(found.map((one, i) => [distinct[i], one && agreementStateAt(one, clock.now())]))
  return (id: string): Agreement['state'] => {
    const state = states.get(id)
    if (state === undefined) throw new Error(`the agreement ${id} of a grant is gone`)
    return state
  }
}

/** A decision about a grant that is there. */
const decision = (
  verb: string,
  action: ActionName & `grant.${string}`,
  summary: string,
  body: typeof decisionBody | typeof stopBody = decisionBody,
): Operation =>
  forPeople({
    id: `${verb}Grant`,
    method: 'POST',
    path: `/grants/{grant}/${verb}`,
    tag: 'grants',
    summary,
    action,
    changes: true,
    body,
    answers: decisionAnswers,
    answer: context => decideBy(context, { name: action, id: context.path.grant ?? '', params: {} }),
  })

export const grantOperations: readonly Operation[] = [
  forPeople({
    id: 'listGrants',
    method: 'GET',
    path: '/grants',
    tag: 'grants',
    summary: 'The grants that you see, with what may be spent and is',
    query: listQuery.extend({
      organisation: anyId.optional(),
      model: chosenId.optional(),
      state: z.enum(grantStates).optional(),
    }),
    answers: { 200: listOf(grantShown) },
    async answer({ deps, caller, query: { organisation, model, state, ...page } }) {
      const { viewer } = caller
      const { organisations, models } = await readDirectory(deps.store)
      const owner = organisation ?? (viewer.kind === 'partner' ? viewer.organisation : undefined)
      const found = await listRecords<Grant>(deps.store, {
        record: 'grant',
        ...(owner !== undefined && { owner }),
        ...page,
        show: one => {
          const [of, to] = [models.get(one.model), organisations.get(one.organisation)]
          const asked =
            (model === undefined || one.model === model) && (state === undefined || one.state === state)
          return asked && of && to ? sighted(caller, one, grantSubject(one, of, to)) : undefined
        },
      })
      if (found instanceof Refusal) return found
      const { items, next } = found.body as {
        readonly items: readonly Sighted[]
        readonly next: string | null
      }
      const owners = [...new Set(items.map(({ grant }) => grant.organisation))]
      const quotas = (await Promise.all(owners.map(id => quotasFor(deps, id)))).flat()
      const states = await agreementStates(
        deps,
        items.map(({ grant }) => grant.agreement),
      )
      const shown = items.map(one => showGrant(one, states(one.grant.agreement), quotas))
      return { status: 200, body: { items: shown, next } }
    },
  }),
  forPeople({
    id: 'getGrant',
    method: 'GET',
    path: '/grants/{grant}',
    tag: 'grants',
    summary: 'One grant, with what may be spent and is',
    answers: { 200: grantShown },
    async answer({ deps, caller, path }) {
      const seen = await readGrant(deps.store, path.grant ?? '')
      if (seen instanceof Refusal) return seen
      const { grant, subject } = seen
      const sight = sighted(caller, grant, subject)
      if (sight === undefined) return unknownRecord('grant', grant.id)
      const quotas = await quotasFor(deps, grant.organisation)
      const states = await agreementStates(deps, [grant.agreement])
      return { status: 200, body: showGrant(sight, states(grant.agreement), quotas), rev: grant.rev }
    },
  }),
  forPeople({
    id: 'requestGrant',
    method: 'POST',
    path: '/grants',
    tag: 'grants',
    summary: 'Ask for a grant, or propose one: developer and government decide together',
    action: 'grant.activate',
    creates: true,
    body: decisionBody.extend(grantBody.shape),
    answers: creationAnswers,
    async answer(context) {
      const { reason: _, dry_run: __, ...asked } = context.body
      const id = await grantIdOf(context.deps.store, asked)
      return decideBy(context, { name: 'grant.activate', id, params: asked }, `/grants/${id}`)
    },
  }),
  forPeople({
    id: 'changeGrantQuota',
    method: 'POST',
    path: '/grants/{grant}/quota',
    tag: 'grants',
    summary: 'Change its limits, at or below the ceiling of the agreement',
    description:
      'Calls that are under way keep what they have reserved. A total below what is used or reserved is refused.',
    action: 'grant.quota',
    changes: true,
    body: decisionBody.extend({ limits: limitsBody }),
    answers: decisionAnswers,
    answer: context => {
      const { limits } = context.body
      return decideBy(context, { name: 'grant.quota', id: context.path.grant ?? '', params: { limits } })
    },
  }),
  forPeople({
    id: 'setGrantContinuity',
    method: 'POST',
    path: '/grants/{grant}/continuity',
    tag: 'grants',
    summary: 'Say that a mission hangs on it, or no longer: developer and government together',
    action: 'grant.continuity',
    changes: true,
    body: decisionBody.extend({ mission_continuity: z.boolean() }),
    answers: decisionAnswers,
    answer: context => {
      const { mission_continuity } = context.body
      const id = context.path.grant ?? ''
      return decideBy(context, { name: 'grant.continuity', id, params: { mission_continuity } })
    },
  }),
  decision(
    'suspend',
    'grant.suspend',
    'Suspend a grant at once; where a mission hangs on it, two people do',
    stopBody,
  ),
  decision('reinstate', 'grant.reinstate', 'End a suspension: developer and government together'),
  decision('revoke', 'grant.revoke', 'Revoke a grant: two people'),
  ratification({
    id: 'ratifyGrantSuspension',
    path: '/grants/{grant}/ratify',
    tag: 'grants',
    summary: 'Stand by a suspension that another person put in force',
    action: 'grant.suspend',
    async read({ deps, caller, path }) {
      const id = path.grant ?? ''
      const seen = await readGrant(deps.store, id, caller)
      if (seen instanceof Refusal) return seen
      const { grant, subject } = seen
      const stop = grant.state === 'suspended' ? grant.stop : undefined
      return { key: keys.grant(id) as never, action: 'grant.suspend', subject, stop }
    },
  }),
]
