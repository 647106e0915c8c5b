/** Every operation that reads, asked by everybody: each person reads what the table says, and nothing else. */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { at, textAt } from '../../client/json.ts'
import { operations } from '../../functions/api/operations.ts'
import { modelId } from '../../scripts/demo/story.ts'
import { adminOf } from '../../shared/domain/parties.ts'
import type { Facts, Noun } from '../../shared/domain/who-sees.ts'
import { because, codeOf, type Deciding, deciding, type Someone } from '../world/governance.ts'
import { areWordsKept, everything, readings, type Told } from '../world/governance-known.ts'
import { draftFor, makeSubjects, personId, type Subjects } from '../world/governance-subjects.ts'
import { isSeen } from '../world/governance-tables.ts'
import { type Matrix, openMatrix, signInsAtOnce } from '../world/matrix.ts'
import { openWorld } from '../world/open.ts'
import { validateAnswer } from '../world/openapi.ts'
import type { World } from '../world/world.ts'

let world: World
let deciders: Deciding
let matrix: Matrix
let everybody: readonly Someone[]
let made: Subjects
let told: Told
beforeAll(async () => {
  world = await openWorld(signInsAtOnce)
  deciders = deciding(world)
  matrix = await openMatrix(world, deciders)
  everybody = matrix.everybody
  made = await makeSubjects(world, deciders)
  const persons = {
    nora: await personId(deciders, 'nora', 'Nora Quill'),
    mira: await personId(deciders, 'mira', 'mira'),
  }
  const inForce = await deciders.read('ada', `/agreements/${made.agreements.effective}`)
  const digest = textAt(inForce?.body, 'digest') ?? ''
  const { reason } = because('The words are ours.', 'insider_risk')
  const scope = { organisation: 'cedar', model: 'designated-one' }
  const sealed = (await deciders.make('ada', '/holds', { scope, reason: { ...reason, sealed: true } })).id
  const cedar = world.raw('cedar')
  const token = await cedar.token({ resource: `${world.issuer}/models/${modelId}` })
  expect((await cedar.chat({}, { token })).status).toBe(200)
  const call = (await world.entries('cedar')).find(({ eid }) => eid.endsWith('.outcome'))
  const stopped = await deciders.read('ada', `/people/${made.people.suspended}`)
  const drafted = await deciders.make('ada', '/agreements', { ...draftFor('cedar'), ...because() })
  const found = async (id: string) => (await deciders.read('ada', `/findings/${id}`))?.body
  const [opinion] = await deciders.list('ada', '/models/engaged-one/opinions')
  const entries = {
    call: call?.eid ?? '',
    decision: textAt(stopped?.body, 'stop', 'entry') ?? '',
    draft: drafted.entry,
    report: textAt(await found(made.findings.reported), 'entry') ?? '',
    handOff: textAt(await found(made.findings.handed), 'hand_off', 'entry') ?? '',
    raised: textAt(await found(made.findings.raised), 'entry') ?? '',
    opinion: textAt(opinion, 'entry') ?? '',
  }
  told = { live: world.live, made, entries, persons, sealed, digest }
})
afterAll(async () => {
  await world.close()
  await matrix.close()
})

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
  listFindings: { path: '/findings', noun: 'finding' },
  listReviews: { path: '/reviews', noun: 'review' },
  listPreservations: { path: '/preservations', noun: 'preservation' },
  listEvidence: { path: '/evidence', noun: 'evidence' },
  listCases: { path: '/cases', noun: 'case' },
  listViews: { path: '/views', noun: 'view' },
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
  'getIntegrity',
  'listLogDeletions',
  'getLogDeletion',
  'getStatistics',
  'listEntries',
  'createExport',
  'listExports',
  'getExport',
  'countersignExport',
  'downloadExport',
  'createTrace',
  'listTraces',
  'getTrace',
  'createAttribution',
  'listAttributions',
  'getAttribution',
  'enrolClient',
  'getOpenapi',
  'listClauseKinds',
  'listAgreementTemplates',
  'getStatementKeys',
]
/** Decided by the rule of what they answer: in `who-decides.test.ts`. */
const decided = ['approveProposal', 'declineProposal', 'withdrawProposal', 'lodgeAppeal']

