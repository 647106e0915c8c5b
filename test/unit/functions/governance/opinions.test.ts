/** Consultation: consultants say what they think of what is shared with them. It decides nothing. */
import { beforeEach, describe, expect, test } from 'vitest'
import { wordsDigest } from '../../../../functions/governance/findings/words-digest.ts'
import { indexes, keys, type RecordKind } from '../../../../shared/domain/keys.ts'
import { whoDecides } from '../../../../shared/domain/who-decides.ts'
import { nouns, whoSees } from '../../../../shared/domain/who-sees.ts'
import type { Key } from '../../../../shared/ports/store.ts'
import { type ConsultationWorld, consultationWorld, putFinding } from './consultation-world.ts'
import { applied, day, start, told } from './grant-world.ts'

let world: ConsultationWorld
beforeEach(async () => {
  world = await consultationWorld()
})

const model = { model: 'aurora' }
const text = 'Hospitals would gain most from an early look.'

const share = async (...offices: readonly string[]) => world.records.model({ sharedWith: offices })

const attach = (who: string, body: object = {}, key?: string) =>
  world.call(who, 'attachOpinion', { path: model, body: { text, ...body }, ...(key && { key }) })

const opinions = (who: string) => world.items(who, 'listOpinions', { path: model })

const kinds: readonly RecordKind[] = [
  ...(['model', 'organisation', 'person', 'session', 'client', 'agreement', 'version', 'finding'] as const),
  ...(['opinion', 'review', 'ledger', 'grant', 'proposal', 'hold', 'appeal', 'notice', 'rules'] as const),
]

/** Every record of the registry by its key, as the store has it. */
async function everything(): Promise<ReadonlyMap<string, string>> {
  const all = new Map<string, string>()
  for (const partition of kinds) {
    const page = await world.store.query({ index: indexes.byRecord, partition, order: 'asc', limit: 100 })
    const found = await world.store.get(page.keys as readonly Key[])
    page.keys.forEach((key, i) => {
      all.set(key.pk, JSON.stringify(found[i]))
    })
  }
  const singles = [keys.standing, keys.meter('meter_1')] as readonly Key[]
  for (const [i, one] of (await world.store.get(singles)).entries())
    all.set(`single ${i}`, JSON.stringify(one))
  return all
}

describe('an opinion', () => {
  test('is attached by a consultant of an office that the model is shared with', async () => {
    await share('ofr')
    expect(told(applied(await attach('tess')).body)).toBe('applied')
    expect(await opinions('tess')).toMatchObject([
      { model: 'aurora', organisation: 'ofr', text, finding: null, by: { name: 'tess', role: 'consultant' } },
    ])
  })

  test('is nobody else’s to attach', async () => {
    expect(told(await attach('tess'))).toBe('record_unknown')
    await share('ofr')
    // They see the model, and are told whose part it is.
    for (const who of ['dana', 'nora', 'olga']) expect(told(await attach(who)), who).toBe('role_missing')
    // The model is not there for them.
    for (const who of ['eric', 'elsa', 'pat', 'zoe'])
      expect(told(await attach(who)), who).toBe('record_unknown')
    expect(await opinions('tess')).toEqual([])
  })

  test('changes no other record by a single byte', async () => {
    await share('ofr')
    await putFinding(world)
    await world.records.client()
    const before = await everything()
    const { body } = applied(await attach('tess', { finding: 'finding_1' })) as {
      body: { subject: { id: string } }
    }
    const after = await everything()
    for (const [key, record] of before) expect(after.get(key), key).toBe(record)
    const made = [...after.keys()].filter(key => !before.has(key))
    expect(made.filter(key => !key.startsWith('notice#'))).toEqual([`opinion#${body.subject.id}`])
  })

  test('is the one action of who-decides that a consultant has a part in', () => {
    const named = Object.entries(whoDecides).filter(([, rule]) =>
      [...rule.seats, ...('asks' in rule ? [rule.asks] : [])]
        .flat()
        .some(({ role, of }) => of === 'consulted' || (role === 'consultant' && of !== 'subject')),
    )
    expect(named.map(([name]) => name)).toEqual(['opinion.attach'])
  })

  test('gives its reader no part in what is decided about the model', async () => {
    await world.records.model({ sharedWith: ['ofr'], state: 'engaged' })
    for (const [name, params] of [
      ['model.kill', {}],
      ['model.release', {}],
      ['model.withdraw', {}],
      ['model.share', { organisation: 'elsewhere', shared: true }],
      ['model.assess', { days: 3 }],
    ] as const)
      expect(told(await world.decide('tess', name, 'aurora', params)), name).toBe('role_missing')
  })

  test('is recorded by the digest of its words and a salt, and the log holds neither', async () => {
    await share('ofr')
    const { body } = applied(await attach('tess')) as { body: { entry: string } }
    const [shown] = await opinions('tess')
    const salt = String(shown?.digest_salt)
    expect(await world.entry(body.entry)).toMatchObject({
      action: 'opinion.attach',
      params: { model: 'aurora', text_digest: wordsDigest({ salt, text }) },
      shared_with: ['ofr'],
    })
    const found = await world.get(keys.entry(body.entry))
    for (const kept of ['Hospitals', salt]) expect(found.body).not.toContain(kept)
  })

  test('carries no marking above the level of the deployment, no control character, and 10,000 characters at most', async () => {
    await share('ofr')
    expect(told(await attach('tess', { text: 'TOP SECRET//NOFORN as said' }))).toBe(
      'classification_exceeded text',
    )
    for (const wrong of ['a\u001b[2Jb', '', '   ', 'x'.repeat(10_001)])
      await expect(attach('tess', { text: wrong })).rejects.toThrow()
    applied(await attach('tess', { text: `two\nlines ${'x'.repeat(9_980)}` }))
    expect(await opinions('nora')).toHaveLength(1)
  })

  test('is made once for one key', async () => {
    await share('ofr')
    const first = applied(await attach('tess', {}, 'once'))
    const second = applied(await attach('tess', {}, 'once'))
    expect(second.body).toEqual(first.body)
    expect(await opinions('tess')).toHaveLength(1)
  })

  test('is only looked at in a dry run', async () => {
    await share('ofr')
    expect(told(applied(await attach('tess', { dry_run: true })).body)).toBe('dry_run')
    expect(await opinions('tess')).toEqual([])
  })
})

