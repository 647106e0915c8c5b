/**
 * Who sees what: the one place of this fact. The API hides by it, the documents and the tests of authorisation are made
 * from it. It is about people; what a workload may ask about itself is a matter of its token's scopes.
 */
import { type OrganisationKind, type Role, rolesOf } from './parties.ts'

/** A person, by the organisation that they belong to and the roles that they hold there. */
export interface Viewer {
  readonly organisation: string
  readonly kind: OrganisationKind
  readonly roles: readonly Role[]
  /** An auditor's engagement: the models that it audits. */
  readonly audits?: readonly string[]
}

/** `call` and `decision` are entries. `organisation` is its name and kind alone: more of a partner is `partner`. */
export const nouns = [
  'model',
  'agreement',
  'grant',
  'partner',
  'client',
  'call',
  'decision',
  'proposal',
  'hold',
  'finding',
  'opinion',
  'review',
  'appeal',
  'person',
  'organisation',
  'evidence',
  'preservation',
  'case',
  'view',
] as const
export type Noun = (typeof nouns)[number]

/** What is known of a record or an entry, by ids of organisations and models. What is left out is nobody's. */
export interface Facts {
  readonly noun: Noun
  /** Whose it is; of a model, its developer; of a call, whoever made it; of what was decided, whom it is about. */
  readonly owner?: string
  /** Whose models it is about, or who selects the partner that it is about. */
  readonly developers: readonly string[]
  /** The offices that decide on it: that select the partner, that a model's developer is engaged with. */
  readonly governments: readonly string[]
  readonly model?: string
  /** Several, where it is about several: those of an agreement, those granted to a partner. */
  readonly models?: readonly string[]
  /** Whom a hold or a decision hits beside the owner; of an organisation, whom it deals with. */
  readonly about?: readonly string[]
  /** Whose people signed the decision. */
  readonly decidedBy?: readonly string[]
  /** What an organisation's consultants are shown. */
  readonly sharedWith?: readonly string[]
  /** Who placed the hold or opened the proposal. */
  readonly placedBy?: string
  /** Of a finding: the offices that it was handed to. */
  readonly handedTo?: readonly string[]
  /** Of a model: the partners that it is offered or granted to. */
  readonly offeredTo?: readonly string[]
}

/** How somebody stands to what they ask for. Each sees what is theirs beside what its name says. */
export type Relation = keyof typeof relations

export interface Stands {
  /** In the words of the table. */
  readonly text: string
  readonly holds: (viewer: Viewer, facts: Facts) => boolean
}

const own: Stands['holds'] = ({ organisation }, { owner }) => owner === organisation
const develops: Stands['holds'] = ({ organisation }, { developers }) => developers.includes(organisation)
const governs: Stands['holds'] = ({ organisation }, { governments }) => governments.includes(organisation)
const isAbout: Stands['holds'] = ({ organisation }, { about }) => about?.includes(organisation) === true
const signed: Stands['holds'] = ({ organisation }, { decidedBy }) =>
  decidedBy?.includes(organisation) === true
const placed: Stands['holds'] = ({ organisation }, { placedBy }) => placedBy === organisation
const audited: Stands['holds'] = ({ kind, audits = [] }, { model, models = [] }) =>
  kind === 'auditor' && [model, ...models].some(id => id !== undefined && audits.includes(id))
const sharedWithIt: Stands['holds'] = ({ organisation }, { sharedWith }) =>
  sharedWith?.includes(organisation) === true

const anyOf =
  (...ways: readonly Stands['holds'][]): Stands['holds'] =>
  (viewer, facts) =>
    ways.some(way => way(viewer, facts))

export const relations = {
  nobody: { text: '–', holds: () => false },
  own: { text: 'own', holds: own },
  /** What others decide about it, or it asks for. */
  about_itself: { text: 'about itself, reason unless sealed', holds: anyOf(own, isAbout) },
  offered_or_granted: {
    text: 'offered or granted to it',
    holds: ({ organisation }, { offeredTo }) => offeredTo?.includes(organisation) === true,
  },
  of_its_models: { text: 'of or about its models, and own', holds: anyOf(own, develops) },
  engaged: { text: 'engaged', holds: governs },
  co_selected: { text: 'own, and of partners it co-selected', holds: anyOf(own, governs) },
  of_its_models_or_hits: {
    text: 'of or about its models, and own; that hit it, reason unless sealed',
    holds: anyOf(own, develops, isAbout),
  },
  in_its_engagement_or_hits: {
    text: 'in its engagement, and own; that hit it, reason unless sealed',
    holds: anyOf(own, audited, isAbout),
  },
  /** Not those of the partners that it selected: what they do commercially takes an export that two people approve. */
  under_its_own_grants: { text: 'under its own grants', holds: own },
  decided_or_party: {
    text: 'about what it decides or is party to; that hit it, reason unless sealed',
    holds: anyOf(own, placed, governs, signed, isAbout),
  },
  placed_or_decided: { text: 'its own and those it decides', holds: anyOf(own, placed, governs, signed) },
  handed_over: {
    text: 'own, and handed to it',
    holds: anyOf(own, ({ organisation }, { handedTo }) => handedTo?.includes(organisation) === true),
  },
  in_its_engagement: { text: 'in its engagement, and own', holds: anyOf(own, audited) },
  shared: { text: 'shared', holds: sharedWithIt },
  /** Everybody who is signed in knows the names of those that they have to do with. */
  deals_with: {
    text: 'own, and those it deals with',
    holds: anyOf(own, develops, governs, isAbout, audited),
  },
} as const satisfies Record<string, Stands>

