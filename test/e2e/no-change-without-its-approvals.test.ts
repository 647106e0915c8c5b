/** Invariant 5: no governance change without its approvals and its record, in one transaction. */
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { at, textAt } from '../../client/json.ts'
import { modelId } from '../../scripts/demo/story.ts'
import { ruleOf, whoDecides } from '../../shared/domain/who-decides.ts'
import { because, codeOf, type Deciding, deciding } from '../world/governance.ts'
import { evidenceOfCedar, oldMonths } from '../world/governance-evidence.ts'
import {
  draftFor,
  engagementOf,
  inDays,
  limits,
  makeSubjects,
  modelBody,
  nomination,
  type Subjects,
  signed,
  someProvider,
  windowFor,
} from '../world/governance-subjects.ts'
import { openWorld } from '../world/open.ts'
import { foreignIn } from '../world/words.ts'
import type { World } from '../world/world.ts'

let world: World
let deciders: Deciding
let made: Subjects
beforeAll(async () => {
  world = await openWorld()
  deciders = deciding(world)
  made = await makeSubjects(world, deciders)
})
afterAll(() => world.close())

interface Change {
  readonly path: () => string
  readonly body?: () => object
  /** The record that it changes, or makes. */
  readonly record: () => string
  readonly by?: string
  readonly second?: string
  /** Something to be done before. */
  readonly first?: () => Promise<unknown>
}

const on = (record: () => string, verb: string, further: Partial<Change> = {}): Change => ({
  record,
  path: () => `${record()}/${verb}`,
  ...further,
})
const partner = (id: () => string, verb: string): Change => on(() => `/partners/${id()}`, verb)
const grant = (verb: string, further: Partial<Change> = {}): Change =>
  on(() => `/grants/${made.grants.active}`, verb, further)
const plain = (): string => `/people/${made.people.plain}`
/** By the developer, to begin with. */
const suspendedClient = (): string => `/clients/${made.clients.suspended}`

/** Every action that takes two people, once. The order is that in which one makes the next possible. */
const changes: Readonly<Record<string, Change>> = {
  'organisation.register': {
    path: () => '/organisations',
    record: () => '/organisations/newcomer',
    body: () => ({ ...nomination('newcomer'), kind: 'government' }),
  },
  'organisation.provider': on(() => '/organisations/fjord', 'provider', {
    body: () => ({ provider: { ...someProvider, client_id: 'another' } }),
  }),
  'organisation.clearinghouse': on(() => '/organisations/ofr', 'clearinghouse', {
    body: () => ({ url: 'http://127.0.0.1:9/elsewhere' }),
  }),
  'person.first_admin': on(() => `/people/${made.people.unadministered}`, 'first_admin'),
  'person.roles': on(plain, 'roles', { body: () => ({ roles: ['partner-user'] }), by: 'priya' }),
  'person.reinstate': on(plain, 'reinstate', {
    by: 'priya',
    first: () => deciders.make('priya', `${plain()}/suspend`, because(), { on: plain() }),
  }),
  'person.reinstate_stopped': on(plain, 'reinstate', {
    first: () => deciders.make('boris', `${plain()}/suspend`, because(), { on: plain() }),
  }),
  'partner.select': partner(() => made.partners.vetting, 'select'),
  'partner.reinstate': partner(() => made.partners.suspended, 'reinstate'),
  'partner.revoke': partner(() => made.partners.selected, 'revoke'),
  'partner.close': partner(() => made.partners.nominated, 'close'),
  'appeal.dismiss': on(() => `/appeals/${made.appeal}`, 'dismiss'),
  'client.reinstate_stopped': on(suspendedClient, 'reinstate'),
  'client.reinstate': on(suspendedClient, 'reinstate', {
    by: 'priya',
    first: () => deciders.make('priya', `${suspendedClient()}/suspend`, because(), { on: suspendedClient() }),
  }),
  'appeal.uphold': {
    path: () => `/appeals/${appealed}/uphold`,
    record: () => `/appeals/${appealed}`,
    first: async () => {
      const stopped = await deciders.read('ada', `/people/${made.people.suspended}`)
      const entry = textAt(stopped?.body, 'stop', 'entry')
      appealed = (await deciders.make('priya', '/appeals', { entry, text: 'She is needed.' })).id
    },
  },
  'grant.activate': {
    path: () => '/grants',
    record: () => `/agreements/${made.agreements.unread}`,
    body: () => ({
      organisation: 'cedar',
      model: modelId,
      agreement: made.agreements.unread,
      limits,
      expires_at: inDays(100),
    }),
  },
  'grant.continuity': grant('continuity', { body: () => ({ mission_continuity: true }) }),
  'grant.suspend_continuing': grant('suspend'),
  'grant.reinstate': grant('reinstate'),
  'grant.revoke': grant('revoke'),
  'partner.revoke_released': on(() => '/partners/prairie', 'revoke', { first: grantOfReleased }),
  'agreement.reinstate': on(() => `/agreements/${made.agreements.suspended}`, 'reinstate'),
  'agreement.terminate': on(() => `/agreements/${made.agreements.suspended}`, 'terminate', {
    second: 'boris',
  }),
  'model.window': on(() => '/models/designated-one', 'window', { body: () => windowFor(made.office) }),
  'evidence.export': {
    path: () => '/evidence',
    record: () => `/evidence/${made.evidence.evidence}`,
    body: evidenceOfCedar,
  },
  'preservation.lift': on(() => `/preservations/${made.evidence.preservation}`, 'lift'),
  'log.delete': {
    path: () => '/log/deletions',
    record: () => `/log/deletions/${oldMonths.applied}`,
    body: () => ({ month: oldMonths.applied }),
  },
  'rules.change': on(() => '/rules', 'change', { body: () => ({ rules: { proposal_hours: 48 } }) }),
}
let appealed = ''