describe('who reads an opinion', () => {
  test('the developer, the offices of its engagement, consultants it is shared with; no partner', async () => {
    await share('ofr', 'elsewhere')
    applied(await attach('tess'))
    for (const who of ['dana', 'nora', 'tess', 'eric', 'audrey'])
      expect(await opinions(who), who).toHaveLength(1)
    // The model is offered to its partner, and what consultants say of it is not.
    expect(await opinions('pat')).toEqual([])
    expect(told(await world.call('zoe', 'listOpinions', { path: model }))).toBe('record_unknown')
  })

  test('nobody any more with whom the model is no longer shared', async () => {
    await share('ofr')
    applied(await attach('tess'))
    await world.records.model({ sharedWith: ['elsewhere'] })
    expect(told(await world.call('tess', 'listOpinions', { path: model }))).toBe('record_unknown')
    expect(await opinions('nora')).toHaveLength(1)
  })

  test('of a finding: nobody who is not shown the finding itself', async () => {
    await share('ofr', 'elsewhere')
    await putFinding(world, { embargoUntil: start + 90 * day })
    applied(await attach('tess', { finding: 'finding_1' }))
    expect(await opinions('dana')).toMatchObject([{ finding: 'finding_1', text, withheld: false }])
    expect(await opinions('tess')).toMatchObject([{ text }])
    // A consultant of another office: the model is shared with it, and the finding is not.
    expect(await opinions('eric')).toEqual([])
    // Auditors know that there is one, and no words while the embargo lasts.
    expect(await opinions('audrey')).toMatchObject([{ text: null, withheld: true }])
    world.pass(90 * day)
    expect(await opinions('audrey')).toMatchObject([{ text, withheld: false }])
  })

  test('of a finding: an office of the engagement once the finding was handed to it, and not before', async () => {
    await share('elsewhere')
    await putFinding(world, { sharedWith: ['elsewhere'] })
    applied(await attach('eric', { finding: 'finding_1' }))
    expect(await opinions('nora')).toEqual([])
    const { body } = applied(await attach('eric', { finding: 'finding_1' })) as { body: { entry: string } }
    expect(told(await world.call('nora', 'getEntry', { path: { eid: body.entry } }))).toBe('entry_unknown')
    await putFinding(world, { sharedWith: ['elsewhere'], handedTo: ['ofr'] })
    expect(await opinions('nora')).toHaveLength(2)
  })

  test('of a finding that is not theirs: it is not there', async () => {
    await share('ofr', 'elsewhere')
    await putFinding(world)
    await putFinding(world, { id: 'finding_2', model: 'borealis' })
    expect(told(await attach('eric', { finding: 'finding_1' }))).toBe('record_unknown finding')
    expect(told(await attach('tess', { finding: 'finding_2' }))).toBe('record_unknown finding')
    expect(told(await attach('tess', { finding: 'finding_9' }))).toBe('record_unknown finding')
  })
})

describe('what a consultant sees', () => {
  test('is what is shared, and by the table nothing else', () => {
    const seen = nouns.filter(noun => whoSees[noun].consultant === 'shared')
    expect(seen).toEqual(['model', 'decision', 'finding', 'opinion'])
    const rest = nouns.filter(noun => !seen.includes(noun)).map(noun => [noun, whoSees[noun].consultant])
    // Themselves, and the names of those that they have to do with.
    expect(rest.filter(([, relation]) => relation !== 'nobody')).toEqual([
      ['person', 'own'],
      ['organisation', 'deals_with'],
    ])
  })

  test('is the model, its shared decisions, opinions and shared findings; no call, grant, hold, client or notice', async () => {
    await share('ofr')
    await putFinding(world)
    await putFinding(world, { id: 'finding_2', sharedWith: [] })
    await world.records.client()
    await world.hold('hold_1', 'nora', { organisation: 'cedar' })
    applied(await attach('tess'))
    expect(await world.body('tess', 'getModel', { path: model })).toMatchObject({
      id: 'aurora',
      upstreams: null,
    })
    expect(told(await world.call('tess', 'getModel', { path: { model: 'borealis' } }))).toBe('record_unknown')
    expect((await world.items('tess', 'listFindings')).map(({ id }) => id)).toEqual(['finding_1'])
    for (const list of [
      'listGrants',
      'listHolds',
      'listClients',
      'listPartners',
      'listAgreements',
      'listReviews',
    ])
      expect(await world.items('tess', list), list).toEqual([])
    expect(told(await world.call('tess', 'listNotices'))).toBe('role_missing')

    const unshared = applied(await world.decide('nora', 'partner.suspend', 'cedar'))
    const shared = applied(await world.decide('dana', 'model.kill', 'aurora'))
    expect(told(await world.call('tess', 'getEntry', { path: { eid: unshared.entry } }))).toBe(
      'entry_unknown',
    )
    expect(await world.body('tess', 'getEntry', { path: { eid: shared.entry } })).toMatchObject({
      body: { unmapped: { action: 'model.kill', shared_with: ['ofr'] } },
    })
  })
})
