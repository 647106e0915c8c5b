/** Every operation that reads, asked by everybody; and what somebody may not see cannot be told from what is not there. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { textAt } from '../../client/json.ts'
import { operations } from '../../functions/api/operations.ts'
import { modelId } from '../../scripts/demo/story.ts'
import type { Facts, Noun } from '../../shared/domain/who-sees.ts'
import { because, codeOf, type Deciding, deciding, type Someone } from '../world/governance.ts'
import {
  inDays,
  limits,
  makeSubjects,
  modelBody,
  nomination,
  personId,
  type Subjects,
  someProvider,
  termsFor,
} from '../world/governance-subjects.ts'
import { isSeen } from '../world/governance-tables.ts'
import { type Matrix, openMatrix, signInsAtOnce } from '../world/matrix.ts'
import { otherModel } from '../world/matrix-people.ts'
import { openWorld } from '../world/open.ts'
import { validateAnswer } from '../world/openapi.ts'
import type { World } from '../world/world.ts'

let world: World
let deciders: Deciding
let matrix: Matrix
let everybody: readonly Someone[]
let made: Subjects
let entries: { readonly call: string; readonly decision: string }
let persons: { readonly nora: string; readonly mira: string; readonly priya: string }
let sealed: string
beforeAll(async () => {
  world = await openWorld(signInsAtOnce)
  deciders = deciding(world)
  matrix = await openMatrix(world, deciders)
  everybody = matrix.everybody
  made = await makeSubjects(world, deciders)
  persons = {
    nora: await personId(deciders, 'nora', 'Nora Quill'),
    mira: await personId(deciders, 'mira', 'mira'),
    priya: await personId(deciders, 'priya', 'Priya Nair'),
  }
  const { reason } = because('The words are ours.', 'insider_risk')
  const scope = { organisation: 'cedar', model: 'designated-one' }
  sealed = (await deciders.make('ada', '/holds', { scope, reason: { ...reason, sealed: true } })).id
  expect((await world.raw('cedar').chat({})).status).toBe(200)
  const call = (await world.entries('cedar')).find(({ eid }) => eid.endsWith('.outcome'))
  const stopped = await deciders.read('ada', `/people/${made.people.suspended}`)
  entries = { call: call?.eid ?? '', decision: textAt(stopped?.body, 'stop', 'entry') ?? '' }
})
afterAll(async () => {
  await world.close()
  await matrix.close()
})

interface Known {
  readonly noun: Noun
  /** Below `/api/v1`. */
  readonly path: string
  readonly operation: string
  readonly id: string
  readonly facts: Facts
}

/** What there is, and whom it concerns. An auditor is engaged for the model that cedar and prairie are granted. */
function everything(): readonly Known[] {
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
  const model = (id: string, offeredTo: readonly string[]) =>
    one('model', 'getModel', '/models', id, { owner: 'halcyon', model: id, offeredTo })
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
    ...(world.live ? [organisation('census', { ...harbor, owner: 'census', models: [otherModel] })] : []),
    ...[made.people.plain, made.people.suspended, made.people.sam].map(id => person(id, { models })),
    person(made.people.unadministered, { owner: 'fjord' }),
    person(persons.nora, { owner: 'ofr' }),
    person(persons.mira, { owner: 'meridian', developers: [], governments: ['ofr'] }),
    ...Object.values(made.clients).map(id => one('client', 'getClient', '/clients', id, { models })),
    model(modelId, ['cedar', 'prairie']),
    model('engaged-one', []),
    ...(world.live ? [one('model', 'getModel', '/models', otherModel, otherModels)] : []),
    ...Object.values(made.agreements).map(id =>
      one('agreement', 'getAgreement', '/agreements', id, { models }),
    ),
    one('grant', 'getGrant', '/grants', made.grants.active, { model: modelId }),
    one('grant', 'getGrant', '/grants', made.grants.suspended, { owner: 'prairie', model: modelId }),
    one('proposal', 'getProposal', '/proposals', made.proposal, { owner: 'grove', placedBy: 'halcyon' }),
    hold(made.holds.developers, 'halcyon', 'engaged-one'),
    hold(made.holds.governments, 'ofr', 'engaged-one'),
    hold(sealed, 'halcyon', 'designated-one'),
    one('appeal', 'getAppeal', '/appeals', made.appeal, { placedBy: 'cedar', models }),
    one('call', 'getEntry', '/entries', entries.call, { governments: [], model: modelId }),
    one('decision', 'getEntry', '/entries', entries.decision, {
      about: ['cedar'],
      decidedBy: ['halcyon'],
      models,
    }),
  ]
}

