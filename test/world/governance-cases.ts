/** Each operation that has a rule, on something in a state from which it is possible. */
import { at, textAt } from '../../client/json.ts'
import { modelId } from '../../scripts/demo/story.ts'
import type { Deciding } from './governance.ts'
import {
  agreement,
  type Case,
  client,
  drafts,
  facts,
  finding,
  gathered,
  grant,
  granted,
  handedOver,
  hold,
  model,
  ofCedar,
  ofHalcyon,
  ofPartnerAlone,
  own,
  partner,
  person,
  preservation,
  savedView,
  seenModel,
  twoParties,
  unlessRole,
} from './governance-case.ts'
import { evidenceOfCedar, oldMonths } from './governance-evidence.ts'
import {
  draftFor,
  inDays,
  limits,
  modelBody,
  nomination,
  report,
  type Subjects,
  signingKeyOf,
  someProvider,
  windowFor,
} from './governance-subjects.ts'
import { isSeen } from './governance-tables.ts'
import type { Someone } from './matrix-people.ts'
import type { World } from './world.ts'

export interface Told {
  readonly world: Pick<World, 'issuer'>
  readonly deciders: Deciding
  readonly made: Subjects
  /** Of the second side: under it a developer of its own can engage a model. */
  readonly otherEngagement: string
  /** Whose the signing key is, by the id of the person. */
  readonly priya: string
}

