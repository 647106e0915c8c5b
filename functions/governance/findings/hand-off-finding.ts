/**
 * `finding.hand_off`: the finding becomes an advisory that this deployment signs, and waits for the notifier to carry it
 * to the clearinghouse. The signature is made before, by whoever asks for the decision: here it is judged that it is
 * over the very document that the records make.
 */
import {
  type Advisory,
  advisoryOf,
  type ProductStatus,
  type Remediation,
} from '../../../shared/csaf/advisory.ts'
import { type Finding, findingMachine } from '../../../shared/domain/findings.ts'
import { type Governed, keys } from '../../../shared/domain/keys.ts'
import { step } from '../../../shared/domain/machines.ts'
import type { Organisation } from '../../../shared/domain/parties.ts'
import { Refusal, refuse } from '../../../shared/domain/refusal.ts'
import { decodeBase64url } from '../../../shared/oauth/base64url.ts'
import type { Store } from '../../../shared/ports/store.ts'
import { asSeen, change } from '../engine/changes.ts'
import type { Actor, Definition } from '../engine/plan.ts'
import { judgeRole } from '../engine/signer.ts'
import { deciders } from '../engine/subjects.ts'
import { findingSubject, readFinding } from './finding-record.ts'

export interface HandingOff {
  readonly to: string
  readonly issuer: string
  /** When the advisory was made; milliseconds. */
  readonly at: number
  readonly status?: ProductStatus
  readonly remediation?: Remediation
  /** Over the advisory; absent where it is only shown what would be. */
  readonly jws?: string
}

export interface Prepared {
  readonly finding: Governed<Finding>
  /** From then on. */
  readonly state: Finding['state']
  readonly to: Governed<Organisation>
  readonly advisory: Advisory
}

/** What would be signed, by the records as they stand. */
export async function prepare(
  store: Store,
  id: string,
  { to: office, issuer, at, status, remediation }: Omit<HandingOff, 'jws'>,
  actor: Actor | undefined,
): Promise<Prepared | Refusal> {
  const finding = await readFinding(store, id, actor)
  if (finding instanceof Refusal) return finding
  const role = actor && judgeRole('finding.hand_off', actor, findingSubject(finding))
  if (role instanceof Refusal) return role
  const state = finding.kind === 'pattern' ? noAdvisory(finding) : stateAfter(finding)
  if (state instanceof Refusal) return state
  const refused = judgeStatement(finding, actor, { status, remediation })
  if (refused) return refused
  const [to, model, developer] = await store.get([
    keys.organisation(office),
    keys.model(finding.model),
    keys.organisation(finding.developer),
  ])
  const closed = judgeOffice(to, office, finding)
  if (closed) return closed
  if (to === undefined || model === undefined || developer === undefined)
    throw new Error(`the finding ${id} lacks its model or its developer`)
  const advisory = advisoryOf({
    ...{ finding, model, developer, issuer, at },
    status:
      status ?? (actor?.organisation.id === finding.developer ? 'known_affected' : 'under_investigation'),
    ...(remediation && { remediation }),
  })
  return { finding, state, to, advisory }
}

/** What the advisory says in the developer's name about its model, its own people say. */
function judgeStatement(
  { kind, developer }: Finding,
  actor: Actor | undefined,
  {
    status,
    remediation,
  }: { readonly status: ProductStatus | undefined; readonly remediation: Remediation | undefined },
): Refusal | undefined {
  const field = status === undefined ? 'remediation' : 'status'
  if (status === undefined && remediation === undefined) return undefined
  if (kind === 'incident')
    return refuse('body_malformed', 'An incident is of a place: it says nothing of the model.', { field })
  return actor && actor.organisation.id !== developer
    ? refuse('role_missing', 'Whether the model is affected, and what helps, its developer says.', { field })
    : undefined
}

/**
 * Once. What its developer has resolved is handed off all the same, and stays resolved: a resolution would otherwise keep
 * it from the clearinghouse.
 */
function stateAfter({ state, handOff }: Finding): Finding['state'] | Refusal {
  if (handOff) return refuse('state_forbids', `It was handed to ${handOff.to} already; that is done once.`)
  return state === 'resolved' ? state : step(findingMachine, state, 'hand_off')
}

export const noAdvisory = ({ id }: Finding): Refusal =>
  refuse(
    'state_forbids',
    'A pattern is no advisory: it tells what a partner was sent, and nothing of the model.',
    { next: `See what can be decided about it: sallyport finding get ${id}` },
  )

/** It takes findings, and has to do with the model, its reporter, or its developer. */
function judgeOffice(to: Organisation | undefined, id: string, finding: Finding): Refusal | undefined {
  const related =
    to?.kind === 'government' &&
    to.state === 'active' &&
    (finding.governments.includes(to.id) || deciders(to).developers.includes(finding.developer))
  if (!related)
    return refuse('record_unknown', `There is no clearinghouse ${id} for it.`, {
      field: 'to',
      next: 'See which offices there are: sallyport org list',
    })
  if (to.clearinghouse) return undefined
  return refuse('state_forbids', `${to.name} takes no findings yet.`, {
    field: 'to',
    next: `The office and the developer set where, together: sallyport org clearinghouse ${id} --url <url>`,
  })
}

export const handOff: Definition = {
  async plan({ store }, { id, params }, { actor }) {
    const asked = params as unknown as HandingOff
    const prepared = await prepare(store, id, asked, actor)
    if (prepared instanceof Refusal) return prepared
    const { finding, state, to, advisory } = prepared
    const { jws, at } = asked
    if (jws !== undefined && !isOver(jws, advisory))
      return refuse('version_stale', 'What the advisory is made of has changed meanwhile.')
    const handedTo = [...new Set([...finding.handedTo, to.id])]
    return {
      // The office is told of it by the same notice, and reads the decision from then on.
      subject: { ...findingSubject(finding), handedTo, governments: handedTo },
      difference: [
        ...(state === finding.state ? [] : [{ field: 'state', from: finding.state, to: state }]),
        { field: 'handed_to', from: finding.handedTo, to: handedTo },
        // A dry run tells none: the advisory holds the moment at which it is made.
        ...(jws === undefined ? [] : [{ field: 'sha256', from: null, to: advisory.digest }]),
      ],
      recorded: {
        to: to.id,
        digest: advisory.digest,
        ...(asked.status && { status: asked.status }),
        ...(asked.remediation && { remediation: asked.remediation.category }),
      },
      writes: ({ by, eid, now }) => {
        if (jws === undefined) throw new Error('an advisory is handed off with its signature')
        return [
          change<Finding>(keys.finding(id), finding, {
            state,
            handedTo,
            due: 'hand_off',
            handOff: {
              to: to.id,
              advisory: advisory.text,
              jws,
              digest: advisory.digest,
              by,
              at,
              entry: eid,
              attempts: 0,
              nextAt: now,
            },
          }),
          asSeen(keys.organisation(to.id), to),
        ]
      },
      told: {
        type: 'finding.handed_off',
        text: `The ${finding.kind} ${id} of ${finding.model} is handed to ${to.name}, as an advisory that is signed.`,
        next: `sallyport finding get ${id}`,
      },
    }
  },
}

const isOver = (jws: string, { text }: Advisory): boolean => {
  const payload = decodeBase64url(jws.split('.')[1] ?? '')
  return payload !== undefined && Buffer.from(payload).equals(Buffer.from(text))
}
