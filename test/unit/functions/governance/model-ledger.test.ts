/** The engagement ledger: a line for whatever becomes of a model, in the order of time. */
import { beforeEach, expect, test } from 'vitest'
import { keys } from '../../../../shared/domain/keys.ts'
import { whoDecides } from '../../../../shared/domain/who-decides.ts'
import { applied, told } from './grant-world.ts'
import { type ModelWorld, modelWorld, windowLimits } from './model-world.ts'

let world: ModelWorld
beforeEach(async () => {
  world = await modelWorld()
})

const determined = { determination: 'OFR-2026-0001', signer: 'The director' }
const sealed = { reason: { code: 'request', text: 'Only for those who decide.', sealed: true } } as const

/** Every action of a model but its engagement, in an order in which each is possible. */
async function live(): Promise<void> {
  const steps = [
    ['nora', 'assessModel', {}],
    ['nora', 'notDesignateModel', determined],
    ['nora', 'designateModel', determined],
    ['nora', 'shareModel', { organisation: 'elsewhere', shared: true }],
    ['dana', 'changeModel', { name: 'Aurora 2' }],
    [
      'dana',
      'offerModelWindow',
      {
        ends_at: new Date(world.now() + 3_600_000).toISOString(),
        clients: ['bench_1'],
        limits: windowLimits,
      },
    ],
    ['dana', 'closeModelWindow', {}],
    ['dana', 'openModel', {}],
    ['dana', 'killModel', sealed],
    ['dana', 'resumeModel', {}],
    ['dana', 'releaseModel', sealed],
    ['dana', 'withdrawModel', sealed],
  ] as const
  for (const [who, operation, body] of steps) {
    world.pass(20)
    const { body: made } = applied(await world.act(who, operation, body))
    const { proposal } = made as { proposal: { id: string } | null }
    if (proposal) applied(await world.answer('nora', 'approve', proposal.id))
  }
}

test('tells every decision about a model, each with the entry that records it', async () => {
  await live()
  const lines = await world.ledger()
  const told = new Set(lines.map(({ action }) => action))
  const all = Object.keys(whoDecides).filter(name => name.startsWith('model.') && name !== 'model.engage')
  expect([...told].sort()).toEqual(all.sort())
  const times = lines.map(({ at }) => String(at))
  expect(times).toEqual(times.toSorted())
  for (const { entry, action, state } of lines) {
    expect(await world.entry(String(entry))).toMatchObject({ action, decision: 'applied' })
    expect(state).toMatch(/^[a-z_]+$/)
  }
  expect(lines.at(-1)).toMatchObject({
    action: 'model.withdraw',
    state: 'withdrawn',
    by: { name: 'dana', organisation: 'halcyon', role: 'developer-admin' },
    agreement: 'agreement_e',
  })
})

test('begins with the engagement', async () => {
  await world.records.agreement({
    id: 'agreement_n',
    kind: 'engagement',
    counterparty: 'ofr',
    models: ['cirrus'],
  })
  const body = {
    id: 'cirrus',
    name: 'Cirrus',
    government: 'ofr',
    agreement: 'agreement_n',
    upstreams: { openai: { url: 'https://new.example/v1', credential: 'openai', model: 'c' } },
    tokens: { overhead: { request: 1, message: 1, tool: 1 }, hidden_output: false },
  }
  applied(await world.call('dana', 'engageModel', { body }))
  const answer = await world.call('nora', 'listModelLedger', { path: { model: 'cirrus' } })
  expect(applied(answer).body).toMatchObject({
    items: [{ action: 'model.engage', state: 'engaged', agreement: 'agreement_n' }],
  })
})

test('is shown to whoever sees the model, and to nobody else', async () => {
  await live()
  for (const who of ['dana', 'nora', 'pat', 'uma', 'audrey']) expect(await world.ledger(who)).toHaveLength(12)
  for (const who of ['zoe', 'elsa', 'rita'])
    expect(told(await world.call(who, 'listModelLedger', { path: { model: 'aurora' } }))).toBe(
      'record_unknown',
    )
})

test('holds no reason and no reference; a partner reads no names of those who decided', async () => {
  await live()
  const whole = JSON.stringify(await world.ledger('pat'))
  for (const never of [
    'Only for those',
    determined.determination,
    determined.signer,
    'dana',
    'nora',
    'bench_1',
  ])
    expect(whole).not.toContain(never)
  const own = JSON.stringify(await world.ledger('dana'))
  expect(own).not.toContain('Only for those')
  expect(own).not.toContain(determined.determination)
})

test('comes in pages, whole and in order', async () => {
  await live()
  const items: unknown[] = []
  let after: string | undefined
  do {
    const answer = await world.call('dana', 'listModelLedger', {
      path: { model: 'aurora' },
      query: { limit: 5, ...(after && { after }) },
    })
    const page = applied(answer).body as { items: readonly unknown[]; next: string | null }
    expect(page.items.length).toBeLessThanOrEqual(5)
    items.push(...page.items)
    after = page.next ?? undefined
  } while (after !== undefined)
  expect(items).toEqual(await world.ledger('dana'))
})

test('keeps the order of what follows within moments', async () => {
  const verbs = ['killModel', 'resumeModel', 'killModel', 'resumeModel', 'killModel', 'resumeModel']
  for (const verb of verbs) {
    world.pass(1)
    applied(await world.act('dana', verb))
  }
  const actions = (await world.ledger()).map(({ action }) => action)
  expect(actions).toEqual(['kill', 'resume', 'kill', 'resume', 'kill', 'resume'].map(verb => `model.${verb}`))
})

test('of another model with an id that begins alike is not mixed in', async () => {
  await world.records.model({ id: 'aurora-2', name: 'Another' })
  applied(await world.act('dana', 'killModel', {}, { model: 'aurora-2' }))
  expect(await world.ledger()).toEqual([])
  expect(await world.has(keys.model('aurora-2'))).toBe(true)
})
