import * as z from 'zod'
import { holdable } from '../../../shared/domain/authority.ts'
import type { Governed } from '../../../shared/domain/keys.ts'
import { judgeText } from '../../../shared/domain/marking.ts'
import { type Model, protocols } from '../../../shared/domain/records.ts'
import { Refusal, unknownRecord } from '../../../shared/domain/refusal.ts'
import type { ActionName } from '../../../shared/domain/who-decides.ts'
import { sees, type Viewer } from '../../../shared/domain/who-sees.ts'
import { factsOf } from '../../governance/engine/sight.ts'
import type { UpstreamsWords } from '../../governance/models/model-words.ts'
import { readModel, subjectOf } from '../../governance/models/models.ts'
import { grantsOf, readHolds } from '../../grants.ts'
import type { ApiDeps } from '../app.ts'
import type { PersonCaller } from '../caller.ts'
import { creationAnswers, decideBy, decisionAnswers, decisionBody } from '../decision.ts'
import { modelsOfferedTo } from '../directory.ts'
import { listRecords } from '../lists.ts'
import { forBoth, forPeople, type Operation } from '../operation.ts'
import { chosenId, listOf, listQuery, shortText } from '../shapes/common.ts'
import { modelListed, modelShown, showListed, showModel, tokensBody, upstreamsBody } from '../shapes/model.ts'
import { judgeUpstreamUrl } from '../upstream-url.ts'

type Show = (model: Governed<Model>) => object | undefined

/** How one person is shown models: judged with what is offered to their organisation. */
async function showing({ store, clock }: ApiDeps, caller: PersonCaller): Promise<Show> {
  const { viewer, organisation } = caller
  const now = clock.now()
  const [granted, offered] = await Promise.all([
    grantsOf(store, organisation, now, await readHolds(store, { organisation: organisation.id }, now)),
    viewer.kind === 'partner' ? modelsOfferedTo(store, viewer.organisation) : new Set<string>(),
  ])
  const open = new Set(granted.filter(one => one.open).map(({ model }) => model.id))
  return model =>
    isSeen(viewer, model, offered)
      ? showModel(model, { open: open.has(model.id), viewer: viewer.organisation })
      : undefined
}

const isSeen = (viewer: Viewer, model: Governed<Model>, offered: ReadonlySet<string>): boolean =>
  sees(viewer, {
    ...factsOf('model', subjectOf(model)),
    offeredTo: offered.has(model.id) ? [viewer.organisation] : [],
  }) !== undefined

/** A decision about a model that is there. What the developer alone does at once asks for no version. */
const decision = (
  verb: string,
  summary: string,
  { atOnce, description }: { readonly atOnce?: true; readonly description?: string } = {},
): Operation =>
  forPeople({
    id: `${verb}Model`,
    method: 'POST',
    path: `/models/{model}/${verb}`,
    tag: 'models',
    summary,
    ...(description && { description }),
    action: `model.${verb}` as ActionName,
    ...(atOnce ? {} : { changes: true as const }),
    body: decisionBody,
    answers: decisionAnswers,
    answer: context =>
      decideBy(context, { name: `model.${verb}` as ActionName, id: context.path.model ?? '', params: {} }),
  })

const alone =
  'The developer alone, at once and from every state. It is made on the model as it stands and takes no If-Match: a change of somebody else’s at the same moment does not hold it up.'

function judgeUpstreams(upstreams: UpstreamsWords | undefined, issuer: string): Refusal | undefined {
  for (const protocol of protocols) {
    const url = upstreams?.[protocol]?.url
    const refused = url === undefined ? undefined : judgeUpstreamUrl(url, protocol, issuer)
    if (refused) return refused
  }
  return undefined
}

