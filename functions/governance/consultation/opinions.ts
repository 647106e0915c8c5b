/**
 * What consultants say: `opinion.attach` of who-decides. An opinion decides nothing: a new record is all that it makes,
 * and no other is changed by it.
 */
import type { Opinion } from '../../../shared/domain/consultation.ts'
import type { Finding } from '../../../shared/domain/findings.ts'
import { type Governed, keys, listed } from '../../../shared/domain/keys.ts'
import type { Subject } from '../../../shared/domain/proposals.ts'
import type { Model } from '../../../shared/domain/records.ts'
import { Refusal, refuse, unknownRecord } from '../../../shared/domain/refusal.ts'
import { itemAbsent, type Store } from '../../../shared/ports/store.ts'
import { asSeen } from '../engine/changes.ts'
import type { Actor, Definition } from '../engine/plan.ts'
import { judgeRole } from '../engine/signer.ts'
import { type SaltedWords, wordsDigest } from '../findings/words-digest.ts'
import { readModel } from '../models/read-model.ts'

export interface OpinionWords extends Omit<SaltedWords, 'title'> {
  readonly model: string
  readonly finding?: string
}

/**
 * Whom it is shown to, as the model and the finding are shared now. What is said of a finding tells of it, and is for
 * nobody who is not shown the finding itself.
 */
export function opinionSubject(
  opinion: Pick<Opinion, 'id' | 'organisation'> & { readonly rev: number },
  model: Model,
  finding?: Finding,
): Subject {
  const shared = model.sharedWith ?? []
  const governments = model.governments ?? []
  return {
    kind: 'opinion',
    id: opinion.id,
    name: `the opinion on ${model.name}`,
    rev: opinion.rev,
    organisation: isApart(opinion.organisation, finding) ? model.developer : opinion.organisation,
    developers: [model.developer],
    governments: finding ? governments.filter(id => finding.handedTo.includes(id)) : governments,
    consulted: finding ? shared.filter(id => finding.sharedWith.includes(id)) : shared,
    model: model.id,
  }
}

/** The office whose consultant says it learns of a finding as every other does: once that was handed to it. */
const isApart = (office: string, finding: Finding | undefined): boolean =>
  finding !== undefined && !finding.handedTo.includes(office)

/** One of this model that is shared with the office of whoever asks. */
async function readFinding(
  store: Store,
  id: string,
  model: string,
  actor?: Actor,
): Promise<Governed<Finding> | Refusal> {
  const [finding] = await store.get([keys.finding(id)])
  const shared = finding?.model === model && (!actor || finding.sharedWith.includes(actor.organisation.id))
  return finding && shared ? finding : unknownRecord('finding', id, { field: 'finding' })
}

const attach: Definition = {
  async plan({ store }, { id, params }, { now, actor }) {
    const words = params as unknown as OpinionWords
    const model = await readModel(store, words.model, actor)
    if (model instanceof Refusal) return model
    // Who has no part in it is told so by their role, whatever they name.
    const office = actor?.organisation.id ?? ''
    const apart = opinionSubject({ id, organisation: office, rev: 0 }, model)
    const role = actor && judgeRole('opinion.attach', actor, apart)
    if (role instanceof Refusal) return role
    const finding =
      words.finding === undefined ? undefined : await readFinding(store, words.finding, model.id, actor)
    if (finding instanceof Refusal) return finding
    const [taken] = await store.get([keys.opinion(id)])
    if (taken) return refuse('record_exists', `There is an opinion ${id} already.`)
    const subject = opinionSubject({ id, organisation: office, rev: 0 }, model, finding)
    const digest = wordsDigest({ salt: words.salt, text: words.text })
    return {
      subject,
      difference: [{ field: 'text_digest', from: null, to: digest }],
      // Entries are kept for years, and read by more than those whom an opinion is for.
      recorded: {
        model: model.id,
        ...(finding && !isApart(office, finding) && { finding: finding.id }),
        textDigest: digest,
      },
      writes: ({ by, eid }) => {
        const opinion: Governed<Opinion> = {
          id,
          model: model.id,
          developer: model.developer,
          governments: subject.governments,
          organisation: office,
          ...(finding && { finding: finding.id }),
          text: words.text,
          salt: words.salt,
          by,
          at: now,
          entry: eid,
          rev: 1,
          ...listed('opinion', model.id, id),
        }
        return [
          { kind: 'put', key: keys.opinion(id), item: opinion, if: itemAbsent },
          // Shared still, when it is written.
          asSeen(keys.model(model.id), model),
          ...(finding ? [asSeen(keys.finding(finding.id), finding)] : []),
        ]
      },
      told: {
        type: 'opinion.attached',
        text: `${actor?.organisation.name ?? 'An office'} gives an opinion on ${finding ? `a finding of ${model.name}` : model.name}.`,
        next: `sallyport opinion list ${model.id}`,
      },
    }
  },
}

export const opinionActions = {
  'opinion.attach': attach,
} satisfies Readonly<Record<string, Definition>>
