/** Decisions about findings: `finding.*` of who-decides. */
import { type Finding, findingMachine } from '../../../shared/domain/findings.ts'
import { keys } from '../../../shared/domain/keys.ts'
import { step } from '../../../shared/domain/machines.ts'
import { Refusal, refuse, unknownRecord } from '../../../shared/domain/refusal.ts'
import { change } from '../engine/changes.ts'
import type { Definition } from '../engine/plan.ts'
import { judgeRole } from '../engine/signer.ts'
import { findingSubject, readFinding } from './finding-record.ts'
import { handOff } from './hand-off-finding.ts'
import { report } from './report-finding.ts'
import { type SaltedWords, wordsDigest } from './words-digest.ts'

/** With the consultants of an office, or no longer. */
export interface Sharing {
  readonly organisation: string
  readonly shared: boolean
}

const share: Definition = {
  async plan({ store }, { id, params }, { actor }) {
    const { organisation, shared } = params as unknown as Sharing
    const finding = await readFinding(store, id, actor)
    if (finding instanceof Refusal) return finding
    const role = actor && judgeRole('finding.share', actor, findingSubject(finding))
    if (role instanceof Refusal) return role
    const [office] = await store.get([keys.organisation(organisation)])
    if (office === undefined) return unknownRecord('organisation', organisation, { field: 'organisation' })
    if (office.kind !== 'government')
      return refuse('body_malformed', `${office.name} is no government office: it has no consultants.`, {
        field: 'organisation',
      })
    const before = finding.sharedWith
    if (before.includes(organisation) === shared)
      return refuse('state_forbids', `It is ${shared ? 'shared with it already' : 'not shared with it'}.`)
    const after = shared ? [...before, organisation] : before.filter(one => one !== organisation)
    return {
      subject: findingSubject(finding),
      difference: [{ field: 'shared_with', from: before, to: after }],
      writes: () => [change<Finding>(keys.finding(id), finding, { sharedWith: after })],
      told: {
        type: shared ? 'finding.shared' : 'finding.unshared',
        text: `The ${finding.kind} ${id} of ${finding.model} is ${shared ? '' : 'no longer '}shared with the consultants of ${office.name}.`,
        next: `sallyport finding get ${id}`,
      },
      // Its consultants find it in their list. The office itself learns of it once it is handed over.
    }
  },
}

const resolve: Definition = {
  async plan({ store }, { id, params }, { actor }) {
    const { salt, text } = params as unknown as Omit<SaltedWords, 'title'>
    const finding = await readFinding(store, id, actor)
    if (finding instanceof Refusal) return finding
    const role = actor && judgeRole('finding.resolve', actor, findingSubject(finding))
    if (role instanceof Refusal) return role
    const state = step(findingMachine, finding.state, 'resolve')
    if (state instanceof Refusal) return state
    return {
      subject: findingSubject(finding),
      difference: [{ field: 'state', from: finding.state, to: state }],
      recorded: { digest: wordsDigest({ salt, text }) },
      // What is on its way to the clearinghouse goes on.
      writes: ({ by, eid }) => [
        change<Finding>(keys.finding(id), finding, { state, resolved: { by, text, salt, entry: eid } }),
      ],
      told: {
        type: 'finding.resolved',
        text: `The ${finding.kind} ${id} of ${finding.model} is resolved by its developer.`,
        next: `sallyport finding get ${id}`,
      },
    }
  },
}

export const findingActions = {
  'finding.report': report,
  'finding.hand_off': handOff,
  'finding.share': share,
  'finding.resolve': resolve,
} satisfies Readonly<Record<string, Definition>>
