/** What somebody may not see cannot be told from what is not there, by whatever they ask of it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { textAt } from '../../client/json.ts'
import { operations } from '../../functions/api/operations.ts'
import { modelId } from '../../scripts/demo/story.ts'
import { because, codeOf, type Deciding, deciding, type Someone } from '../world/governance.ts'
import {
  draftFor,
  inDays,
  limits,
  makeSubjects,
  modelBody,
  nomination,
  report,
  type Subjects,
  signingKeyOf,
  someProvider,
  windowFor,
} from '../world/governance-subjects.ts'
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

const sampled = <T>(all: readonly T[], every: number): readonly T[] =>
  world.live ? all : all.filter((_, i) => i % every === Math.floor(i / everybody.length) % every)

async function inTurns<T>(all: readonly T[], one: (item: T) => Promise<void>): Promise<void> {
  for (let i = 0; i < all.length; i += world.atOnce)
    await Promise.all(all.slice(i, i + world.atOnce).map(one))
}

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
  const text = { text: 'It is so.' }
  const determined = { determination: 'OFR-9', signer: 'The director' }
  /** What an operation takes, so that its shape is no reason to refuse. */
  const bodies = (): Readonly<Record<string, object>> => ({
    rolesPerson: { roles: ['partner-user'] },
    attributesPerson: { nationality: { value: 'FR', expires_at: inDays(9) } },
    attestClient: { nationality: { value: 'FR', expires_at: inDays(9) } },
    designateModel: determined,
    notDesignateModel: determined,
    offerModelWindow: windowFor(made.office),
    shareModel: { organisation: 'ofr', shared: true },
    attachOpinion: text,
    redraftAgreement: { title: 'Another' },
    signAgreement: { digest: 'x' },
    acknowledgeAgreement: { digest: 'x' },
    attestAgreement: text,
    handOffFinding: { to: 'ofr' },
    shareFinding: { organisation: 'ofr' },
    resolveFinding: text,
    certifyReview: { kept: ['person_none'] },
    setClearinghouse: { url: 'http://127.0.0.1:9/' },
    changeGrantQuota: { limits },
    setGrantContinuity: { mission_continuity: true },
    setProvider: { provider: someProvider },
    registerWebhook: { url: 'http://127.0.0.1:9/' },
    changeModel: { name: 'Another' },
    addToCase: { entry: made.gatheredEntry },
    noteOnCase: text,
  })
  /** Whom what is there for others of their side is not there for. */
  const beside = (): readonly (readonly [string, string, readonly string[]])[] => [
    ['agreement', made.agreements.draft, ['priya', 'sam', 'nora', 'omar', 'tess', 'ida']],
    ['finding', made.findings.reported, ['nora', 'omar', 'tess']],
    ['finding', made.findings.handed, ['tess']],
    ['finding', made.findings.shared, ['nora']],
    ['finding', made.findings.raised, ['priya', 'sam', 'tess']],
    ['model', 'designated-one', ['tess', 'priya', 'ida']],
    ['model', 'engaged-one', ['priya', 'ida']],
    ['case', made.cases.open, ['priya', 'nora', 'tess', 'ida']],
    ['view', made.views.shared, ['priya', 'nora', 'tess', 'ida']],
    ['view', made.views.personal, ['boris', 'carla', 'priya', 'nora']],
  ]

  test('answers alike whether there is one or not, whatever its state and whatever is asked', async () => {
    const ids: Readonly<Record<string, readonly string[]>> = {
      organisation: ['cedar', 'fjord', 'ledger'],
      partner: ['cedar', ...Object.values(made.partners)],
      person: [made.people.plain, made.people.suspended, made.people.unadministered, made.people.contractor],
      client: Object.values(made.clients),
      model: ['engaged-one', 'designated-one', 'killed-one', 'windowed-one'],
      agreement: [...Object.values(made.agreements), made.engagement],
      finding: Object.values(made.findings),
      review: [made.review],
      grant: [made.grants.active],
      proposal: [made.proposal],
      hold: Object.values(made.holds),
      appeal: [made.appeal],
      case: Object.values(made.cases),
      view: Object.values(made.views),
    }
    const asked = operations.flatMap(operation => {
      const name = /\{(\w+)\}/.exec(operation.path)?.[1] ?? ''
      const more = beside().flatMap(([noun, id, logins]) =>
        noun === name ? logins.map(login => ({ operation, id, login })) : [],
      )
      const all = (ids[name] ?? []).flatMap(id =>
        outsiders().flatMap(login => (knows(login, id) ? [] : [{ operation, id, login }])),
      )
      return [...all, ...more]
    })
    const told = new Map<string, string>()
    const given = bodies()
    const keyOf = async (login: string): Promise<object> => {
      const { body } = await (await deciders.as(login)).get('/me')
      return (await signingKeyOf(world, textAt(body, 'person', 'id') ?? '')).body
    }
    await inTurns(sampled(asked, 29), async ({ operation, id, login }) => {
      const gateway = await deciders.as(login)
      const own = operation.id === 'registerSigningKey' ? await keyOf(login) : given[operation.id]
      const answerTo = async (named: string) => {
        const path = operation.path.replace(/\{\w+\}/, named).replace(/\{\w+\}/g, 'none')
        const takesNothing = operation.body === undefined
        const answers = operation.tag === 'proposals'
        const body = takesNothing ? undefined : answers ? {} : { ...because(), ...own }
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
      ['/agreements', 'cedar', partner => draftFor(partner)],
      ['/agreements', 'ofr', office => draftFor('harbor', { third_party: office })],
      ['/models', made.engagement, agreement => modelBody('newcomer', agreement)],
      ['/findings', 'engaged-one', model => report({ model })],
      ['/findings', made.agreements.effective, agreement => report({ agreement })],
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

  test('nor where a body names it of something that one may decide on', async () => {
    const { reported, shared } = made.findings
    const asks: readonly (readonly [string, string, string, string, (id: string) => object])[] = [
      ['priya', `/findings/${reported}`, 'hand_off', 'meridian', to => ({ to })],
      ['ada', '/models/designated-one', 'window', made.clients.active, id => windowFor(id)],
      ['tess', '/models/engaged-one', 'opinions', reported, finding => ({ ...text, finding })],
      ['tess', '/models/engaged-one', 'opinions', shared, finding => ({ ...text, finding })],
    ]
    for (const [login, record, verb, id, body] of asks) {
      const version = (await deciders.read(login, record))?.version
      const answerTo = async (named: string) => {
        const asked = { ...body(named), ...because() }
        const answer = await deciders.ask(login, `${record}/${verb}`, asked, { ifMatch: version })
        return `${answer.status} ${codeOf(answer)} ${textAt(answer.body, 'detail')?.replaceAll(named, '…')}`
      }
      const there = await answerTo(id)
      expect(there).toMatch(/^404 record_unknown /)
      expect([verb, there]).toEqual([verb, await answerTo(id.replace(/.{3}$/, 'qqq'))])
    }
  })

  test('the draft of what is to follow the version in force is its developer’s alone, until it is offered', async () => {
    const path = `/agreements/${made.agreements.effective}`
    const ada = await deciders.as('ada')
    const drafted = await ada.patch(
      path,
      { title: 'Another', ...because() },
      { ifMatch: (await deciders.read('ada', path))?.version },
    )
    expect(drafted.status).toBe(200)
    const next = textAt((await deciders.read('ada', path))?.body, 'next', 'digest') ?? ''
    const nowhere = next.replace(/.{3}$/, 'qqq')
    const see = async ({ login }: Someone) => {
      const gateway = await deciders.as(login)
      const get = async (below: string, named = '') => {
        const { status, body } = await gateway.get(`${path}${below}${named}`)
        const said = `${status} ${JSON.stringify({ ...(body as object), request_id: '' })}`
        return named === '' ? said : said.replaceAll(named, '…')
      }
      return {
        told: (await get('')) + (await get('/versions')) + (await get('/difference')),
        named: [await get('/versions/', next), await get('/versions/', nowhere)],
        exported: [await get('/export?digest=', next), await get('/export?digest=', nowhere)],
        compared: [await get('/difference?to=', next), await get('/difference?to=', nowhere)],
      }
    }
    const others = everybody.filter(one => one.organisation !== 'halcyon')
    for (const someone of others.filter(
      ({ login }) => world.live || ['priya', 'nora', 'ida'].includes(login),
    )) {
      const { told, named, exported, compared } = await see(someone)
      expect([someone.login, told.includes(next)]).toEqual([someone.login, false])
      for (const [there, none] of [named, exported, compared]) {
        expect(there).toMatch(/^404 /)
        expect([someone.login, there]).toEqual([someone.login, none])
      }
    }
    const [developer] = everybody.filter(one => one.login === 'ada')
    expect((await see(developer as Someone)).told).toContain(next)
    await deciders.make('ada', `${path}/offer`, because(), { on: path })
    for (const login of ['priya', 'nora'])
      expect(textAt((await deciders.read(login, path))?.body, 'next', 'digest')).toBe(next)
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
      expect(codeOf(await deciders.ask(login, '/models', modelBody('engaged-one', made.engagement)))).toBe(
        'role_missing',
      )
  })
})
