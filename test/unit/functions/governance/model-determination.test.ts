/** What an office says of a model: who determined it, when, and a reference. Never a score. */
import { beforeEach, describe, expect, test } from 'vitest'
import { lapse } from '../../../../functions/sweeper/run.ts'
import { keys } from '../../../../shared/domain/keys.ts'
import { applied, day, start, told } from './grant-world.ts'
import { type ModelWorld, modelWorld } from './model-world.ts'

let world: ModelWorld
beforeEach(async () => {
  world = await modelWorld()
})

const model = () => world.get(keys.model('aurora'))
const determined = { determination: 'OFR-2026-0001', signer: 'The director of the office' }

describe('an assessment', () => {
  test('is begun by the office for some days, and shown', async () => {
    applied(await world.act('nora', 'assessModel', { days: 3 }))
    expect(await model()).toMatchObject({
      state: 'under_assessment',
      assessment: { startedAt: start, endsAt: start + 3 * day, by: { person: 'nora' } },
    })
    expect(await world.shown()).toMatchObject({
      state: 'under_assessment',
      assessment: { started_at: new Date(start).toISOString() },
    })
  })

  test('lasts 14 days unless it is said otherwise, and 30 at most', async () => {
    applied(await world.act('nora', 'assessModel'))
    expect((await model()).assessment?.endsAt).toBe(start + 14 * day)
    for (const days of [0, 31, 1.5])
      await expect(world.act('nora', 'assessModel', { days })).rejects.toThrow('days')
  })

  test('is the office’s alone', async () => {
    expect(told(await world.act('dana', 'assessModel'))).toBe('role_missing')
    expect(told(await world.act('elsa', 'assessModel'))).toBe('record_unknown')
  })

  test('lapses by its clock before anybody records it; the sweeper records it once', async () => {
    applied(await world.act('nora', 'assessModel', { days: 1 }))
    expect(told(await world.act('nora', 'assessModel'))).toBe('state_forbids')
    world.pass(day)
    expect((await model()).state).toBe('under_assessment')
    expect(await world.shown()).toMatchObject({ state: 'engaged', assessment: null })
    expect(await lapse(world.deps)).toEqual({ assessments_lapsed: 1 })
    expect(await model()).toMatchObject({ state: 'engaged' })
    expect(await model()).not.toHaveProperty('assessment')
    expect(await lapse(world.deps)).toEqual({})
    const [, line] = await world.ledger()
    expect(line).toMatchObject({ action: 'model.assess', by: null, state: 'engaged' })
    expect(await world.entry(String(line?.entry))).toMatchObject({
      decision: 'lapsed',
      action: 'model.assess',
      difference: [{ field: 'state', from: 'under_assessment', to: 'engaged' }],
    })
    for (const organisation of ['halcyon', 'ofr'])
      expect(await world.has(keys.notice(`${line?.entry}-${organisation}`))).toBe(true)
  })

  test('that has lapsed is begun again without waiting for the sweeper, and the ledger tells of both', async () => {
    applied(await world.act('nora', 'assessModel', { days: 1 }))
    world.pass(day)
    applied(await world.act('nora', 'assessModel', { days: 2 }))
    expect((await model()).assessment?.endsAt).toBe(start + 3 * day)
    const [, line] = await world.ledger()
    expect(line?.text).toContain('Its assessment had lapsed at')
    expect(await lapse(world.deps)).toEqual({})
  })
})

