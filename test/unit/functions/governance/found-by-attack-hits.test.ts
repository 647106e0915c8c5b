/** What those whom a hold hits once read of others, or were not shown or told; what a stop once waited for, or passed by. */
import canonicalize from 'canonicalize'
import { beforeEach, describe, expect, test } from 'vitest'
import { preview } from '../../../../functions/governance/engine/decide.ts'
import { readHold } from '../../../../functions/governance/holds/holds.ts'
import { indexes, keys } from '../../../../shared/domain/keys.ts'
import { Refusal } from '../../../../shared/domain/refusal.ts'
import { StoreUnavailable } from '../../../../shared/ports/store.ts'
import { applied, day, proposed, reason, start, told } from './grant-world.ts'
import { french, type HitWorld, hitWorld } from './hit-world.ts'

let world: HitWorld
beforeEach(async () => {
  world = await hitWorld()
})

describe('a partner whom a hold hits', () => {
  beforeEach(async () => {
    await world.client('client_1')
    await world.client('client_2', 'prairie')
  })

  test.each([
    ['names it', { organisation: 'cedar' }],
    ['names nobody', { nationality: 'FR' }],
  ])('is shown how to appeal one that %s', async (_, scope) => {
    const entry = await world.placed(scope)
    expect((await world.holdSeenBy('pat')).stop?.appeal).toContain(`partner appeal ${entry}`)
  })

  test('does not learn what it does to others, nor of what was shown a digest by which to try what fits', async () => {
    await world.client('client_3', 'prairie')
    await world.person('rita', { attributes: french })
    const entry = await world.placed({ nationality: 'FR' })
    const seen = await world.seenBy('pat', entry)
    expect(seen).toMatchObject({
      body: { unmapped: { hit: [{ organisation: 'cedar', clients: 1, people: 0 }] } },
      withheld: ['unmapped.hit', 'unmapped.effects', 'unmapped.shown'],
    })
    for (const field of ['effects', 'shown']) expect(seen?.body.unmapped).not.toHaveProperty(field)
    expect(await world.holdSeenBy('pat')).toMatchObject({
      effects: null,
      shown: null,
      hit: { clients: 1, people: 0 },
    })
    // Whoever decides reads what was shown to them, and not whom else it hits.
    const decides = await world.seenBy('nora', entry)
    expect(decides).toMatchObject({ withheld: ['unmapped.hit'] })
    expect(decides?.body.unmapped.shown).toBe((await world.holdSeenBy('nora')).shown)
  })

  test('reads the whole of one that names it and hits nobody else', async () => {
    const entry = await world.placed({ organisation: 'cedar' })
    const stored = await world.get(keys.entry(entry))
    const seen = await world.seenBy('pat', entry)
    expect(canonicalize(seen?.body)).toBe(stored.body)
    expect(seen).not.toHaveProperty('withheld')
  })

  test('is told that it is over when a model is released', async () => {
    await world.placed({ model: 'aurora', nationality: 'FR' })
    expect(await world.notices('cedar')).toHaveLength(1)
    applied(await world.decide('dana', 'model.release', 'aurora'))
    expect(await world.get(keys.hold('hold_1'))).toMatchObject({ state: 'lifted' })
    expect(await world.notices('cedar')).toEqual([
      expect.stringContaining('hold.placed'),
      expect.stringContaining('model.release'),
    ])
  })
})

test('a partner that a hold names before it has clients is shown how to appeal it', async () => {
  const entry = await world.placed({ organisation: 'cedar' })
  expect((await world.holdSeenBy('pat')).stop?.appeal).toContain(`partner appeal ${entry}`)
})

describe('of a colleague, whoever does not administer', () => {
  test('learns no nationality by whom a hold hits', async () => {
    await world.person('pat', { attributes: french })
    const entry = await world.placed({ nationality: 'FR' })
    const hitOf = async (who: string) => (await world.seenBy(who, entry))?.body.unmapped.hit
    expect(await hitOf('pat')).toEqual([{ organisation: 'cedar', clients: 0, people: 1 }])
    expect(await hitOf('uma')).toEqual([{ organisation: 'cedar', clients: 0 }])
    expect((await world.holdSeenBy('pat')).hit).toEqual({ clients: 0, people: 1 })
    expect((await world.holdSeenBy('uma')).hit).toEqual({ clients: 0, people: null })
  })

  test('reads nothing of what is attested, nor a digest of it, in the entry that does it', async () => {
    const given = { nationality: { value: 'FR', expiresAt: start + 100 * day } }
    const { entry } = applied(await world.decide('pat', 'person.attributes', 'uma', given))
    const seen = await world.seenBy('uma', entry)
    expect(seen?.withheld).toEqual(['unmapped.params', 'unmapped.difference', 'unmapped.shown'])
    for (const field of ['params', 'difference', 'shown'])
      expect(seen?.body.unmapped).not.toHaveProperty(field)
    expect(await world.seenBy('pat', entry)).not.toHaveProperty('withheld')
  })
})

