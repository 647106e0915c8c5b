/** What there is in the tests of sight, what is read of it, and whom it concerns. */
import { modelId } from '../../scripts/demo/story.ts'
import type { Facts, Noun } from '../../shared/domain/who-sees.ts'
import { handedOver, ownOfHalcyon } from './governance-case.ts'
import type { Subjects } from './governance-subjects.ts'
import { otherModel, type Someone } from './matrix-people.ts'

export interface Told {
  /** In one process everybody of the matrix is there. */
  readonly live: boolean
  readonly made: Subjects
  /** Ids of entries, by what they record. */
  readonly entries: Readonly<
    Record<'call' | 'decision' | 'draft' | 'report' | 'handOff' | 'raised' | 'opinion', string>
  >
  readonly persons: { readonly nora: string; readonly mira: string }
  /** A hold, of which the reason is sealed. */
  readonly sealed: string
  /** Of the version of cedar's agreement that is in force. */
  readonly digest: string
}

export interface Known {
  readonly noun: Noun
  /** Below `/api/v1`. */
  readonly path: string
  readonly operation: string
  readonly id: string
  readonly facts: Facts
}

/** What there is, and whom it concerns. An auditor is engaged for the model that cedar and prairie are granted. */
export function everything({ live, made, entries, persons, sealed }: Told): readonly Known[] {
  const one = (
    noun: Noun,
    operation: string,
    path: string,
    id: string,
    further: Partial<Facts> = {},
  ): Known => ({
    noun,
    operation,
    path: `${path}/${id}`,
    id,
    facts: { noun, owner: 'cedar', developers: ['halcyon'], governments: ['ofr'], ...further },
  })
  const models = [modelId]
  const demos = ['halcyon', 'ofr', 'cedar', 'prairie', 'ledger']
  const harbor = { owner: 'harbor', developers: ['meridian'], governments: ['ocb'] }
  const otherModels = { ...harbor, owner: 'meridian', model: otherModel }
  const organisation = (id: string, further: Partial<Facts> = {}) =>
    one('organisation', 'getOrganisation', '/organisations', id, { owner: id, ...further })
  const partner = (id: string, further: Partial<Facts> = {}) =>
    one('partner', 'getPartner', '/partners', id, { owner: id, ...further })
  const person = (id: string, further: Partial<Facts> = {}) =>
    one('person', 'getPerson', '/people', id, further)
  const model = (id: string, further: Partial<Facts> = {}) =>
    one('model', 'getModel', '/models', id, { owner: 'halcyon', model: id, ...further })
  const finding = (id: string, further: Partial<Facts> = {}) =>
    one('finding', 'getFinding', '/findings', id, { governments: [], model: modelId, ...further })
  const { draft, ...agreements } = made.agreements
  const hold = (id: string, placedBy: string, about: string) =>
    one('hold', 'getHold', '/holds', id, { placedBy, about: ['cedar'], model: about })
  return [
    organisation('halcyon', { governments: [], about: [...demos, 'fjord', 'ocb'] }),
    organisation('ofr', { developers: [], about: [...demos, 'fjord', 'meridian'] }),
    organisation('cedar'),
    organisation('ledger', { models }),
    organisation('harbor', harbor),
    partner('cedar', { models }),
    ...Object.values(made.partners).map(id => partner(id)),
    partner('harbor', harbor),
    ...(live ? [organisation('census', { ...harbor, owner: 'census', models: [otherModel] })] : []),
    ...[made.people.plain, made.people.suspended, made.people.sam].map(id => person(id, { models })),
    person(made.people.unadministered, { owner: 'fjord' }),
    person(persons.nora, { owner: 'ofr' }),
    person(persons.mira, { owner: 'meridian', developers: [], governments: ['ofr'] }),
    ...Object.values(made.clients).map(id => one('client', 'getClient', '/clients', id, { models })),
    one('client', 'getClient', '/clients', made.office, { owner: 'ofr' }),
    model(modelId, { offeredTo: ['cedar', 'prairie'] }),
    model('engaged-one', { sharedWith: ['ofr'] }),
    model('designated-one'),
    model('windowed-one'),
    model('released-one', { offeredTo: ['cedar'], sharedWith: ['ofr'] }),
    one('agreement', 'getAgreement', '/agreements', made.released.agreement, { models: ['released-one'] }),
    one('grant', 'getGrant', '/grants', made.released.grant, { model: 'released-one' }),
    ...(live ? [one('model', 'getModel', '/models', otherModel, otherModels)] : []),
    ...Object.values(agreements).map(id => one('agreement', 'getAgreement', '/agreements', id, { models })),
    // Nobody but its developer learns of a draft.
    one('agreement', 'getAgreement', '/agreements', draft, { owner: 'halcyon', governments: [] }),
    one('agreement', 'getAgreement', '/agreements', made.engagement, {
      owner: 'ofr',
      models: ['engaged-one'],
    }),
    finding(made.findings.reported),
    finding(made.findings.handed, { governments: ['ofr'], handedTo: ['ofr'] }),
    finding(made.findings.shared, { sharedWith: ['ofr'] }),
    // Of the partner that it is about nothing is said: it is not there for them.
    finding(made.findings.raised, { owner: 'halcyon', governments: ['ofr'], handedTo: ['ofr'] }),
    one('review', 'getReview', '/reviews', made.review, { models }),
    one('grant', 'getGrant', '/grants', made.grants.active, { model: modelId }),
    one('grant', 'getGrant', '/grants', made.grants.suspended, { owner: 'prairie', model: modelId }),
    one('proposal', 'getProposal', '/proposals', made.proposal, { owner: 'grove', placedBy: 'halcyon' }),
    hold(made.holds.developers, 'halcyon', 'engaged-one'),
    hold(made.holds.governments, 'ofr', 'engaged-one'),
    hold(sealed, 'halcyon', 'designated-one'),
    one('preservation', 'getPreservation', '/preservations', made.evidence.preservation, {
      owner: 'halcyon',
      placedBy: 'halcyon',
    }),
    one('evidence', 'getEvidence', '/evidence', made.evidence.evidence, handedOver),
    one('appeal', 'getAppeal', '/appeals', made.appeal, { placedBy: 'cedar', models }),
    ...Object.values(made.cases).map(id => one('case', 'getCase', '/cases', id, ownOfHalcyon('case'))),
    one('view', 'getView', '/views', made.views.shared, ownOfHalcyon('view')),
    one('call', 'getEntry', '/entries', entries.call, { governments: [], model: modelId }),
    one('decision', 'getEntry', '/entries', entries.decision, {
      about: ['cedar'],
      decidedBy: ['halcyon'],
      models,
    }),
    one('decision', 'getEntry', '/entries', entries.draft, {
      owner: 'halcyon',
      about: ['halcyon'],
      decidedBy: ['halcyon'],
      governments: [],
    }),
    one('decision', 'getEntry', '/entries', entries.report, {
      about: ['cedar'],
      decidedBy: ['cedar'],
      governments: [],
      model: modelId,
    }),
    one('decision', 'getEntry', '/entries', entries.handOff, {
      about: ['cedar'],
      decidedBy: ['halcyon'],
      model: modelId,
    }),
    one('decision', 'getEntry', '/entries', entries.raised, { owner: 'halcyon', model: modelId }),
    one('decision', 'getEntry', '/entries', entries.opinion, {
      owner: 'ofr',
      about: ['ofr'],
      decidedBy: ['ofr'],
      sharedWith: ['ofr'],
      model: 'engaged-one',
    }),
  ]
}