export const modelOperations: readonly Operation[] = [
  forBoth({
    id: 'listModels',
    method: 'GET',
    path: '/models',
    tag: 'models',
    summary: 'The models that you see',
    description: 'For workloads those that are granted to their organisation.',
    scope: 'quota:read',
    query: listQuery,
    answers: { 200: listOf(z.union([modelShown, modelListed])) },
    async answer({ deps, caller, query }) {
      if (caller.kind === 'workload') {
        const now = deps.clock.now()
        const held = await readHolds(deps.store, holdable(caller.client), now)
        const granted = await grantsOf(deps.store, caller.organisation, now, held)
        return {
          status: 200,
          body: { items: granted.map(({ model, open }) => showListed(model, open)), next: null },
        }
      }
      const show = await showing(deps, caller)
      return listRecords<Model>(deps.store, { record: 'model', ...query, show })
    },
  }),
  forPeople({
    id: 'getModel',
    method: 'GET',
    path: '/models/{model}',
    tag: 'models',
    summary: 'One model',
    answers: { 200: modelShown },
    async answer({ deps, caller, path }) {
      const model = await readModel(deps.store, path.model ?? '')
      if (model instanceof Refusal) return model
      const body = (await showing(deps, caller))(model)
      if (body === undefined) return unknownRecord('model', model.id)
      return { status: 200, body, rev: model.rev }
    },
  }),
  forPeople({
    id: 'engageModel',
    method: 'POST',
    path: '/models',
    tag: 'models',
    summary: 'Engage a model of your own with a government office',
    action: 'model.engage',
    creates: true,
    body: decisionBody.extend({
      id: chosenId,
      name: shortText,
      government: z.string(),
      upstreams: upstreamsBody,
      tokens: tokensBody,
    }),
    answers: creationAnswers,
    async answer(context) {
      const { id, name, government, upstreams, tokens } = context.body
      const refused = judgeText(name, 'name') ?? judgeUpstreams(upstreams, context.deps.issuer)
      if (refused) return refused
      const developer = context.caller.organisation.id
      return decideBy(
        context,
        { name: 'model.engage', id, params: { name, developer, government, upstreams, tokens } },
        `/models/${id}`,
      )
    },
  }),
  forPeople({
    id: 'changeModel',
    method: 'PATCH',
    path: '/models/{model}',
    tag: 'models',
    summary: 'Change its name, where it is served, or what a request may cost',
    action: 'model.change',
    changes: true,
    body: decisionBody.extend({
      name: shortText.optional(),
      upstreams: upstreamsBody.optional(),
      tokens: tokensBody.optional(),
    }),
    answers: decisionAnswers,
    async answer(context) {
      const { name, upstreams, tokens } = context.body
      const refused =
        (name === undefined ? undefined : judgeText(name, 'name')) ??
        judgeUpstreams(upstreams, context.deps.issuer)
      if (refused) return refused
      const params = {
        ...(name !== undefined && { name }),
        ...(upstreams && { upstreams }),
        ...(tokens && { tokens }),
      }
      return decideBy(context, { name: 'model.change', id: context.path.model ?? '', params })
    },
  }),
  forPeople({
    id: 'designateModel',
    method: 'POST',
    path: '/models/{model}/designate',
    tag: 'models',
    summary: 'Designate it a covered frontier model',
    description:
      'The determination, its date, its signer and an opaque reference; never a score or a threshold.',
    action: 'model.designate',
    changes: true,
    body: decisionBody.extend({
      determination: z
        .string()
        .regex(
          /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/,
          'it is a reference of up to 100 of A–Z, a–z, 0–9, ., _ and -',
        )
        .meta({ description: 'A reference that means something to the office alone.' }),
    }),
    answers: decisionAnswers,
    async answer(context) {
      const { determination } = context.body
      const marked = judgeText(determination, 'determination')
      if (marked) return marked
      const id = context.path.model ?? ''
      return decideBy(context, { name: 'model.designate', id, params: { determination } })
    },
  }),
  decision('open', 'Open a designated model to trusted partners'),
  decision('kill', 'Stop every call to it at once', { atOnce: true, description: alone }),
  decision('resume', 'Let calls go on after the kill switch'),
  decision('release', 'Release it: what the government stopped on it ends', {
    atOnce: true,
    description: alone,
  }),
  decision('withdraw', 'Withdraw it: nothing more is served from it here', {
    atOnce: true,
    description: alone,
  }),
]
