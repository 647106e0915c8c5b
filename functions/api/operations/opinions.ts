import type { Opinion } from '../../../shared/domain/consultation.ts'
import { isWithheld } from '../../../shared/domain/findings.ts'
import { randomId } from '../../../shared/domain/id.ts'
import { type Governed, keys } from '../../../shared/domain/keys.ts'
import { judgeText } from '../../../shared/domain/marking.ts'
import type { Model } from '../../../shared/domain/records.ts'
import { unknownRecord } from '../../../shared/domain/refusal.ts'
import { sees } from '../../../shared/domain/who-sees.ts'
import { type OpinionWords, opinionSubject } from '../../governance/consultation/opinions.ts'
import { factsOf } from '../../governance/engine/sight.ts'
import { newSalt } from '../../governance/findings/words-digest.ts'
import { subjectOf } from '../../governance/models/read-model.ts'
import type { ApiDeps } from '../app.ts'
import type { PersonCaller } from '../caller.ts'
import { creationAnswers, decideBy } from '../decision.ts'
import { modelsOfferedTo } from '../directory.ts'
import { listRecords } from '../lists.ts'
import { forPeople, type Operation } from '../operation.ts'
import { listOf, listQuery } from '../shapes/common.ts'
import { opinionBody, opinionShown, showOpinion } from '../shapes/opinion.ts'

/** As whoever asks for the model itself is told of it. */
async function seesModel({ store }: ApiDeps, { viewer }: PersonCaller, model: Governed<Model>) {
  const offered = viewer.kind === 'partner' ? await modelsOfferedTo(store, viewer.organisation) : new Set()
  return sees(viewer, {
    ...factsOf('model', subjectOf(model)),
    offeredTo: offered.has(model.id) ? [viewer.organisation] : [],
  })
}

/** `undefined` where it is not there for the caller. */
async function shown(
  { store, clock }: ApiDeps,
  { viewer }: PersonCaller,
  model: Model,
  opinion: Governed<Opinion>,
): Promise<object | undefined> {
  const [finding] = opinion.finding === undefined ? [] : await store.get([keys.finding(opinion.finding)])
  if (opinion.finding !== undefined && finding === undefined) return undefined
  const subject = opinionSubject(opinion, model, finding)
  if (sees(viewer, factsOf('opinion', subject)) === undefined) return undefined
  // From whom the words of a finding are kept, what others say of it is kept as well.
  const kept = finding !== undefined && isWithheld(viewer, finding, clock.now())
  return showOpinion(opinion, kept && viewer.organisation !== opinion.organisation)
}

export const opinionOperations: readonly Operation[] = [
  forPeople({
    id: 'listOpinions',
    method: 'GET',
    path: '/models/{model}/opinions',
    tag: 'opinions',
    summary: 'What consultants say of a model',
    query: listQuery,
    answers: { 200: listOf(opinionShown) },
    async answer({ deps, caller, path, query }) {
      const [model] = await deps.store.get([keys.model(path.model ?? '')])
      if (model === undefined || (await seesModel(deps, caller, model)) === undefined)
        return unknownRecord('model', path.model ?? '')
      return listRecords<Opinion>(deps.store, {
        record: 'opinion',
        owner: model.id,
        ...query,
        show: one => shown(deps, caller, model, one),
      })
    },
  }),
  forPeople({
    id: 'attachOpinion',
    method: 'POST',
    path: '/models/{model}/opinions',
    tag: 'opinions',
    summary: 'Attach an opinion to a model that is shared with you, or to a finding of it',
    description: 'For consultants. It changes no state, and binds nobody.',
    action: 'opinion.attach',
    creates: true,
    body: opinionBody,
    answers: creationAnswers,
    async answer(context) {
      const { deps, path, body } = context
      const { text, finding } = body
      const marked = judgeText(text, 'text')
      if (marked) return marked
      const id = randomId('opinion', deps.random.bytes(16))
      const model = path.model ?? ''
      // It says everything by its own words, which are kept out of the log.
      const reason = body.reason ?? { code: 'request' as const, text: '' }
      const params: OpinionWords = {
        ...{ model, text, salt: newSalt(deps.random) },
        ...(finding !== undefined && { finding }),
      }
      return decideBy(
        { ...context, body: { ...body, reason } },
        { name: 'opinion.attach', id, params: { ...params } },
        `/models/${model}/opinions`,
      )
    },
  }),
]