/** What a partner was granted is its developer's business alone once the model is released. */
async function grantOfReleased(): Promise<void> {
  const { make } = deciders
  const models = ['freed-one']
  const engagement = await engagementOf(deciders, models)
  await make('ada', '/models', modelBody('freed-one', engagement))
  const { id: agreement } = await signed(deciders, draftFor('prairie', { models }), 'wes')
  const asked = { organisation: 'prairie', model: 'freed-one', agreement, limits, expires_at: inDays(100) }
  await make('ada', '/grants', { ...asked, ...because() }, { with: 'nora' })
  await make('ada', '/models/freed-one/release', because())
}

const names = Object.keys(changes)
/** Elsewhere a request takes long: those that stand for themselves. */
const run =
  inject('deployed') === undefined
    ? names
    : ['person.roles', 'partner.select', 'grant.continuity', 'rules.change']

test('every action that takes two people is tried', () => {
  const two = (Object.keys(whoDecides) as (keyof typeof whoDecides)[]).filter(
    name => ruleOf(name).seats.length > 1,
  )
  expect(names.toSorted()).toEqual(two.toSorted())
})

describe.each(run)('%s', name => {
  test('one signature changes nothing; the second makes the change, with its entry, at once', async () => {
    const { path, record, body = () => ({}), by = 'ada', second = 'nora', first } = changes[name] as Change
    await first?.()
    const before = await deciders.read(by, record())
    const options = before === undefined ? {} : { ifMatch: before.version }
    const asked = await deciders.ask(by, path(), { ...body(), ...because() }, options)
    expect([asked.status, codeOf(asked), textAt(asked.body, 'step')]).toEqual([202, undefined, 'proposed'])
    const proposal = `/proposals/${textAt(asked.body, 'proposal', 'id')}`
    expect(await deciders.read(by, record())).toEqual(before)

    // As often as one likes: it stays one signature.
    for (const verb of ['approve', 'decline']) {
      const again = await deciders.ask(by, `${proposal}/${verb}`, because(), { ifMatch: 1 })
      expect([again.status, codeOf(again)]).toEqual([403, 'own_proposal'])
    }
    const open = await deciders.read(by, proposal)
    expect(open).toMatchObject({ version: 1, body: { state: 'open' } })
    expect(await deciders.read(by, record())).toEqual(before)
    const proposed = await entryOf(by, textAt(asked.body, 'entry'))
    expect(proposed).toMatchObject({ decision: 'proposed', shown: textAt(open?.body, 'shown') })
    expect(new Set(signers(proposed)).size).toBe(1)

    const approved = await deciders.ask(second, `${proposal}/approve`, {}, { ifMatch: 1 })
    expect([approved.status, codeOf(approved), textAt(approved.body, 'state')]).toEqual([
      200,
      undefined,
      'applied',
    ])
    const applied = await entryOf(by, textAt(approved.body, 'entry'))
    expect(applied).toMatchObject({
      decision: 'applied',
      proposal: proposal.split('/').at(-1),
      difference: at(open?.body, 'difference'),
      proposed_shown: textAt(open?.body, 'shown'),
      reason: 'operational',
    })
    expect(new Set(signers(applied)).size).toBe(2)
    const after = await deciders.read(by, record())
    if (name === 'grant.activate') {
      const granted = await deciders.read(by, `/grants/${textAt(asked.body, 'subject', 'id')}`)
      expect(textAt(granted?.body, 'state')).toBe('active')
    } else if (name === 'evidence.export') {
      const given = await deciders.read(by, `/evidence/${textAt(asked.body, 'subject', 'id')}`)
      expect([given?.version, textAt(given?.body, 'agency')]).toEqual([1, 'FBI'])
    } else expect(after?.version).toBe((before?.version ?? 0) + 1)
  })
})