const lists: Readonly<Record<string, { readonly path: string; readonly noun: Noun }>> = {
  listOrganisations: { path: '/organisations', noun: 'organisation' },
  listPartners: { path: '/partners', noun: 'partner' },
  listClients: { path: '/clients', noun: 'client' },
  listModels: { path: '/models', noun: 'model' },
  listAgreements: { path: '/agreements', noun: 'agreement' },
  listGrants: { path: '/grants', noun: 'grant' },
  listProposals: { path: '/proposals', noun: 'proposal' },
  listHolds: { path: '/holds', noun: 'hold' },
  listAppeals: { path: '/appeals', noun: 'appeal' },
}

/** Asked by name below. */
const others = [
  'getMe',
  'listMySessions',
  'endMySession',
  'listSessionsOfPerson',
  'endSessionOfPerson',
  'listNotices',
  'getWebhookSecret',
  'listPeople',
  'listRequests',
  'getRules',
  'getStatistics',
  'listEntries',
  'enrolClient',
  'getOpenapi',
]
/** Decided by the rule of what they answer: in `who-decides.test.ts`. */
const decided = ['approveProposal', 'declineProposal', 'withdrawProposal', 'lodgeAppeal']

test('every operation without a rule is asked', () => {
  const asked = new Set([
    ...everything().map(({ operation }) => operation),
    ...Object.keys(lists),
    ...others,
    ...decided,
  ])
  expect(operations.filter(({ action, id }) => !action && !asked.has(id)).map(({ id }) => id)).toEqual([])
})

const sampled = <T>(all: readonly T[], every: number): readonly T[] =>
  world.live ? all : all.filter((_, i) => i % every === Math.floor(i / everybody.length) % every)

async function inTurns<T>(all: readonly T[], one: (item: T) => Promise<void>): Promise<void> {
  for (let i = 0; i < all.length; i += world.atOnce)
    await Promise.all(all.slice(i, i + world.atOnce).map(one))
}