export function cases({ world, deciders, made, otherEngagement, priya }: Told): readonly Case[] {
  const appeal = (operation: string): Case => ({
    operation,
    at: { appeal: made.appeal },
    on: `/appeals/${made.appeal}`,
    seen: facts('appeal', { placedBy: 'cedar', ...granted }),
  })

  /** A credential is named by those whose it is. */
  const modelOf = ({ organisation }: Someone) => {
    const { upstreams, ...rest } = modelBody('newcomer', made.engagement)
    const other = organisation === 'meridian' && { government: 'ocb', agreement: otherEngagement }
    const openai = { ...upstreams.openai, credential: `${organisation}/key` }
    return { ...rest, ...other, upstreams: { openai } }
  }

  const determined = { determination: 'OFR-2', signer: 'The director' }

  /** Where several agreements cover it, one is named. */
  const found = ({ organisation }: Someone) =>
    report(organisation === 'cedar' ? { agreement: made.agreements.effective } : {})

  async function everyHolder(): Promise<object> {
    const { body } = (await deciders.read('priya', `/reviews/${made.review}`)) ?? {}
    return { kept: (at(body, 'subjects') as readonly { readonly id: string }[]).map(({ id }) => id) }
  }

  async function ownKey({ login }: Someone): Promise<object> {
    const { body } = await (await deciders.as(login)).get('/me')
    return (await signingKeyOf(world, textAt(body, 'person', 'id') ?? '')).body
  }

  const attested = { nationality: { value: 'FR', expires_at: inDays(30) } }

  return [
    {
      operation: 'registerOrganisation',
      body: { ...nomination('newcomer'), kind: 'government' },
      parties: { ...ofCedar, organisation: 'newcomer' },
    },
    {
      operation: 'setProvider',
      at: { organisation: 'fjord' },
      body: { provider: { ...someProvider, client_id: 'another' } },
      on: '/organisations/fjord',
      seen: facts('partner', { owner: 'fjord' }),
      parties: { ...ofCedar, organisation: 'fjord' },
    },
    {
      operation: 'setClearinghouse',
      at: { organisation: 'ofr' },
      body: { url: 'http://127.0.0.1:9/elsewhere' },
      on: '/organisations/ofr',
      seen: facts('partner', { owner: 'ofr' }),
      parties: { ...ofCedar, organisation: 'ofr' },
    },
    // Webhooks are an organisation's own matter, also for those who decide about it.
    {
      operation: 'registerWebhook',
      at: { organisation: 'cedar' },
      body: { url: 'http://127.0.0.1:9/other' },
      seen: ({ organisation }) => organisation === 'cedar',
      parties: { organisation: 'cedar', developers: [], governments: [] },
    },
    {
      operation: 'removeWebhook',
      at: { organisation: 'cedar', webhook: made.webhook },
      on: '/organisations/cedar',
      seen: ({ organisation }) => organisation === 'cedar',
      parties: { organisation: 'cedar', developers: [], governments: [] },
    },
    // Of an organisation that has no administrator yet: afterwards its own enrol its people.
    {
      operation: 'addPerson',
      body: { organisation: 'fjord', name: 'flo', subject: 'flo' },
      seen: facts('organisation', { owner: 'fjord' }),
      parties: { ...ofCedar, organisation: 'fjord' },
    },
    {
      ...person('firstAdmin', made.people.unadministered),
      seen: facts('person', { owner: 'fjord' }),
      parties: { ...ofCedar, organisation: 'fjord' },
    },
    person('roles', made.people.plain, { roles: ['partner-user'] }),
    person('attributes', made.people.plain, attested),
    { ...person('confirm', made.people.contractor), sponsor: 'sam' },
    {
      operation: 'registerSigningKey',
      at: { person: priya },
      on: `/people/${priya}`,
      body: ownKey,
      seen: facts('person', granted),
      only: 'priya',
    },
    {
      operation: 'endSigningKey',
      at: { person: priya, kid: made.signingKey },
      on: `/people/${priya}`,
      seen: facts('person', granted),
      only: 'priya',
    },
    person('suspend', made.people.plain),
    { ...person('reinstate', made.people.suspended), rule: 'person.reinstate_stopped' },
    person('remove', made.people.plain),
    {
      operation: 'nominatePartner',
      body: nomination('newcomer'),
      parties: { ...ofCedar, organisation: 'newcomer' },
    },
    partner('vet', made.partners.nominated),
    partner('select', made.partners.vetting),
    partner('activate', made.partners.selected),
    partner('suspend', 'cedar'),
    partner('reinstate', made.partners.suspended),
    partner('revoke', made.partners.selected),
    // It holds the grant of a released model.
    { ...partner('revoke', 'cedar'), rule: 'partner.revoke_released' },
    partner('close', made.partners.nominated),
    { operation: 'makeClientTicket', body: { kind: 'enrol', name: 'new', client: 'workload' }, parties: own },
    {
      operation: 'makeClientTicket',
      body: { kind: 'rotate', client: made.clients.active },
      seen: facts('client', granted),
    },
    client('suspendClient', made.clients.active),
    { ...client('reinstateClient', made.clients.suspended), rule: 'client.reinstate_stopped' },
    client('revokeClient', made.clients.active),
    client('compromisedClient', made.clients.active),
    { ...client('confirmClient', made.clients.contractors), sponsor: 'sam' },
    client('attestClient', made.clients.active, attested),
    { operation: 'engageModel', body: modelOf, parties: own },
    model('changeModel', modelId, { name: 'Another' }),
    model('assessModel', 'engaged-one'),
    model('designateModel', 'engaged-one', determined),
    model('notDesignateModel', 'engaged-one', determined),
    // Its developer offers it; the office takes it.
    model('offerModelWindow', 'designated-one', windowFor(made.office), {
      parties: { ...ofHalcyon, governments: [] },
    }),
    model('closeModelWindow', 'windowed-one'),
    model('shareModel', 'designated-one', { organisation: 'ofr', shared: true }),
    model('openModel', 'designated-one'),
    model('killModel', modelId),
    model('resumeModel', 'killed-one'),
    model('releaseModel', modelId),
    model('withdrawModel', modelId),
    model(
      'attachOpinion',
      'engaged-one',
      { text: 'It is worth another look.' },
      { parties: { ...ofHalcyon, consulted: ['ofr'] } },
    ),
    {
      operation: 'draftAgreement',
      body: draftFor('cedar'),
      seen: unlessRole('agreement.draft', ({ organisation }) => organisation === 'halcyon'),
      parties: own,
    },
    agreement('redraft', made.agreements.draft, { title: 'Another' }, drafts),
    // The draft of what is to follow the version in force.
    agreement('redraft', made.agreements.effective, { title: 'Another' }),
    agreement('offer', made.agreements.draft, {}, drafts),
    agreement('discard', made.agreements.draft, {}, drafts),
    agreement('return', made.agreements.offered, {}, twoParties),
    agreement('return', made.agreements.third),
    agreement('sign', made.agreements.offered, { digest: made.digests.offered }, twoParties),
    agreement('sign', made.agreements.third, { digest: made.digests.third }),
    agreement('acknowledge', made.agreements.unread, { digest: made.digests.unread }),
    agreement('suspend', made.agreements.effective),
    agreement('reinstate', made.agreements.suspended),
    agreement('resume', made.agreements.stopped),
    agreement(
      'terminate',
      made.agreements.effective,
      {},
      {
        // To its partner it is to leave.
        rule: ({ organisation }) => (organisation === 'cedar' ? 'agreement.leave' : 'agreement.terminate'),
      },
    ),
    agreement('leave', made.agreements.effective, {}, ofPartnerAlone),
    // An engagement either side leaves.
    agreement(
      'leave',
      made.engagement,
      {},
      {
        seen: facts('agreement', { owner: 'ofr', models: ['engaged-one'] }),
        parties: { ...ofCedar, organisation: 'ofr' },
      },
    ),
    agreement(
      'terminate',
      made.engagement,
      {},
      {
        rule: 'agreement.leave',
        seen: facts('agreement', { owner: 'ofr', models: ['engaged-one'] }),
        parties: { ...ofCedar, organisation: 'ofr' },
      },
    ),
    agreement('attest', made.agreements.terminated, { text: 'All of it is destroyed.' }),
    agreement('close', made.agreements.attested),
    {
      operation: 'reportFinding',
      body: found,
      seen: unlessRole('finding.report', someone => isSeen(someone, seenModel(modelId))),
      parties: own,
    },
    finding('handOff', made.findings.reported, { to: 'ofr' }),
    finding('share', made.findings.reported, { organisation: 'ofr' }),
    finding('resolve', made.findings.reported, { text: 'It is mended.' }),
    {
      operation: 'certifyReview',
      at: { review: made.review },
      on: `/reviews/${made.review}`,
      body: everyHolder,
      seen: facts('review', granted),
    },
    {
      operation: 'requestGrant',
      body: {
        organisation: 'cedar',
        model: modelId,
        agreement: made.agreements.unread,
        limits,
        expires_at: inDays(200),
      },
      seen: facts('agreement', granted),
    },
    grant('changeGrantQuota', made.grants.active, { limits: { ...limits, per_day: 5_000 } }),
    grant('setGrantContinuity', made.grants.active, { mission_continuity: true }),
    grant('suspendGrant', made.grants.active),
    grant('reinstateGrant', made.grants.suspended, {}, 'prairie'),
    grant('revokeGrant', made.grants.active),
    ...ofReleased(made),
    {
      operation: 'placeHold',
      body: { scope: { organisation: 'cedar' } },
      seen: facts('partner'),
    },
    {
      operation: 'placeHold',
      body: { scope: { nationality: 'FR' } },
      parties: {
        organisation: 'everyone',
        developers: ['halcyon', 'meridian'],
        governments: ['ofr', 'ocb'],
      },
    },
    // Whoever placed it lifts it: the other side's is not one's own.
    hold('liftHold', made.holds.developers, 'halcyon', { ...ofCedar, governments: [] }),
    hold('concurWithHold', made.holds.governments, 'ofr'),
    { operation: 'openCase', body: { title: 'Another' }, parties: own },
    gathered('addToCase', made.cases.open, { entry: made.gatheredEntry }),
    gathered('noteOnCase', made.cases.open, { text: 'It goes on.' }),
    gathered('closeCase', made.cases.open),
    gathered('reopenCase', made.cases.closed),
    { operation: 'saveView', body: { name: 'Another', q: 'decision:refuse' }, parties: own },
    savedView(made.views.shared, { sponsor: 'ada' }),
    savedView(made.views.personal, { seen: ({ login }) => login === 'ada' }),
    { operation: 'placePreservation', body: { query: 'partner:cedar' }, parties: own },
    preservation('liftPreservation', made.evidence.preservation),
    {
      operation: 'exportEvidence',
      body: () => evidenceOfCedar(),
      seen: unlessRole('evidence.export', someone => isSeen(someone, facts('organisation'))),
      parties: own,
    },
    {
      operation: 'attestReceipt',
      at: { evidence: made.evidence.evidence },
      on: `/evidence/${made.evidence.evidence}`,
      body: () => ({
        reference: 'FD-597',
        sha256: made.evidence.sha256,
        received_at: new Date().toISOString(),
      }),
      seen: facts('evidence', handedOver),
      parties: ofHalcyon,
    },
    {
      operation: 'deleteLogMonth',
      body: { month: oldMonths.asked },
      parties: {
        organisation: 'everyone',
        developers: ['halcyon', 'meridian'],
        governments: ['ofr', 'ocb'],
      },
    },
    appeal('upholdAppeal'),
    appeal('dismissAppeal'),
    {
      operation: 'changeRules',
      body: { rules: { proposal_hours: 48 } },
      on: '/rules',
      parties: {
        organisation: 'everyone',
        developers: ['halcyon', 'meridian'],
        governments: ['ofr', 'ocb'],
      },
    },
  ]
}

