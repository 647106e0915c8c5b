/**
 * Every operation that decides, asked by everybody: each role of each kind of organisation, and nobody's role, in the
 * demo's organisations and in others that have nothing to do with them. Who may, who lacks the role, and for whom the
 * record is not there, follows from the tables.
 */
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { textAt } from '../../client/json.ts'
import type { Operation } from '../../functions/api/operation.ts'
import { operations } from '../../functions/api/operations.ts'
import { modelId } from '../../scripts/demo/story.ts'
import { adminOf, organisationKinds, rolesOf } from '../../shared/domain/parties.ts'
import type { ActionName } from '../../shared/domain/who-decides.ts'
import type { Facts } from '../../shared/domain/who-sees.ts'
import { entriesOf, told } from '../world/entries.ts'
import { because, codeOf, type Deciding, deciding, type Someone } from '../world/governance.ts'
import {
  inDays,
  limits,
  makeSubjects,
  modelBody,
  nomination,
  type Subjects,
  someProvider,
  termsFor,
} from '../world/governance-subjects.ts'
import { decides, isSeen, type Parties } from '../world/governance-tables.ts'
import { type Matrix, openMatrix, signInsAtOnce } from '../world/matrix.ts'
import { openWorld } from '../world/open.ts'
import type { World } from '../world/world.ts'

let world: World
let deciders: Deciding
let matrix: Matrix
let everybody: readonly Someone[]
let made: Subjects
beforeAll(async () => {
  world = await openWorld(signInsAtOnce)
  deciders = deciding(world)
  matrix = await openMatrix(world, deciders)
  everybody = matrix.everybody
  made = await makeSubjects(world, deciders)
})
afterAll(async () => {
  await world.close()
  await matrix.close()
})

interface Case {
  readonly operation: string
  /** What stands in the braces of the path. */
  readonly at?: Readonly<Record<string, string>>
  readonly body?: object | ((someone: Someone) => object)
  /** The path of the record whose version is decided on, and who reads it. */
  readonly on?: string
  /** Whom the record that is named is there for; absent: it names none, or one that is everybody's. */
  readonly seen?: Facts | ((someone: Someone) => boolean)
  /** Whose it is and who decides about it; what somebody makes for themselves is their own. */
  readonly parties?: Parties | ((someone: Someone) => Parties)
  /** The rule that the records take it to; absent: the action's own. */
  readonly rule?: ActionName
  /** Of those who do not administer it this one alone, by login: they answer for what it is about. */
  readonly sponsor?: string
}

const ofThisSide: readonly string[] = ['halcyon', 'ofr', 'cedar', 'ledger']

const ofCedar: Parties = { organisation: 'cedar', developers: ['halcyon'], governments: ['ofr'] }
/**
 * As whoever decides is shown it. Agreements, and whom a hold names, are judged without the models that they are about:
 * an auditor reads them, and has nothing to decide there.
 */
const facts = (noun: Facts['noun'], further: Partial<Facts> = {}): Facts => ({
  noun,
  owner: 'cedar',
  developers: ['halcyon'],
  governments: ['ofr'],
  ...further,
})
/** What is cedar's as such is in the engagement of whoever audits the model that it is granted. */
const granted = { models: [modelId] }
const own = ({ organisation, kind }: Someone): Parties => ({
  organisation,
  developers: kind === 'developer' ? [organisation] : [],
  governments: kind === 'government' ? [organisation] : [],
})