test('every operation without a rule is asked', () => {
  const asked = new Set([
    ...everything(told).map(({ operation }) => operation),
    ...readings(told).map(({ operation }) => operation),
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
    const pairs = everything(told).flatMap(known => everybody.map(someone => ({ known, someone })))
    const wrong: string[] = []
    await inTurns(sampled(pairs, 13), async ({ known, someone }) => {
      const { status, body } = await (await deciders.as(someone.login)).get(known.path)
      const should = isSeen(someone, known.facts) ? 200 : 404
      if (status !== should) wrong.push(`${someone.login} reads ${known.path}: ${status}, not ${should}`)
      else validateAnswer(known.operation, status, body)
    })
    expect(wrong).toEqual([])
  })

  test('what stands below a record is there for those who see the record, and for nobody else', async () => {
    const pairs = readings(told).flatMap(reading => everybody.map(someone => ({ reading, someone })))
    const wrong: string[] = []
    await inTurns(sampled(pairs, 13), async ({ reading, someone }) => {
      const { operation, path, facts, status: answered = () => 200 } = reading
      const { status, body } = await (await deciders.as(someone.login)).get(path)
      const should = isSeen(someone, facts) ? answered(someone) : 404
      if (status !== should) wrong.push(`${someone.login} reads ${path}: ${status}, not ${should}`)
      else validateAnswer(operation, status, body)
    })
    expect(wrong).toEqual([])
  })

  test('of a finding under its embargo the words are kept to those who can act on it', async () => {
    const seen: string[] = []
    for (const someone of sampled(everybody, 5)) {
      const found = await deciders.read(someone.login, `/findings/${made.findings.handed}`)
      if (found === undefined) continue
      seen.push(someone.login)
      const kept = areWordsKept(someone)
      expect([someone.login, at(found.body, 'withheld')]).toEqual([someone.login, kept])
      expect(JSON.stringify(found.body).includes('A certain prompt')).toBe(!kept)
    }
    if (world.live) expect(seen).toEqual(expect.arrayContaining(['ada', 'nora', 'priya', 'ida']))
  })

  test('what consultants say is for those who decide on the model, and not for whom it is offered to', async () => {
    const facts: Facts = {
      noun: 'opinion',
      owner: 'ofr',
      developers: ['halcyon'],
      governments: ['ofr'],
      sharedWith: ['ofr'],
    }
    // The one is the developer's and the government's still, the other is granted to a partner.
    for (const [model, offeredTo] of [
      ['engaged-one', []],
      ['released-one', ['cedar']],
    ] as const)
      for (const someone of sampled(everybody, 5)) {
        const { status, body } = await (await deciders.as(someone.login)).get(`/models/${model}/opinions`)
        const texts = ((at(body, 'items') ?? []) as readonly { text: string }[]).map(({ text }) => text)
        const there = isSeen(someone, { ...facts, noun: 'model', owner: 'halcyon', model, offeredTo })
        const shown = isSeen(someone, { ...facts, model })
        expect([someone.login, model, status, texts]).toEqual([
          someone.login,
          model,
          there ? 200 : 404,
          there && shown ? ['It is worth a look.'] : [],
        ])
      }
  })

  test('a list holds what one sees, and nothing else', async () => {
    const known = everything(told)
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
      expect(own.some(({ eid }) => eid === told.entries.call)).toBe(ofCedar)
      const ours = await deciders.list(someone.login, '/entries?limit=100&by=us')
      const signs = acts && someone.organisation === 'halcyon'
      expect(ours.some(({ eid }) => eid === told.entries.decision)).toBe(signs)
      const requests = await deciders.list(someone.login, '/requests')
      expect(requests.some(({ id }) => id === made.appeal)).toBe(ofCedar)
    }
  })

  test('nobody is told of a draft, of a finding before it is handed over or about themselves, or of what consultants say to others', async () => {
    const { entries } = told
    const heard = async (login: string) =>
      (await deciders.list(login, '/inbox?limit=100')).map(({ entry }) => entry)
    const hears = async (entry: string, logins: readonly string[]) => {
      for (const login of ['ada', 'nora', 'priya', 'wes', 'ida'])
        expect([login, (await heard(login)).includes(entry)]).toEqual([login, logins.includes(login)])
    }
    await hears(entries.draft, ['ada'])
    await hears(entries.report, ['ada', 'priya'])
    await hears(entries.handOff, ['ada', 'priya', 'nora'])
    await hears(entries.raised, ['ada', 'nora'])
    await hears(entries.opinion, ['ada', 'nora'])
  })

  test('a private search is for whoever saved it, and for nobody else of their organisation', async () => {
    const { personal } = made.views
    for (const { login } of world.live
      ? everybody
      : everybody.filter(one => one.organisation === 'halcyon')) {
      const listed = (await deciders.list(login, '/views?limit=100')).some(({ id }) => id === personal)
      const read = await deciders.read(login, `/views/${personal}`)
      expect([login, listed, read !== undefined]).toEqual([login, login === 'ada', login === 'ada'])
    }
  })

  test('sealed words are for the deciding side', async () => {
    const textFor = async (login: string) =>
      textAt((await deciders.read(login, `/holds/${told.sealed}`))?.body, 'reason', 'text')
    for (const login of ['ada', 'nora']) expect(await textFor(login)).toBe('The words are ours.')
    for (const login of ['priya', 'sam']) expect(await textFor(login)).toBeUndefined()
    const asPriya = await (await deciders.as('priya')).get(`/holds/${told.sealed}`)
    const entry = textAt(asPriya.body, 'stop', 'entry')
    const read = await (await deciders.as('priya')).get(`/entries/${entry}`)
    expect(JSON.stringify([asPriya.body, read.body])).not.toContain('The words are ours.')
    expect(read.status).toBe(200)
  })
})