describe('by the table of who sees', () => {
  test('each person reads a record, or there is none for them', async () => {
    const pairs = everything().flatMap(known => everybody.map(someone => ({ known, someone })))
    const wrong: string[] = []
    await inTurns(sampled(pairs, 13), async ({ known, someone }) => {
      const { status, body } = await (await deciders.as(someone.login)).get(known.path)
      const should = isSeen(someone, known.facts) ? 200 : 404
      if (status !== should) wrong.push(`${someone.login} reads ${known.path}: ${status}, not ${should}`)
      else validateAnswer(known.operation, status, body)
    })
    expect(wrong).toEqual([])
  })

  test('a list holds what one sees, and nothing else', async () => {
    const known = everything()
    const pairs = Object.entries(lists).flatMap(([id, list]) =>
      everybody.map(someone => ({ id, ...list, someone })),
    )
    const wrong: string[] = []
    await inTurns(sampled(pairs, 13), async ({ id, path, noun, someone }) => {
      const items = await deciders.list(someone.login, `${path}?limit=100`)
      validateAnswer(id, 200, { items, next: null })
      const of = known.filter(one => one.noun === noun)
      const found = items.map(one => one.id).filter(one => of.some(other => other.id === one))
      const should = of.filter(({ facts }) => isSeen(someone, facts)).map(one => one.id)
      if (JSON.stringify(found.toSorted()) !== JSON.stringify(should.toSorted()))
        wrong.push(`${someone.login} ${path}: ${found}, not ${should}`)
    })
    expect(wrong).toEqual([])
  })

  test('people are listed by organisation, entries by one’s own', async () => {
    const { plain, unadministered } = made.people
    for (const someone of sampled(everybody, 5)) {
      const gateway = await deciders.as(someone.login)
      for (const [organisation, id, models] of [
        ['cedar', plain, [modelId]],
        ['fjord', unadministered, []],
      ] as const) {
        const { status, body } = await gateway.get(`/people?organisation=${organisation}`)
        const facts = {
          noun: 'person',
          owner: organisation,
          developers: ['halcyon'],
          governments: ['ofr'],
          models,
        }
        const should = isSeen(someone, facts as Facts)
        expect([someone.login, organisation, status]).toEqual([
          someone.login,
          organisation,
          should ? 200 : 404,
        ])
        if (should) validateAnswer('listPeople', status, body)
        if (should) expect(JSON.stringify(body)).toContain(id)
      }
      // Without a role there is nothing of their own organisation either.
      const acts = someone.roles.length > 0
      const ofCedar = acts && someone.organisation === 'cedar'
      const own = await deciders.list(someone.login, '/entries?limit=100')
      expect(own.some(({ eid }) => eid === entries.call)).toBe(ofCedar)
      const ours = await deciders.list(someone.login, '/entries?limit=100&by=us')
      const signs = acts && someone.organisation === 'halcyon'
      expect(ours.some(({ eid }) => eid === entries.decision)).toBe(signs)
      const requests = await deciders.list(someone.login, '/requests')
      expect(requests.some(({ id }) => id === made.appeal)).toBe(ofCedar)
    }
  })

  test('sealed words are for the deciding side', async () => {
    const textFor = async (login: string) =>
      textAt((await deciders.read(login, `/holds/${sealed}`))?.body, 'reason', 'text')
    for (const login of ['ada', 'nora']) expect(await textFor(login)).toBe('The words are ours.')
    for (const login of ['priya', 'sam']) expect(await textFor(login)).toBeUndefined()
    const asPriya = await (await deciders.as('priya')).get(`/holds/${sealed}`)
    const entry = textAt(asPriya.body, 'stop', 'entry')
    const read = await (await deciders.as('priya')).get(`/entries/${entry}`)
    expect(JSON.stringify([asPriya.body, read.body])).not.toContain('The words are ours.')
    expect(read.status).toBe(200)
  })
})

