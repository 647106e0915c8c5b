/** A model as decisions read it: with what time has made of it, whether or not that was recorded yet. */
import { type Governed, keys } from '../../../shared/domain/keys.ts'
import { modelStateAt } from '../../../shared/domain/model-step.ts'
import type { Subject } from '../../../shared/domain/proposals.ts'
import type { Model, ModelState } from '../../../shared/domain/records.ts'
import { Refusal, unknownRecord } from '../../../shared/domain/refusal.ts'
import { time } from '../../../shared/domain/time.ts'
import type { Put, Store, Update } from '../../../shared/ports/store.ts'
import { change } from '../engine/changes.ts'
import type { Actor, Carried } from '../engine/plan.ts'
import { judgeSight } from '../engine/sight.ts'
import { modelSubject } from '../engine/subjects.ts'
import { type Ledgered, ledgerPut } from './ledger.ts'

/** What does not show itself to `actor` is not there for them. */
export async function readModel(store: Store, id: string, actor?: Actor): Promise<Governed<Model> | Refusal> {
  const [model] = await store.get([keys.model(id)])
  if (model === undefined) return unknownRecord('model', id)
  return (actor && judgeSight(actor, subjectOf(model))) ?? model
}

export const subjectOf = (model: Governed<Model>): Subject => modelSubject(model, model.governments ?? [])

export interface ModelSeen {
  readonly model: Governed<Model>
  readonly subject: Subject
  /** What it is at this moment. */
  readonly state: ModelState
}

export async function seeModel(
  store: Store,
  id: string,
  { now, actor }: { readonly now: number; readonly actor?: Actor },
): Promise<ModelSeen | Refusal> {
  const model = await readModel(store, id, actor)
  if (model instanceof Refusal) return model
  return { model, subject: subjectOf(model), state: modelStateAt(model, now) }
}

/** What time did to it and nobody has recorded yet, as sentences. */
function passedText({ state, assessment, window }: Model, now: number): string | undefined {
  if (state === 'under_assessment' && assessment && assessment.endsAt <= now)
    return `Its assessment had lapsed at ${time(assessment.endsAt)}.`
  if (!window) return undefined
  if (window.endsAt <= now) return `Its government window had ended at ${time(window.endsAt)}.`
  return state === 'designated' && window.opensAt <= now
    ? `Its government window had opened at ${time(window.opensAt)}.`
    : undefined
}

/**
 * A step of the model with its line in the ledger. What time has ended goes from the record with it, and the line says
 * so: nobody else will.
 */
export const stepped = (
  { now, eid, by }: Pick<Carried, 'now' | 'eid' | 'by'>,
  { model }: Pick<ModelSeen, 'model'>,
  { state, fields, action, text }: Step,
): readonly [Update, Put] => {
  const passed = passedText(model, now)
  const ended = {
    ...(model.assessment && { assessment: undefined }),
    ...(model.window && model.window.endsAt <= now && { window: undefined }),
  }
  return [
    change<Model>(keys.model(model.id), model, { state, ...ended, ...fields }),
    ledgerPut({ model, now, eid, by, state, action, text: passed ? `${passed} ${text}` : text }),
  ]
}

/**
 * What its developer does alone waits for no quiet moment: where others change the record again and again, it is made on
 * whatever stands by then. It raises the version all the same, so that what they do is judged by it.
 */
export const onWhateverStands = (op: Update, isLate: () => boolean = () => false): Update =>
  isLate() ? { ...op, if: { exists: ['rev'] } } : op

interface Step extends Pick<Ledgered, 'action' | 'text'> {
  readonly state: ModelState
  readonly fields?: { readonly [Name in keyof Model]?: Model[Name] | undefined }
}
