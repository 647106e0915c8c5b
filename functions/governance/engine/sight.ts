/** Whether somebody sees a record: asked before anything is said of it, so that what is not seen is not there. */
import type { Proposal, Subject } from '../../../shared/domain/proposals.ts'
import { isListed, type Refusal, refuse, unknownRecord } from '../../../shared/domain/refusal.ts'
import { type Facts, type Noun, sees, type Viewer } from '../../../shared/domain/who-sees.ts'
import type { Actor } from './plan.ts'

export const viewerOf = ({ person, organisation }: Pick<Actor, 'person' | 'organisation'>): Viewer => ({
  organisation: organisation.id,
  kind: organisation.kind,
  roles: person.roles,
  ...(organisation.kind === 'auditor' && { audits: organisation.audits ?? [] }),
})

/** What `sees` asks about the subject of a decision, as the noun that it is. */
export const factsOf = (
  noun: Noun,
  { organisation, developers, governments, model, models, consulted, handedTo, hit = [] }: Subject,
): Facts => ({
  noun,
  owner: organisation,
  about: [organisation, ...hit.map(one => one.organisation)],
  developers,
  governments,
  ...(model !== undefined && { model }),
  ...(models !== undefined && { models }),
  ...(consulted && { sharedWith: consulted }),
  ...(handedTo && { handedTo }),
})

export const proposalFacts = ({ subject, proposedBy, signatures }: Proposal): Facts => ({
  ...factsOf('proposal', subject),
  placedBy: proposedBy.organisation,
  decidedBy: signatures.map(({ organisation }) => organisation),
})

const nouns: Readonly<Partial<Record<Subject['kind'], Noun>>> = {
  organisation: 'partner',
  person: 'person',
  client: 'client',
  grant: 'grant',
  model: 'model',
  agreement: 'agreement',
  hold: 'hold',
  proposal: 'proposal',
  appeal: 'appeal',
  finding: 'finding',
  opinion: 'opinion',
  review: 'review',
  evidence: 'evidence',
  preservation: 'preservation',
  case: 'case',
  view: 'view',
}

export function judgeSight(actor: Actor, subject: Subject): Refusal | undefined {
  const noun = nouns[subject.kind]
  // What does not exist yet is nobody's secret.
  if (subject.rev === 0 || noun === undefined || sees(viewerOf(actor), factsOf(noun, subject)))
    return undefined
  // In the words of one that is not there at all.
  const { kind, id } = subject
  return isListed(kind)
    ? unknownRecord(kind, id)
    : refuse('record_unknown', `There is no ${kind} ${id} for you.`)
}