describe('what has a rule of its own', () => {
  test('oneself, the rules and the API are for everybody; the last needs no sign-in', async () => {
    for (const { login, organisation } of sampled(everybody, 5)) {
      const gateway = await deciders.as(login)
      const me = await gateway.get('/me')
      expect(textAt(me.body, 'organisation', 'id')).toBe(organisation)
      validateAnswer('getMe', me.status, me.body)
      const sessions = await gateway.get('/me/sessions')
      validateAnswer('listMySessions', 200, sessions.body)
      validateAnswer('getRules', 200, (await gateway.get('/rules')).body)
    }
    const open = await fetch(`${world.issuer}/api/v1/openapi.json`)
    expect(open.status).toBe(200)
    const enrolment = await fetch(`${world.issuer}/api/v1/enrolments`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ticket: 'A'.repeat(43), public_key: {}, proof: 'x' }),
    })
    expect([400, 401, 403]).toContain(enrolment.status)
    expect(((await enrolment.json()) as { code: string }).code).not.toBe('token_missing')
  })

  test('an inbox is for those who act for the organisation; numbers for those who answer for decisions', async () => {
    for (const { login, roles, kind } of sampled(everybody, 5)) {
      const gateway = await deciders.as(login)
      const inbox = await gateway.get('/inbox')
      const acts = roles.some(role => role !== 'consultant')
      expect([login, codeOf(inbox)]).toEqual([login, acts ? undefined : 'role_missing'])
      validateAnswer('listNotices', inbox.status, inbox.body)
      const statistics = await gateway.get('/statistics')
      const refused = kind === 'partner' || !acts
      expect([login, codeOf(statistics)]).toEqual([login, refused ? 'role_missing' : undefined])
      validateAnswer('getStatistics', statistics.status, statistics.body)
    }
  })

  test('sessions and webhooks are an organisation’s own, for its administrator', async () => {
    const session = textAt((await (await deciders.as('sam')).get('/me/sessions')).body, 'items', '0', 'id')
    const before = await (await deciders.as('sam')).get('/me/sessions')
    for (const { login, organisation, roles } of world.live
      ? everybody
      : everybody.filter(one => ['ada', 'tess', 'priya', 'sam', 'pia'].includes(one.login))) {
      const gateway = await deciders.as(login)
      const own = organisation === 'cedar'
      const should = !own ? 'record_unknown' : login === 'priya' ? undefined : 'role_missing'
      const listed = await gateway.get(`/people/${made.people.sam}/sessions`)
      const secret = await gateway.get(`/organisations/cedar/webhooks/${made.webhook}/secret`)
      // Without a role somebody sees none of their organisation's people.
      const ofPerson = roles.length === 0 ? 'record_unknown' : should
      expect([login, codeOf(listed), codeOf(secret)]).toEqual([login, ofPerson, should])
      if (login === 'priya') continue
      const ended = await gateway.post(`/people/${made.people.sam}/sessions/${session}/end`)
      expect([login, codeOf(ended)]).toEqual([login, ofPerson])
      if (login === 'sam') continue
      expect(codeOf(await gateway.post(`/me/sessions/${session}/end`))).toBe('record_unknown')
    }
    expect((await (await deciders.as('sam')).get('/me/sessions')).status).toBe(before.status)
    const ended = await deciders.ask('priya', `/people/${made.people.sam}/sessions/${session}/end`)
    expect(ended.status).toBe(200)
    const after = await (await deciders.as('sam')).get('/me/sessions')
    expect([after.status, codeOf(after)]).toEqual([401, 'session_ended'])
  })
})

/** Whoever has nothing to do with cedar, of each kind, and one beside it. */
const strange: readonly string[] = ['mira', 'olaf', 'pia', 'wes']
/** And whoever has no role at cedar, or at those who decide about it. */
const outsiders = (): readonly string[] =>
  everybody
    .filter(
      ({ login, organisation, roles }) =>
        strange.includes(login) ||
        organisation === 'census' ||
        (organisation === 'ocb' && roles.includes('consultant')) ||
        (roles.length === 0 && ['cedar', 'halcyon', 'ofr'].includes(organisation)),
    )
    .filter(({ login }) => world.live || strange.includes(login))
    .map(({ login }) => login)

/** Everybody knows the organisation that they belong to. */
const knows = (login: string, id: string): boolean =>
  everybody.some(one => one.login === login && one.organisation === id)