function partner(verb: string, id: string): Case {
  const seen = facts('partner', { owner: id, ...(id === 'cedar' && granted) })
  const on = `/partners/${id}`
  return {
    operation: `${verb}Partner`,
    at: { partner: id },
    on,
    seen,
    parties: { ...ofCedar, organisation: id },
  }
}
const person = (verb: string, id: string, body: object = {}): Case => ({
  operation: `${verb}Person`,
  at: { person: id },
  on: `/people/${id}`,
  body,
  seen: facts('person', granted),
})
const client = (operation: string, id: string, body: object = {}): Case => ({
  operation,
  at: { client: id },
  on: `/clients/${id}`,
  body,
  seen: facts('client', granted),
})
const grant = (operation: string, id: string, body: object = {}, owner = 'cedar'): Case => ({
  operation,
  at: { grant: id },
  on: `/grants/${id}`,
  body,
  seen: facts('grant', { owner, model: modelId }),
  parties: { ...ofCedar, organisation: owner },
})
const model = (verb: string, id: string, body: object = {}): Case => ({
  operation: `${verb}Model`,
  at: { model: id },
  on: `/models/${id}`,
  body,
  seen: facts('model', { owner: 'halcyon', model: id }),
  parties: { ...ofCedar, organisation: 'halcyon' },
})
const agreement = (operation: string, id: string, body: object): Case => ({
  operation,
  at: { agreement: id },
  on: `/agreements/${id}`,
  body,
  seen: facts('agreement'),
})
const hold = (operation: string, id: string, placedBy: string, parties: Parties = ofCedar): Case => ({
  operation,
  at: { hold: id },
  on: `/holds/${id}`,
  seen: facts('hold', { placedBy, about: ['cedar'], model: 'engaged-one' }),
  parties,
})
const appeal = (operation: string): Case => ({
  operation,
  at: { appeal: made.appeal },
  on: `/appeals/${made.appeal}`,
  seen: facts('appeal', { placedBy: 'cedar', ...granted }),
})

/** A credential is named by those whose it is. */
const modelOf = ({ organisation }: Someone) => {
  const { upstreams, ...rest } = modelBody('newcomer')
  return { ...rest, upstreams: { openai: { ...upstreams.openai, credential: `${organisation}/key` } } }
}

const attested = { nationality: { value: 'FR', expires_at: inDays(30) } }