test('every entry and every proposal of it is in the words of the API, and so is the story before it', async () => {
  // One that no second person signs, and a ticket.
  const scope = { nationality: 'FR', model: modelId }
  const held = (await deciders.make('nora', '/holds', { scope, ...because() })).id
  await deciders.make('ada', `/holds/${held}/concur`, because(), { on: `/holds/${held}` })
  const wanted = { kind: 'enrol', name: 'batch', client: 'workload', expires_at: inDays(30) }
  await deciders.make('priya', '/clients/tickets', { ...wanted, ...because() })
  const attested = { nationality: { value: 'FR', expires_at: inDays(30) } }
  const client = `/clients/${made.clients.active}`
  await deciders.make('priya', `${client}/attributes`, { ...attested, ...because() }, { on: client })
  await deciders.make('priya', `${plain()}/attributes`, { ...attested, ...because() }, { on: plain() })

  for (const [login, record, verb, body] of alone()) {
    const asked = typeof body === 'function' ? await body() : body
    await deciders.make(login, `${record}/${verb}`, { ...asked, ...because() }, { on: record })
  }

  const lists = ['ada', 'nora', 'priya'].map(who => deciders.list(who, '/entries?limit=100&by=us'))
  const entries = (await Promise.all([...lists, deciders.list('priya', '/entries?limit=100')])).flat()
  const decisions = entries.map(one => at(one, 'body', 'unmapped')).filter(isDecision)
  const seen = new Set(decisions.map(({ action }) => action))
  const further = [
    ...([
      'hold.concur',
      'client.ticket',
      'client.attributes',
      'person.attributes',
      'person.signing_key',
    ] as const),
    ...(['preservation.place'] as const),
    ...(['model.engage', 'model.designate', 'model.share', 'opinion.attach'] as const),
    ...(['agreement.draft', 'agreement.offer', 'agreement.sign', 'agreement.suspend'] as const),
    ...(['agreement.attest', 'finding.report', 'finding.hand_off', 'finding.share'] as const),
    ...alone().map(([, record, verb]) => `${record.split('/')[1]?.slice(0, -1)}.${verb}`),
  ]
  for (const name of [...run.filter(one => !ofAnotherAction.includes(one)), ...further])
    expect(seen).toContain(name)
  const proposals = await deciders.list('ada', '/proposals')
  for (const one of [...decisions, ...proposals])
    expect([one.action, foreignIn(one)]).toEqual([one.action, []])
})

type Alone = readonly [login: string, record: string, verb: string, body?: object | (() => Promise<object>)]

/** What one person decides, in the order in which one makes the next possible. */
function alone(): readonly Alone[] {
  const agreement = (name: keyof Subjects['agreements']): string => `/agreements/${made.agreements[name]}`
  const kept = async () => {
    const { body } = (await deciders.read('priya', `/reviews/${made.review}`)) ?? {}
    return { kept: (at(body, 'subjects') as readonly { readonly id: string }[]).map(({ id }) => id) }
  }
  return [
    ['priya', agreement('unread'), 'acknowledge', { digest: made.digests.unread }],
    ['priya', agreement('offered'), 'return'],
    ['ada', agreement('stopped'), 'resume'],
    ['priya', agreement('stopped'), 'leave'],
    ['ada', agreement('attested'), 'close'],
    ['nora', '/models/engaged-one', 'assess', { days: 3 }],
    ['nora', '/models/engaged-one', 'not_designate', { determination: 'OFR-3', signer: 'The director' }],
    ['ada', '/models/windowed-one', 'close_window'],
    ['ada', '/models/windowed-one', 'open'],
    ['ada', '/models/windowed-one', 'withdraw'],
    ['ada', `/findings/${made.findings.reported}`, 'resolve', { text: 'It is mended.' }],
    ['priya', `/reviews/${made.review}`, 'certify', kept],
    ['ada', `/cases/${made.cases.open}`, 'close'],
    ['ada', `/cases/${made.cases.open}`, 'reopen'],
    ['ada', `/views/${made.views.personal}`, 'remove'],
  ]
}

/** Rules that the records take an action to. */
const ofAnotherAction: readonly string[] = [
  'partner.revoke_released',
  'grant.suspend_continuing',
  'person.reinstate_stopped',
  'client.reinstate_stopped',
]

const isDecision = (one: unknown): one is Readonly<Record<string, unknown>> => at(one, 'kind') === 'decision'

const signers = (entry: unknown): readonly unknown[] =>
  ((at(entry, 'signatures') ?? []) as readonly { person: string }[]).map(one => JSON.stringify(one))

async function entryOf(login: string, eid: string | undefined): Promise<unknown> {
  const read = await deciders.read(login, `/entries/${eid}`)
  return at(read?.body, 'body', 'unmapped')
}