describe.each([
  ['an office', 'elsewhere', 'elsa'],
  ['a developer', 'zephyr', 'zoe'],
  ['an auditor of other models', 'auditors', 'audrey'],
])('%s whose clients a hold hits, and which does not decide on it', (_, organisation, admin) => {
  let entry: string
  beforeEach(async () => {
    await world.records.organisation({
      id: 'auditors',
      name: 'Plain Auditors',
      kind: 'auditor',
      state: 'active',
      audits: ['borealis'],
    })
    await world.client('client_cedar')
    await world.client('client_own', organisation)
    await world.records.grant({ id: 'grant_own', organisation })
    entry = await world.placed({ model: 'aurora', nationality: 'FR' })
  })

  test('opens the hold that its notice tells of', async () => {
    expect(await world.notices(organisation)).toHaveLength(1)
    expect(await readHold(world.store, 'hold_1', await world.actor(admin))).not.toBeInstanceOf(Refusal)
    expect(await world.seenBy(admin, entry)).toBeDefined()
  })

  test('reads no sealed words of it, and is not told to appeal: that is for partners', async () => {
    const sealed = {
      ...reason,
      text: 'Known to the deciders alone.',
      reference: 'case 9',
      sealed: true as const,
    }
    const scope = { model: 'aurora', nationality: 'FR' }
    const placed = applied(await world.decide('nora', 'hold.place', 'hold_2', { scope }, { reason: sealed }))
    const lifted = applied(await world.decide('nora', 'hold.lift', 'hold_2', {}, { reason: sealed }))
    const hold = await world.holdSeenBy(admin, 'hold_2')
    expect(hold).toMatchObject({
      reason: { text: null, reference: null, sealed: true },
      shown: null,
      stop: { appeal: null, reason: { text: null } },
      ended: { reason: { text: null } },
    })
    const seen = [hold, await world.seenBy(admin, placed.entry), await world.seenBy(admin, lifted.entry)]
    expect(seen).not.toContain(undefined)
    for (const words of [sealed.text, sealed.reference]) expect(JSON.stringify(seen)).not.toContain(words)
    expect((await world.holdSeenBy('dana', 'hold_2')).reason.text).toBe(sealed.text)
  })

  test('reads nothing of the clients of partners that it did not select', async () => {
    const seen = await world.seenBy(admin, entry)
    expect(seen?.body.unmapped.hit).toEqual([{ organisation, clients: 1, people: 0 }])
    expect(JSON.stringify(seen)).not.toContain('client_cedar')
    expect(JSON.stringify(await world.holdSeenBy(admin))).not.toContain('client_cedar')
  })
})

test('closing a partner says how many people it refuses', async () => {
  applied(
    await world.answer('nora', 'approve', proposed(await world.decide('dana', 'partner.revoke', 'cedar'))),
  )
  world.pass(10 * day)
  const action = { name: 'partner.close', id: 'cedar', params: {} } as const
  const seen = await preview(world.deps, await world.actor('dana'), { action, reason, request: 'r' })
  expect(applied(seen).effects).toMatchObject({ people: 2 })
})

test('a mission that comes to hang on a grant at the same moment stops a hold by one person', async () => {
  const mission = { mission_continuity: true }
  const asked = proposed(await world.decide('dana', 'grant.continuity', 'grant_1', mission))
  let raced = false
  world.through({
    async transact(ops) {
      if (!raced) {
        raced = true
        applied(await world.answer('nora', 'approve', asked))
      }
      return world.store.transact(ops)
    },
  })
  const scope = { organisation: 'cedar' }
  expect(told(await world.decide('neil', 'hold.place', 'hold_1', { scope }))).toBe(
    'approval_required scope.organisation',
  )
  expect(await world.has(keys.hold('hold_1'))).toBe(false)
})

test('an index that is out holds up no kill, no withdrawal and no release', async () => {
  await world.client('client_1')
  world.through({
    async query(asked) {
      if (asked.index.name === indexes.byOrganisation.name) throw new StoreUnavailable('out')
      return world.store.query(asked)
    },
  })
  for (const action of ['model.kill', 'model.withdraw'] as const)
    expect(told(await world.decide('dana', action, 'aurora'))).toBe('applied')
  expect(await world.get(keys.model('aurora'))).toMatchObject({ killed: true, state: 'withdrawn' })
  expect(told(await world.decide('dana', 'model.release', 'borealis'))).toBe('applied')
  // What an office stops waits until it can say whom.
  const scope = { organisation: 'cedar' }
  await expect(world.decide('nora', 'hold.place', 'hold_1', { scope })).rejects.toThrow(StoreUnavailable)
})
