import * as z from 'zod'
import type { Governed } from '../../../shared/domain/keys.ts'
import type { LedgerLine } from '../../../shared/domain/ledger.ts'
import { judgeText } from '../../../shared/domain/marking.ts'
import { type Model, protocols } from '../../../shared/domain/records.ts'
import { Refusal, unknownRecord } from '../../../shared/domain/refusal.ts'
import { holdable } from '../../../shared/domain/standing.ts'
import type { ActionName } from '../../../shared/domain/who-decides.ts'
import { sees, type Viewer } from '../../../shared/domain/who-sees.ts'
import { factsOf } from '../../governance/engine/sight.ts'
import type { UpstreamsWords } from '../../governance/models/model-words.ts'
import { readModel, subjectOf } from '../../governance/models/read-model.ts'
import { grantsOf, readHolds } from '../../grants.ts'
import type { ApiDeps } from '../app.ts'
import type { PersonCaller } from '../caller.ts'
import { creationAnswers, decideBy, decisionAnswers, decisionBody } from '../decision.ts'
import { modelsOfferedTo } from '../directory.ts'
import { listRecords } from '../lists.ts'
import { forBoth, forPeople, type Operation } from '../operation.ts'
import { anyId, chosenId, listOf, listQuery, shortText } from '../shapes/common.ts'
import {
  ledgerShown,
  modelListed,
  modelShown,
  showLedgerLine,
  showListed,
  showModel,
  tokensBody,
  upstreamsBody,
} from '../shapes/model.ts'
import { judgeUpstreamUrl } from '../upstream-url.ts'
import { betweenDeveloperAndGovernment } from './model-government.ts'

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
      ? showModel(model, {
          open: open.has(model.id),
          now,
          viewer: viewer.organisation,
          decides: decides(viewer, model),
        })
      : undefined
}

const isSeen = (viewer: Viewer, model: Governed<Model>, offered: ReadonlySet<string>): boolean =>
  sees(viewer, {
    ...factsOf('model', subjectOf(model)),
    offeredTo: offered.has(model.id) ? [viewer.organisation] : [],
  }) !== undefined

/** Whoever decides about it, or is there to look at how that was done. */
const decides = ({ organisation, kind, roles, audits = [] }: Viewer, model: Model): boolean =>
  organisation === model.developer ||
  (model.governments?.includes(organisation) === true && roles.some(role => role !== 'consultant')) ||
  (kind === 'auditor' && audits.includes(model.id))

/** A decision about a model that is there. What the developer alone does at once asks for no version. */
const decision = (
  verb: string,
  summary: string,
  {
    id,
    atOnce,
    description,
  }: { readonly id?: string; readonly atOnce?: true; readonly description?: string } = {},
): Operation =>
  forPeople({
    id: id ?? `${verb}Model`,
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
          body: { items: granted.map(({ model, open }) => showListed(model, open, now)), next: null },
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
      government: anyId,
      agreement: anyId.meta({
        description: 'The engagement agreement with the office, which names the model.',
      }),
      upstreams: upstreamsBody,
      tokens: tokensBody,
    }),
    answers: creationAnswers,
    async answer(context) {
      const { id, name, government, agreement, upstreams, tokens } = context.body
      const refused = judgeText(name, 'name') ?? judgeUpstreams(upstreams, context.deps.issuer)
      if (refused) return refused
      const developer = context.caller.organisation.id
      return decideBy(
        context,
        { name: 'model.engage', id, params: { name, developer, government, agreement, upstreams, tokens } },
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
  ...betweenDeveloperAndGovernment,
  decision('close_window', 'End the government window, or take it back before it opens', {
    id: 'closeModelWindow',
    atOnce: true,
    description: 'The developer alone, at once. It is made on the model as it stands and takes no If-Match.',
  }),
  forPeople({
    id: 'listModelLedger',
    method: 'GET',
    path: '/models/{model}/ledger',
    tag: 'models',
    summary: 'What became of a model, in the order of time',
    query: listQuery,
    answers: { 200: listOf(ledgerShown) },
    async answer({ deps, caller, path, query }) {
      const model = await readModel(deps.store, path.model ?? '')
      if (model instanceof Refusal) return model
      if ((await showing(deps, caller))(model) === undefined) return unknownRecord('model', model.id)
      const whole = decides(caller.viewer, model)
      const show = (line: LedgerLine): object => showLedgerLine(line, whole)
      return listRecords<LedgerLine>(deps.store, { record: 'ledger', owner: model.id, ...query, show })
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