describe('a determination', () => {
  test('is recorded with its signer, its reference and its entry', async () => {
    applied(await world.act('nora', 'assessModel'))
    const { body } = applied(await world.act('nora', 'designateModel', determined))
    const { entry } = body as { entry: string }
    const record = await model()
    expect(record).toMatchObject({
      state: 'designated',
      designation: {
        outcome: 'designated',
        reference: 'OFR-2026-0001',
        signer: determined.signer,
        by: { person: 'nora', role: 'nsa-admin' },
        at: start,
        entry,
      },
    })
    expect(record).not.toHaveProperty('assessment')
    expect(await world.entry(entry)).toMatchObject({ action: 'model.designate', params: determined })
  })

  test('is that it is none, and can be another one later', async () => {
    applied(await world.act('nora', 'notDesignateModel', determined))
    expect(await model()).toMatchObject({
      state: 'not_designated',
      designation: { outcome: 'not_designated' },
    })
    applied(await world.act('nora', 'assessModel'))
    applied(await world.act('nora', 'designateModel', { ...determined, determination: 'OFR-2026-0002' }))
    expect(await model()).toMatchObject({ state: 'designated', designation: { reference: 'OFR-2026-0002' } })
    expect(told(await world.act('nora', 'notDesignateModel', determined))).toBe('state_forbids')
  })

  test('reads the same for its developer and the office; whoever uses the model is not told its reference', async () => {
    applied(await world.act('nora', 'designateModel', determined))
    for (const who of ['dana', 'nora', 'audrey'])
      expect(await world.shown(who)).toMatchObject({ designation: determined })
    expect(await world.shown('pat')).toMatchObject({
      designation: { outcome: 'designated', determination: null, signer: null },
      agreement: null,
      shared_with: null,
    })
  })

  test('nor is a consultant of the very office, who sees the model all the same', async () => {
    applied(await world.act('nora', 'designateModel', determined))
    applied(await world.act('nora', 'shareModel', { organisation: 'ofr', shared: true }))
    const change = { set: [[['roles'], ['consultant']]] } as const
    await world.store.write({ kind: 'update', key: keys.person('neil'), change })
    expect(await world.shown('neil')).toMatchObject({
      state: 'designated',
      designation: { determination: null, signer: null },
      agreement: null,
    })
  })

  test.each([
    ['determination', { ...determined, determination: 'OFR-0.93' }],
    ['signer', { ...determined, signer: 'The director (87 %)' }],
    ['signer', { ...determined, signer: 'Nora, who gave 9 of 10' }],
    ['signer', { ...determined, signer: 'Nora Quill, 9/10' }],
    ['signer', { ...determined, signer: 'Nora Quill (above the threshold)' }],
    ['determination', { ...determined, determination: 'OFR-2026-1e26-FLOP' }],
    ['determination', { ...determined, determination: 'OFR-1e26' }],
    ['determination', { ...determined, determination: 'above-threshold' }],
    ['determination', { ...determined, determination: 'OFR_2026_9-of-10' }],
    ['signer', { ...determined, signer: 'MMLU 87' }],
    ['reason.text', { ...determined, reason: { code: 'request', text: 'It scored ９３ on it.' } }],
    ['reason.reference', { ...determined, reason: { code: 'request', text: 'x', reference: '0·93' } }],
  ])('with a score is refused: in its %s', async (field, body) => {
    for (const operation of ['designateModel', 'notDesignateModel'])
      expect(told(await world.act('nora', operation, body))).toBe(`score_refused ${field}`)
    expect((await model()).state).toBe('engaged')
  })

  test.each([
    ['signer', { ...determined, signer: '(TS//SI) The director' }],
    ['signer', { ...determined, signer: '（Ｔ\ufe0fＳ//SI) The director' }],
    ['reason.text', { ...determined, reason: { code: 'request', text: '(S) Words.' } }],
  ])('with a marking above the level is refused: in its %s', async (field, body) => {
    expect(told(await world.act('nora', 'designateModel', body))).toBe(`classification_exceeded ${field}`)
  })

  test('is refused by its words even where nobody went through the API', async () => {
    const outcome = await world.decide('nora', 'model.designate', 'aurora', {
      determination: 'score-93',
      signer: 'S',
    })
    expect(told(outcome)).toBe('score_refused determination')
  })
})

describe('a model is shared', () => {
  const share = (who: string, shared = true, organisation = 'elsewhere') =>
    world.act(who, 'shareModel', { organisation, shared })

  test('with an office, whose consultants see it then and decide nothing', async () => {
    await world.store.write({
      kind: 'update',
      key: keys.person('elsa'),
      change: { set: [[['roles'], ['consultant']]] },
    })
    expect(told(await world.call('elsa', 'getModel', { path: { model: 'aurora' } }))).toBe('record_unknown')
    const { body } = applied(await share('nora'))
    expect((await model()).sharedWith).toEqual(['elsewhere'])
    expect(await world.shown('elsa')).toMatchObject({ id: 'aurora', shared_with: null, upstreams: null })
    expect(await world.ledger('elsa')).toHaveLength(1)
    expect(told(await world.act('elsa', 'designateModel', determined))).toBe('role_missing')
    const { entry } = body as { entry: string }
    expect(await world.has(keys.notice(`${entry}-elsewhere`))).toBe(true)
    expect(await world.entry(entry)).toMatchObject({ shared_with: ['elsewhere'] })
    applied(await share('dana', false))
    expect(await model()).not.toHaveProperty('sharedWith')
    expect(told(await world.call('elsa', 'getModel', { path: { model: 'aurora' } }))).toBe('record_unknown')
  })

  test('with a government office alone, and by nobody else', async () => {
    for (const none of ['cedar', 'auditors', 'nowhere'])
      expect(told(await share('dana', true, none))).toBe('body_malformed organisation')
    expect(told(await share('audrey'))).toBe('role_missing')
    expect(told(await share('zoe'))).toBe('record_unknown')
    expect(told(await share('dana', false))).toBe('state_forbids organisation')
    applied(await share('dana'))
    expect(told(await share('nora'))).toBe('state_forbids organisation')
  })
})