describe('what is not there for somebody', () => {
  /** What an operation takes, so that its shape is no reason to refuse. */
  const bodies: Readonly<Record<string, object>> = {
    rolesPerson: { roles: ['partner-user'] },
    attributesPerson: { nationality: { value: 'FR', expires_at: inDays(9) } },
    attestClient: { nationality: { value: 'FR', expires_at: inDays(9) } },
    designateModel: { determination: 'OFR-9' },
    signAgreement: { digest: 'x' },
    acknowledgeAgreement: { digest: 'x' },
    changeGrantQuota: { limits },
    setGrantContinuity: { mission_continuity: true },
    setProvider: { provider: someProvider },
    registerWebhook: { url: 'http://127.0.0.1:9/' },
    changeModel: { name: 'Another' },
  }

  test('answers alike whether there is one or not, whatever its state and whatever is asked', async () => {
    const ids: Readonly<Record<string, readonly string[]>> = {
      organisation: ['cedar', 'fjord', 'ledger'],
      partner: ['cedar', ...Object.values(made.partners)],
      person: [made.people.plain, made.people.suspended, made.people.unadministered, made.people.contractor],
      client: Object.values(made.clients),
      model: ['engaged-one', 'designated-one', 'killed-one'],
      agreement: Object.values(made.agreements),
      grant: [made.grants.active],
      proposal: [made.proposal],
      hold: [...Object.values(made.holds), sealed],
      appeal: [made.appeal],
    }
    const asked = operations.flatMap(operation => {
      const name = /\{(\w+)\}/.exec(operation.path)?.[1] ?? ''
      return (ids[name] ?? []).flatMap(id =>
        outsiders().flatMap(login => (knows(login, id) ? [] : [{ operation, id, login }])),
      )
    })
    const told = new Map<string, string>()
    await inTurns(sampled(asked, 29), async ({ operation, id, login }) => {
      const gateway = await deciders.as(login)
      const answerTo = async (named: string) => {
        const path = operation.path.replace(/\{\w+\}/, named).replace(/\{\w+\}/g, 'none')
        const takesNothing = operation.body === undefined
        const answers = operation.tag === 'proposals'
        const body = takesNothing ? undefined : answers ? {} : { ...because(), ...bodies[operation.id] }
        const { status, body: answer } = await (operation.method === 'GET'
          ? gateway.get(path)
          : operation.method === 'PATCH'
            ? gateway.patch(path, body, { ifMatch: 1 })
            : gateway.post(path, body, { ifMatch: 1 }))
        return `${status} ${codeOf({ body: answer })} ${textAt(answer, 'detail')?.replaceAll(named, '…')}`
      }
      const [there, nowhere] = [await answerTo(id), await answerTo(id.replace(/.{3}$/, 'qqq'))]
      if (there !== nowhere)
        told.set(operation.id, `${login}, ${id}: ${there}; and where there is none: ${nowhere}`)
    })
    expect([...told]).toEqual([])
  })

  test('nor is it told where a body names it', async () => {
    const term = { expires_at: inDays(9), limits }
    const asks: readonly (readonly [string, string, (id: string) => object])[] = [
      ['/holds', 'cedar', organisation => ({ scope: { organisation } })],
      ['/holds', made.clients.active, client => ({ scope: { client } })],
      ['/holds', made.people.plain, person => ({ scope: { person } })],
      ['/holds', 'engaged-one', model => ({ scope: { model, nationality: 'FR' } })],
      [
        '/grants',
        made.agreements.effective,
        agreement => ({ organisation: 'cedar', model: modelId, agreement, ...term }),
      ],
      ['/people', 'fjord', organisation => ({ organisation, name: 'x', subject: 'x' })],
      ['/clients/tickets', made.clients.active, client => ({ kind: 'rotate', client })],
      ['/agreements', 'cedar', partner => ({ terms: termsFor(partner) })],
    ]
    const told: string[] = []
    for (const login of sampled(outsiders(), 2))
      for (const [path, id, body] of asks) {
        const answerTo = async (named: string) => {
          const answer = await deciders.ask(login, path, { ...body(named), ...because() })
          return `${answer.status} ${codeOf(answer)} ${textAt(answer.body, 'detail')?.replaceAll(named, '…')}`
        }
        const [there, nowhere] = [await answerTo(id), await answerTo(id.replace(/.{3}$/, 'qqq'))]
        if (there !== nowhere)
          told.push(`${login} ${path} ${id}: ${there}, and where there is none: ${nowhere}`)
      }
    expect(told).toEqual([])
  })

  test('and whoever may not register or nominate learns of no name that is taken', async () => {
    for (const login of ['pia', 'priya', 'lena', 'tess'])
      for (const [path, further] of [
        ['/partners', {}],
        ['/organisations', { kind: 'auditor' }],
      ] as const)
        for (const named of [{ id: 'cedar' }, { developer: 'nobody' }, { government: 'nobody' }]) {
          const body = { ...nomination('newcomer'), ...further, ...named }
          expect([login, path, named, codeOf(await deciders.ask(login, path, body))]).toEqual([
            login,
            path,
            named,
            'role_missing',
          ])
        }
    for (const login of ['pia', 'priya'])
      expect(codeOf(await deciders.ask(login, '/models', modelBody('engaged-one')))).toBe('role_missing')
  })
})