/** On a model that is released, and on what stands under it, nobody stops anything but its developer. */
function ofReleased({ released }: Subjects): readonly Case[] {
  const { parties } = twoParties
  const model = 'released-one'
  const of = { seen: facts('agreement', { models: [model] }), parties }
  const granted = {
    operation: 'suspendGrant',
    at: { grant: released.grant },
    on: `/grants/${released.grant}`,
    seen: facts('grant', { model }),
    parties,
  }
  return [
    granted,
    { ...granted, operation: 'revokeGrant', rule: 'model.resume' },
    agreement('suspend', released.agreement, {}, of),
    agreement(
      'terminate',
      released.agreement,
      {},
      {
        ...of,
        // Two people no more: its developer alone, or whoever goes.
        rule: ({ organisation }) => (organisation === 'cedar' ? 'agreement.leave' : 'model.resume'),
      },
    ),
    {
      operation: 'shareModel',
      at: { model },
      on: `/models/${model}`,
      body: { organisation: 'ofr', shared: false },
      seen: facts('model', { owner: 'halcyon', model, sharedWith: ['ofr'] }),
      parties: ofHalcyon,
    },
  ]
}

/** What stands because one person alone put it in force. */
export const ratifications = ({ made }: Pick<Told, 'made'>): Readonly<Record<string, Case>> => ({
  ratifyPartnerSuspension: partner('ratify', made.partners.suspended),
  ratifyPersonSuspension: person('ratify', made.people.suspended),
  ratifyClientStop: client('ratifyClientStop', made.clients.suspended),
  ratifyGrantSuspension: grant('ratifyGrantSuspension', made.grants.suspended, {}, 'prairie'),
  ratifyAgreementSuspension: agreement('ratify', made.agreements.suspended),
  ratifyHold: hold('ratifyHold', made.holds.governments, 'ofr'),
})