export interface Reading {
  readonly operation: string
  readonly path: string
  /** Of the record that it is about. */
  readonly facts: Facts
  /** What is answered to those who see that. */
  readonly status?: (someone: Someone) => number
}

/** What is read of a record beside the record itself. */
export function readings(told: Told): readonly Reading[] {
  const { made, digest } = told
  const of = (id: string, path: string): Known => {
    const found = everything(told).find(known => known.path === `${path}/${id}`)
    if (found === undefined) throw new Error(`nothing is known of ${path}/${id}`)
    return found
  }
  const one = (operation: string, { path, facts }: Known, below: string): Reading => ({
    operation,
    path: `${path}/${below}`,
    facts,
  })
  const { draft, effective, offered } = made.agreements
  const [handed, reported] = [of(made.findings.handed, '/findings'), of(made.findings.reported, '/findings')]
  return [
    ...[draft, effective, offered, made.engagement].flatMap(id => {
      const agreement = of(id, '/agreements')
      return [
        one('listAgreementVersions', agreement, 'versions'),
        one('getAgreementDifference', agreement, 'difference'),
        one('exportAgreement', agreement, 'export'),
        one('getClauseEffects', agreement, 'clauses/quota-1/effects'),
      ]
    }),
    one('getAgreementVersion', of(effective, '/agreements'), `versions/${digest}`),
    ...[modelId, 'engaged-one', 'designated-one'].flatMap(id => [
      one('listModelLedger', of(id, '/models'), 'ledger'),
      one('listOpinions', of(id, '/models'), 'opinions'),
    ]),
    {
      ...one('getAdvisory', handed, 'advisory'),
      status: someone => (areWordsKept(someone) ? 409 : 200),
    },
    { ...one('getAdvisory', reported, 'advisory'), status: () => 409 },
    ...[told.entries.call, told.entries.decision].map(id => one('proveEntry', of(id, '/entries'), 'proof')),
  ]
}

/**
 * From whom the words of the finding that was handed over are kept until its embargo ends: they are for its reporter, the
 * developer and the office that has it, and not for consultants.
 */
export const areWordsKept = ({ organisation, roles }: Someone): boolean =>
  !['cedar', 'halcyon', 'ofr'].includes(organisation) || roles.every(role => role === 'consultant')