/** An organisation's kind, and a consultant apart: they belong to the government and do not decide. */
export const viewers = ['partner', 'developer', 'government', 'auditor', 'consultant'] as const
export type ViewerKind = (typeof viewers)[number]

type Row = Readonly<Record<ViewerKind, Relation>>
const row = (
  partner: Relation,
  developer: Relation,
  government: Relation,
  auditor: Relation,
  consultant: Relation,
): Row => ({ partner, developer, government, auditor, consultant })

export const whoSees: Readonly<Record<Noun, Row>> = {
  model: row('offered_or_granted', 'own', 'engaged', 'in_its_engagement', 'shared'),
  agreement: row('own', 'of_its_models', 'co_selected', 'in_its_engagement', 'nobody'),
  grant: row('own', 'of_its_models', 'co_selected', 'in_its_engagement', 'nobody'),
  partner: row('own', 'of_its_models', 'co_selected', 'in_its_engagement', 'nobody'),
  client: row('own', 'of_its_models', 'co_selected', 'in_its_engagement', 'nobody'),
  call: row('own', 'of_its_models', 'under_its_own_grants', 'in_its_engagement', 'nobody'),
  /** Whom a hold hits sees what was decided on it, whatever they are: they are told of it. */
  decision: row(
    'about_itself',
    'of_its_models_or_hits',
    'decided_or_party',
    'in_its_engagement_or_hits',
    'shared',
  ),
  proposal: row('about_itself', 'of_its_models', 'placed_or_decided', 'in_its_engagement', 'nobody'),
  hold: row(
    'about_itself',
    'of_its_models_or_hits',
    'decided_or_party',
    'in_its_engagement_or_hits',
    'nobody',
  ),
  finding: row('own', 'of_its_models', 'handed_over', 'in_its_engagement', 'shared'),
  /** Whoever decides on a model reads what consultants say of it; a partner does not. */
  opinion: row('nobody', 'of_its_models', 'co_selected', 'in_its_engagement', 'shared'),
  review: row('own', 'of_its_models', 'co_selected', 'in_its_engagement', 'nobody'),
  appeal: row('own', 'of_its_models', 'placed_or_decided', 'in_its_engagement', 'nobody'),
  person: row('own', 'of_its_models', 'co_selected', 'in_its_engagement', 'own'),
  organisation: row('deals_with', 'deals_with', 'deals_with', 'deals_with', 'deals_with'),
  /** Whom it is about does not learn that somebody looks: of a partner, neither what is kept nor what is handed over. */
  evidence: row('nobody', 'of_its_models', 'placed_or_decided', 'in_its_engagement', 'nobody'),
  preservation: row('nobody', 'of_its_models', 'placed_or_decided', 'in_its_engagement', 'nobody'),
  /** What an organisation's people gather is for nobody else. */
  case: row('own', 'own', 'own', 'own', 'nobody'),
  /** Of those, a private one is for whoever saved it. */
  view: row('own', 'own', 'own', 'own', 'nobody'),
}

/** The table in words, a row for each noun, for documents and tests. */
export const whoSeesRows = (): readonly ({ readonly noun: Noun } & Readonly<Record<ViewerKind, string>>)[] =>
  nouns.map(noun => {
    const text = (viewer: ViewerKind): string => relations[whoSees[noun][viewer]].text
    return {
      noun,
      partner: text('partner'),
      developer: text('developer'),
      government: text('government'),
      auditor: text('auditor'),
      consultant: text('consultant'),
    }
  })

/** Nouns whose records carry words that somebody can seal: the reason of a decision, or of a stop that is in force. */
const withReasons: readonly Noun[] = [
  'agreement',
  'grant',
  'partner',
  'client',
  'decision',
  'proposal',
  'hold',
  'appeal',
  'person',
  'preservation',
]

/**
 * `whole`, or `without_sealed`: sealed words are for the deciding side alone. `undefined`: for this viewer there is no
 * such record, and the answer must not tell the difference.
 */
export function sees(viewer: Viewer, facts: Facts): 'whole' | 'without_sealed' | undefined {
  const row = whoSees[facts.noun]
  if (!standings(viewer).some(as => relations[row[as]].holds(viewer, facts))) return undefined
  return withReasons.includes(facts.noun) && isSealedFrom(viewer, facts) ? 'without_sealed' : 'whole'
}

/** Whoever decides on it, and whoever is there to look at how it was decided. */
const ofDecidingSide = anyOf(develops, governs, placed, signed, audited, sharedWithIt)

/** Whoever a hold hits without naming them, and who has no part in deciding on it. */
export const isOnlyHit: Stands['holds'] = (viewer, facts) =>
  isAbout(viewer, facts) && !own(viewer, facts) && !ofDecidingSide(viewer, facts)

function isSealedFrom(viewer: Viewer, facts: Facts): boolean {
  switch (viewer.kind) {
    case 'partner':
      return !placed(viewer, facts)
    // It is decided about as a partner is; but the stops of its people are its own administrators'.
    case 'auditor':
      return (facts.noun === 'hold' || facts.noun === 'decision') && !ofDecidingSide(viewer, facts)
    // What is about a developer or an office, it decides on itself.
    default:
      return isOnlyHit(viewer, facts)
  }
}

/**
 * The columns that count for somebody. Each role adds one and takes none away: who consults and administers sees what
 * either sees. A role that this kind of organisation does not have counts for nothing, and so does no role at all.
 */
function standings({ kind, roles }: Viewer): readonly ViewerKind[] {
  const held = roles.filter(role => rolesOf[kind].includes(role))
  return [...new Set(held.map(role => (role === 'consultant' ? 'consultant' : kind)))]
}
