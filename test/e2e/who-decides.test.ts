/**
 * Every operation that decides, asked by everybody: each role of each kind of organisation, and nobody's role, in the
 * demo's organisations and in others that have nothing to do with them. Who may, who lacks the role, and for whom the
 * record is not there, follows from the tables.
 */
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { textAt } from '../../client/json.ts'
import type { Operation } from '../../functions/api/operation.ts'
import { operations } from '../../functions/api/operations.ts'
import { adminOf, organisationKinds, rolesOf } from '../../shared/domain/parties.ts'
import type { ActionName } from '../../shared/domain/who-decides.ts'
import type { Facts } from '../../shared/domain/who-sees.ts'
import { entriesOf, told } from '../world/entries.ts'
import { because, codeOf, type Deciding, deciding, type Someone } from '../world/governance.ts'
import { type Case, facts, ofCedar } from '../world/governance-case.ts'
import { cases, ratifications } from '../world/governance-cases.ts'
import { engagementOf, makeSubjects, personId, type Subjects } from '../world/governance-subjects.ts'
import { decides, isSeen, type Parties } from '../world/governance-tables.ts'
import { type Matrix, openMatrix, signInsAtOnce } from '../world/matrix.ts'
import { openWorld } from '../world/open.ts'
import type { World } from '../world/world.ts'

let world: World
let deciders: Deciding
let matrix: Matrix
let everybody: readonly Someone[]
let made: Subjects
/** Of the second side: under it a developer of its own can engage a model. */
let otherEngagement: string
let priya: string
beforeAll(async () => {
  world = await openWorld(signInsAtOnce)
  deciders = deciding(world)
  matrix = await openMatrix(world, deciders)
  everybody = matrix.everybody
  made = await makeSubjects(world, deciders)
  const side = { developer: 'mira', office: 'ocb', by: 'olaf' }
  otherEngagement = await engagementOf(deciders, ['newcomer'], side)
  priya = await personId(deciders, 'priya', 'Priya Nair')
})
afterAll(async () => {
  await world.close()
  await matrix.close()
})

const all = (): readonly Case[] => cases({ world, deciders, made, otherEngagement, priya })

const ofThisSide: readonly string[] = ['halcyon', 'ofr', 'cedar', 'ledger']

const operationOf = (id: string): Operation & { readonly action: ActionName } => {
  const found = operations.find(one => one.id === id)
  if (found?.action === undefined) throw new Error(`no operation ${id} with a rule`)
  return { ...found, action: found.action }
}

type Class = 'allowed' | 'role_missing' | 'record_unknown'

/** By the tables. */
function expected(one: Case, someone: Someone): Class {
  const { operation, rule, seen, parties = ofCedar, sponsor, only = someone.login } = one
  const there = seen === undefined || (typeof seen === 'function' ? seen(someone) : isSeen(someone, seen))
  if (!there) return 'record_unknown'
  const of = typeof parties === 'function' ? parties(someone) : parties
  const administers = someone.roles.includes(adminOf[someone.kind])
  if (sponsor !== undefined && !administers && someone.login !== sponsor) return 'role_missing'
  if (only !== someone.login) return 'role_missing'
  const by = typeof rule === 'function' ? rule(someone) : (rule ?? operationOf(operation).action)
  return decides(by, someone, of) ? 'allowed' : 'role_missing'
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

const ratified = [
  'ratifyPartnerSuspension',
  'ratifyPersonSuspension',
  'ratifyClientStop',
  'ratifyGrantSuspension',
  'ratifyAgreementSuspension',
  'ratifyHold',
]
/** Elsewhere one stands for all: they share their code. */
const stands = inject('deployed') === undefined ? ratified : ['ratifyHold']

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
  expect(Object.keys(ratifications({ made }))).toEqual(ratified)
  const asked = new Set([...all().map(one => one.operation), ...ratified])
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
    const pairs = all().flatMap(one => everybody.map(someone => ({ one, someone })))
    const wrong: string[] = []
    await inTurns(sampled(pairs), async ({ one, someone }) => {
      const known = versions.get(one) ?? versionOn(one)
      versions.set(one, known)
      const operation = operationOf(one.operation)
      const should = expected(one, someone)
      const gateway = await deciders.as(someone.login)
      const send = operation.method === 'PATCH' ? gateway.patch : gateway.post
      // Only whoever may is content with a dry run: all others try in earnest.
      const given = typeof one.body === 'function' ? await one.body(someone) : one.body
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
    const one = ratifications({ made })[id] as Case
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