describe('what has a rule of its own', () => {
  test('an export is its requester’s alone, also among colleagues', async () => {
    const priya = await deciders.as('priya')
    const made = await priya.post('/exports', { q: 'time:-1h..now', purpose: 'A review' })
    validateAnswer('createExport', made.status, made.body)
    const path = `/exports/${textAt(made.body, 'id')}`
    validateAnswer('getExport', 200, (await priya.get(path)).body)
    expect(['export_not_ready', 'countersignature_required']).toContain(
      codeOf(await priya.get(`${path}/content`)),
    )
    for (const { login } of sampled(everybody, 5).filter(one => one.login !== 'priya')) {
      const gateway = await deciders.as(login)
      const listed = await gateway.get('/exports')
      validateAnswer('listExports', listed.status, listed.body)
      expect([login, JSON.stringify(listed.body).includes(path.slice(9))]).toEqual([login, false])
      for (const one of [path, `${path}/content`])
        expect([login, codeOf(await gateway.get(one))]).toEqual([login, 'record_unknown'])
      const signed = await gateway.post(`${path}/countersignature`, { signature: 'e30.e30.AA' })
      expect([login, codeOf(signed)]).toEqual([login, 'record_unknown'])
    }
  })

  const found = () => `2026-11-27T09:00:07.123456Z no record of this log, and no reply ${randomUUID()}`
  test.each([
    ['who leaked', 'Trace', '/traces', () => ({ leak: found(), epsilon: 1e-9 })],
    ['whom a reply was sent to', 'Attribution', '/attributions', () => ({ text: found() })],
  ] as const)(
    '%s is asked by those who decide about a model and by its auditors, and answered to nobody else',
    async (_, noun, list, input) => {
      const body = { ...input(), purpose: 'It was found on the web' }
      const ada = await deciders.as('ada')
      const made = await ada.post(list, body)
      validateAnswer(`create${noun}`, made.status, made.body)
      const id = textAt(made.body, 'id') ?? ''
      const path = `${list}/${id}`
      for (const { login, kind, roles } of sampled(everybody, 5).filter(one => one.login !== 'ada')) {
        const gateway = await deciders.as(login)
        const asked = await gateway.post(list, body)
        const may = kind !== 'partner' && roles.includes(adminOf[kind])
        expect([login, codeOf(asked)]).toEqual([login, may ? undefined : 'role_missing'])
        const listed = await gateway.get(list)
        validateAnswer(`list${noun}s`, listed.status, listed.body)
        expect([login, JSON.stringify(listed.body).includes(id)]).toEqual([login, false])
        expect([login, codeOf(await gateway.get(path))]).toEqual([login, 'record_unknown'])
      }
      const read = async () => (await ada.get(path)).body
      for (let body = await read(); ; body = await read()) {
        validateAnswer(`get${noun}`, 200, body)
        if (at(body, 'result') != null) break
        await world.export()
        await new Promise(resolve => setTimeout(resolve, 200))
      }
    },
    180_000,
  )

  test('oneself, the rules, how the log stands and the API are for everybody; the last needs no sign-in', async () => {
    for (const { login, organisation } of sampled(everybody, 5)) {
      const gateway = await deciders.as(login)
      const me = await gateway.get('/me')
      expect(textAt(me.body, 'organisation', 'id')).toBe(organisation)
      validateAnswer('getMe', me.status, me.body)
      const sessions = await gateway.get('/me/sessions')
      validateAnswer('listMySessions', 200, sessions.body)
      validateAnswer('getRules', 200, (await gateway.get('/rules')).body)
      validateAnswer('getIntegrity', 200, (await gateway.get('/integrity')).body)
      const deletions = await gateway.get('/log/deletions')
      validateAnswer('listLogDeletions', deletions.status, deletions.body)
      expect([login, codeOf(await gateway.get('/log/deletions/2019-01'))]).toEqual([login, 'record_unknown'])
    }
    for (const [id, path] of [
      ['listClauseKinds', '/clauses'],
      ['listAgreementTemplates', '/agreement-templates'],
    ] as const)
      for (const login of ['priya', 'tess', 'pia'])
        validateAnswer(id, 200, (await (await deciders.as(login)).get(path)).body)
    for (const [id, path] of [
      ['getOpenapi', 'openapi.json'],
      ['getStatementKeys', 'keys'],
    ] as const) {
      const open = await fetch(`${world.issuer}/api/v1/${path}`)
      expect([id, open.status]).toEqual([id, 200])
      if (id === 'getStatementKeys') validateAnswer(id, 200, await open.json())
    }
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