/** Each operation that has a rule, on something in a state from which it is possible. */
const cases = (): readonly Case[] => [
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
  partner('revoke', 'cedar'),
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
  model('change', modelId, { name: 'Another' }),
  model('designate', 'engaged-one', { determination: 'OFR-2' }),
  model('open', 'designated-one'),
  model('kill', modelId),
  model('resume', 'killed-one'),
  model('release', modelId),
  model('withdraw', modelId),
  {
    operation: 'offerAgreement',
    body: { terms: termsFor('cedar') },
    seen: facts('partner', granted),
    parties: someone => ({ ...ofCedar, developers: own(someone).developers }),
  },
  agreement('signAgreement', made.agreements.offered, { digest: made.digests.offered }),
  agreement('acknowledgeAgreement', made.agreements.unread, { digest: made.digests.unread }),
  {
    operation: 'requestGrant',
    body: {
      organisation: 'cedar',
      model: modelId,
      agreement: made.agreements.unread,
      limits,
      expires_at: inDays(200),
    },
    seen: facts('agreement'),
  },
  grant('changeGrantQuota', made.grants.active, { limits: { ...limits, per_day: 5_000 } }),
  grant('setGrantContinuity', made.grants.active, { mission_continuity: true }),
  grant('suspendGrant', made.grants.active),
  grant('reinstateGrant', made.grants.suspended, {}, 'prairie'),
  grant('revokeGrant', made.grants.active),
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

const operationOf = (id: string): Operation & { readonly action: ActionName } => {
  const found = operations.find(one => one.id === id)
  if (found?.action === undefined) throw new Error(`no operation ${id} with a rule`)
  return { ...found, action: found.action }
}

type Class = 'allowed' | 'role_missing' | 'record_unknown'

/** By the tables. */
function expected({ operation, rule, seen, parties = ofCedar, sponsor }: Case, someone: Someone): Class {
  const there = seen === undefined || (typeof seen === 'function' ? seen(someone) : isSeen(someone, seen))
  if (!there) return 'record_unknown'
  const of = typeof parties === 'function' ? parties(someone) : parties
  const administers = someone.roles.includes(adminOf[someone.kind])
  if (sponsor !== undefined && !administers && someone.login !== sponsor) return 'role_missing'
  return decides(rule ?? operationOf(operation).action, someone, of) ? 'allowed' : 'role_missing'
}

/** Elsewhere a request takes long: a part of the pairs, another part for each operation. */
const sampled = <T>(pairs: readonly T[]): readonly T[] =>
  world.live ? pairs : pairs.filter((_, i) => i % 13 === Math.floor(i / everybody.length) % 13)

const few = (all: readonly Someone[], always?: string): readonly Someone[] =>
  world.live ? all : all.filter(({ login }, i) => i % 4 === 0 || login === always)

async function inTurns<T>(all: readonly T[], one: (item: T) => Promise<void>): Promise<void> {
  for (let i = 0; i < all.length; i += world.atOnce)
    await Promise.all(all.slice(i, i + world.atOnce).map(one))
}

const ratifications: Readonly<Record<string, () => Case>> = {
  ratifyPartnerSuspension: () => partner('ratify', made.partners.suspended),
  ratifyPersonSuspension: () => person('ratify', made.people.suspended),
  ratifyClientStop: () => client('ratifyClientStop', made.clients.suspended),
  ratifyGrantSuspension: () => grant('ratifyGrantSuspension', made.grants.suspended, {}, 'prairie'),
  ratifyHold: () => hold('ratifyHold', made.holds.governments, 'ofr'),
}

/** Elsewhere one stands for all: they share their code. */
const stands = inject('deployed') === undefined ? Object.keys(ratifications) : ['ratifyHold']

test('each role of each kind of organisation asks, on this side and on another, and somebody without any', () => {
  const sides = (one: Someone) => (ofThisSide.includes(one.organisation) ? 'this' : 'another')
  const asking = everybody.flatMap(one =>
    [...one.roles, ...(one.roles.length === 0 ? ['none'] : [])].map(
      role => `${role} of ${one.kind}, ${sides(one)}`,
    ),
  )
  const all = organisationKinds.flatMap(kind =>
    [...rolesOf[kind], 'none'].flatMap(role => [`${role} of ${kind}, this`, `${role} of ${kind}, another`]),
  )
  if (world.live) expect(all.filter(one => !asking.includes(one))).toEqual([])
  else expect(everybody.length).toBe(14)
})

test('every operation with a rule is asked', () => {
  const asked = new Set([...cases().map(one => one.operation), ...Object.keys(ratifications)])
  expect(operations.filter(({ action, id }) => action && !asked.has(id)).map(({ id }) => id)).toEqual([])
})

/** The version, as whoever sees everything of this side reads it. */
async function versionOn({ on }: Case): Promise<{ ifMatch?: number }> {
  if (on === undefined) return {}
  const ifMatch = (await deciders.read('ada', on))?.version
  return ifMatch === undefined ? {} : { ifMatch }
}

const pathOf = ({ path }: Pick<Operation, 'path'>, { at = {} }: Case): string =>
  path.replace(/\{(\w+)\}/g, (_, name: string) => at[name] ?? '-')

describe('by the tables of who decides and who sees', () => {
  test('each person may, lacks the role, or finds no such record; who may not changes nothing', async () => {
    const before = await everyDecision()
    const versions = new Map<Case, ReturnType<typeof versionOn>>()
    const pairs = cases().flatMap(one => everybody.map(someone => ({ one, someone })))
    const wrong: string[] = []
    await inTurns(sampled(pairs), async ({ one, someone }) => {
      const known = versions.get(one) ?? versionOn(one)
      versions.set(one, known)
      const operation = operationOf(one.operation)
      const should = expected(one, someone)
      const gateway = await deciders.as(someone.login)
      const send = operation.method === 'PATCH' ? gateway.patch : gateway.post
      // Only whoever may is content with a dry run: all others try in earnest.
      const given = typeof one.body === 'function' ? one.body(someone) : one.body
      const body = { ...because(), ...given, ...(should === 'allowed' && { dry_run: true }) }
      const answer = await send(pathOf(operation, one), body, await known)
      const found = codeOf(answer) ?? textAt(answer.body, 'step')
      const right = should === 'allowed' ? 'dry_run' : should
      const status = { allowed: 200, role_missing: 403, record_unknown: 404 }[should]
      if (found !== right || answer.status !== status)
        wrong.push(`${someone.login} ${one.operation}: ${answer.status} ${found}, not ${status} ${right}`)
    })
    expect(wrong).toEqual([])
    expect(await everyDecision()).toEqual(before)
  })

  test.each(stands)('%s: whoever may stands by it, but not who put it in force', async id => {
    const one = ratifications[id]?.() as Case
    const { seen, parties = ofCedar } = one as { seen: Facts; parties?: Parties }
    const { action, path } = operationOf(id)
    const ratify = async ({ login }: Someone): Promise<string | undefined> => {
      const answer = await deciders.ask(login, pathOf({ path }, one), undefined, await versionOn(one))
      return answer.status === 200 ? 'ratified' : codeOf(answer)
    }
    const stopped = await deciders.read('ada', one.on ?? '')
    const [first = ''] = textAt(stopped?.body, 'stop', 'by', 'name')?.toLowerCase().split(' ') ?? []
    const may = everybody.filter(someone => isSeen(someone, seen) && decides(action, someone, parties))
    for (const someone of few(everybody.filter(one => !may.includes(one))))
      expect([someone.login, await ratify(someone)]).toEqual([
        someone.login,
        isSeen(someone, seen) ? 'role_missing' : 'record_unknown',
      ])
    expect(await deciders.read('ada', one.on ?? '')).toEqual(stopped)
    const [other, ...others] = may.filter(({ login }) => login !== first)
    for (const someone of may.filter(({ login }) => login === first))
      expect(await ratify(someone)).toBe('own_proposal')
    expect(await ratify(other as Someone)).toBe('ratified')
    for (const someone of others.slice(0, 1)) expect(await ratify(someone)).toBe('state_forbids')
  })

  test('a proposal is answered by those whose signature it takes, and not by who opened it', async () => {
    const proposal = `/proposals/${made.proposal}`
    const before = await deciders.read('ada', proposal)
    const parties = { ...ofCedar, organisation: 'grove' }
    const seen = facts('proposal', { owner: 'grove', placedBy: 'halcyon', decidedBy: ['halcyon'] })
    for (const someone of few(everybody, 'boris'))
      for (const verb of ['approve', 'decline', 'withdraw']) {
        const own = someone.login === 'boris'
        const may = verb === 'withdraw' ? own : decides('partner.revoke', someone, parties)
        if (may && (!own || verb === 'withdraw')) continue
        const answer = await deciders.ask(someone.login, `${proposal}/${verb}`, because(), {
          ifMatch: before?.version,
        })
        const should = !isSeen(someone, seen) ? 'record_unknown' : may ? 'own_proposal' : 'role_missing'
        expect([someone.login, verb, codeOf(answer)]).toEqual([someone.login, verb, should])
      }
    expect(await deciders.read('ada', proposal)).toEqual(before)
    const withdrawn = await deciders.ask('boris', `${proposal}/withdraw`, {}, { ifMatch: before?.version })
    expect([withdrawn.status, textAt(withdrawn.body, 'state')]).toEqual([200, 'withdrawn'])
  })

  test('each of those who may approve or decline does so', async () => {
    const path = `/people/${made.people.plain}`
    const may = everybody.filter(one => one.login !== 'priya' && decides('person.roles', one, ofCedar))
    expect(may.map(({ login }) => login)).toEqual(['ada', 'boris', 'nora', 'omar'])
    for (const [i, { login }] of few(may).entries()) {
      const roles = i % 2 === 0 ? ['partner-user'] : []
      for (const [verb, state] of [
        ['decline', 'declined'],
        ['approve', 'applied'],
      ] as const) {
        const { body } = await deciders.make('priya', `${path}/roles`, { roles, ...because() }, { on: path })
        const id = textAt(body, 'proposal', 'id')
        const answer = await deciders.ask(login, `/proposals/${id}/${verb}`, because(), { ifMatch: 1 })
        expect([login, answer.status, textAt(answer.body, 'state')]).toEqual([login, 200, state])
      }
    }
  })

  test('only the administrator of those that a decision is about appeals it', async () => {
    const stopped = await deciders.read('ada', `/people/${made.people.suspended}`)
    const entry = textAt(stopped?.body, 'stop', 'entry') ?? ''
    for (const { login, roles, organisation } of few(everybody, 'priya')) {
      const answer = await deciders.ask(login, '/appeals', { entry, text: 'Look again.' })
      const admin = roles.includes('partner-admin')
      const should = !admin ? 'role_missing' : organisation === 'cedar' ? undefined : 'entry_unknown'
      expect([login, codeOf(answer)]).toEqual([login, should])
    }
  })
})

async function everyDecision(): Promise<readonly string[]> {
  const all = await Promise.all(
    [
      'halcyon',
      'ofr',
      'cedar',
      'prairie',
      'fjord',
      'brook',
      'everyone',
      'newcomer',
      'meridian',
      'ocb',
      'ledger',
      'harbor',
      'census',
    ].map(id => entriesOf(world.store, id)),
  )
  return all.flat().flatMap(({ eid, entry }) => (told(entry).kind === 'decision' ? [eid] : []))
}
