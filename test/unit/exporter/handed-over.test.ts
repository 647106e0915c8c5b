/** Evidence: developer and office hand it over together; what is in it, who learns of it, and the officer's receipt. */
import { unzipSync } from 'fflate'
import { beforeEach, describe, expect, test } from 'vitest'
import { verifyStatement } from '../../../shared/agreements/statement.ts'
import { exportOfEvidence } from '../../../shared/domain/evidence.ts'
import { chunkKey, type ExportRecord } from '../../../shared/domain/exports.ts'
import { keys } from '../../../shared/domain/keys.ts'
import { Refusal } from '../../../shared/domain/refusal.ts'
import { codeOf, dayMs, hourMs, type KeptWorld, keptWorld } from './kept-world.ts'

let world: KeptWorld
beforeEach(async () => {
  world = await keptWorld()
})

const body = (further: object = {}, selection: object = {}) => ({
  selection: {
    organisation: 'cedar',
    from: new Date(world.now() - 10 * dayMs).toISOString(),
    to: new Date(world.now()).toISOString(),
    ...selection,
  },
  statutes: ['18 U.S.C. 1030'],
  officer: 'Special Agent Doe',
  agency: 'FBI',
  purpose: 'An intrusion is investigated.',
  ...further,
})

const ask = (who: string, further: object = {}, selection: object = {}) =>
  world.call(who, 'exportEvidence', { body: body(further, selection) })

const handedOver = async (who = 'dana', second = 'nora'): Promise<string> =>
  world.decided(await ask(who), second)

const jobOf = (id: string): Promise<ExportRecord> => world.get(keys.export(exportOfEvidence(id)))

/** The files of the bundle. */
async function bundle(id: string): Promise<Readonly<Record<string, string>>> {
  world.pass(60_000)
  await world.sequence()
  await world.run()
  expect(world.errors).toEqual([])
  const job = await jobOf(id)
  const chunks = Array.from(
    { length: job.chunks ?? 0 },
    (_, n) => world.objects.all.get(chunkKey(job, n)) ?? new Uint8Array(),
  )
  const files = unzipSync(Buffer.concat(chunks))
  return Object.fromEntries(
    Object.entries(files).map(([name, bytes]) => [name, Buffer.from(bytes).toString()]),
  )
}

const linesOf = (text = ''): readonly { readonly eid: string }[] =>
  text
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line))

describe('the decision', () => {
  test('takes two people of two organisations; nobody else has a part in it', async () => {
    for (const who of ['pat', 'uma', 'audrey', 'olga'])
      expect([who, codeOf(await ask(who))]).toEqual([who, 'role_missing'])
    const asked = await ask('dana')
    expect(codeOf(asked)).toBe('proposed')
    const { proposal, subject } = (asked as { body: { proposal: { id: string }; subject: { id: string } } })
      .body
    expect(await world.has(keys.export(exportOfEvidence(subject.id)))).toBe(false)
    expect(await world.answer('devon', 'approve', proposal.id)).toMatchObject({ code: 'approval_required' })
    expect(await world.answer('nora', 'approve', proposal.id)).toMatchObject({ state: 'applied' })
    expect(await jobOf(subject.id)).toMatchObject({
      kind: 'evidence',
      state: 'queued',
      person: { id: 'dana' },
    })
  })

  test('begins with the office as well, and is then signed by the developer whose entries they are', async () => {
    const id = await handedOver('nora', 'dana')
    expect(await jobOf(id)).toMatchObject({ person: { id: 'nora' }, evidence: { developer: 'halcyon' } })
  })

  test('is of somebody, for some time that has passed, under a reference', async () => {
    expect(codeOf(await ask('dana', {}, { organisation: undefined }))).toBe('body_malformed')
    const tomorrow = new Date(world.now() + dayMs).toISOString()
    expect(codeOf(await ask('dana', {}, { to: tomorrow }))).toBe('body_malformed')
    await expect(ask('dana', { reason: { code: 'legal_order', text: 'x' } })).rejects.toThrow(/reference/)
    await expect(ask('dana', { statutes: ['18 U.S.C. 242'] })).rejects.toThrow()
  })

  test('names nobody whom the asking side does not see', async () => {
    await world.records.organisation({
      id: 'harbor',
      name: 'Harbor',
      kind: 'partner',
      state: 'active',
      partner: 'active',
      developers: ['zephyr'],
      governments: ['elsewhere'],
    })
    expect(codeOf(await ask('dana', {}, { organisation: 'harbor' }))).toBe('record_unknown')
    expect(codeOf(await ask('dana', {}, { organisation: 'nobody' }))).toBe('record_unknown')
    expect(codeOf(await ask('nora', { developer: 'zephyr' }))).toBe('record_unknown')
  })

  test('tells in a dry run nothing of how many entries there are', async () => {
    const shown = async () => {
      const answer = await ask('nora', { dry_run: true })
      const { subject: _, shown: digest, ...rest } = (answer as { body: Record<string, unknown> }).body
      expect(digest).toBeDefined()
      return JSON.stringify(rest)
    }
    const before = await shown()
    await world.callOf('cedar')
    await world.sequence()
    expect(await shown()).toBe(before)
  })

  test('is over where another developer is meant than the one who was asked', async () => {
    await world.store.write({
      kind: 'update',
      key: keys.organisation('ofr'),
      change: { set: [[['developers'], ['halcyon']]] },
    })
    const asked = await ask('nora')
    const { proposal } = (asked as { body: { proposal: { id: string } } }).body
    await world.records.model({ id: 'gale', developer: 'zephyr', governments: ['ofr'] })
    await world.store.write({
      kind: 'update',
      key: keys.organisation('cedar'),
      change: { set: [[['developers'], ['zephyr']]] },
    })
    expect(await world.answer('dana', 'approve', proposal.id)).toMatchObject({ code: 'proposal_stale' })
  })
})

describe('what is in it', () => {
  test('whole bodies that the developer could see itself, with exact times; of another developer nothing', async () => {
    const own = await world.callOf('cedar')
    const others = await world.callOf('cedar', { model: 'gale', developer: 'zephyr' })
    const elsewhere = await world.callOf('prairie')
    world.pass(hourMs)
    await world.sequence()
    const files = await bundle(await handedOver('nora', 'dana'))
    const records = linesOf(files['records.jsonl'])
    const eids = records.map(({ eid }) => eid)
    expect(eids).toEqual(expect.arrayContaining([own, `${own}.outcome`]))
    for (const eid of [others, `${others}.outcome`, elsewhere]) expect(eids).not.toContain(eid)
    for (const record of records) expect(record).not.toHaveProperty('withheld')
    expect(linesOf(files['exact.jsonl']).map(({ eid }) => eid)).toEqual(eids)
  })

  test('the chain of custody: who asked, who approved, by which entries, under which statutes', async () => {
    await world.callOf('cedar')
    world.pass(hourMs)
    await world.sequence()
    const id = await handedOver()
    const evidence = await world.get(keys.evidence(id))
    const custody = JSON.parse((await bundle(id))['custody.json'] ?? '{}')
    expect(custody).toMatchObject({
      statutes: ['18 U.S.C. 1030'],
      officer: 'Special Agent Doe',
      agency: 'FBI',
      selection: { organisation: 'cedar', developer: 'halcyon' },
      asked: { person: 'dana', organisation: 'halcyon' },
      approved: [{ person: 'nora', organisation: 'ofr', entry: evidence.entry }],
    })
    // The entry by which it was asked for is another one than that of the last signature.
    expect(await world.entry(custody.asked.entry)).toMatchObject({ decision: 'proposed' })
    expect(await world.entry(custody.approved[0].entry)).toMatchObject({ decision: 'applied' })
  })
})

test('a partner learns of none of it', async () => {
  const id = await handedOver()
  for (const who of ['pat', 'uma', 'rita', 'zoe']) {
    const one = await world.call(who, 'getEvidence', { path: { evidence: id } })
    const list = await world.call(who, 'listEvidence')
    expect([who, codeOf(one)]).toEqual([who, 'record_unknown'])
    expect((list as { body: { items: object[] } }).body.items).toEqual([])
  }
  expect(await world.call('neil', 'getEvidence', { path: { evidence: id } })).toMatchObject({ status: 200 })
})

describe('the receipt', () => {
  const receive = async (who: string, id: string, further: object = {}) => {
    const { sha256 = '0'.repeat(64) } = await jobOf(id)
    const [evidence] = await world.store.get([keys.evidence(id)])
    return world.call(who, 'attestReceipt', {
      path: { evidence: id },
      rev: evidence?.rev ?? 0,
      body: { reference: 'FD-597', sha256, received_at: new Date(world.now()).toISOString(), ...further },
    })
  }

  test('is of the file that was made, by its digest, and after it was made', async () => {
    await world.callOf('cedar')
    await world.sequence()
    const id = await handedOver()
    expect(codeOf(await receive('dana', id))).toBe('state_forbids')
    await bundle(id)
    expect(codeOf(await receive('dana', id, { sha256: 'f'.repeat(64) }))).toBe('body_malformed')
    const before = new Date(world.now() - dayMs).toISOString()
    expect(codeOf(await receive('dana', id, { received_at: before }))).toBe('body_malformed')
    for (const who of ['pat', 'zoe'])
      expect([who, codeOf(await receive(who, id))]).toEqual([who, 'record_unknown'])
    expect(codeOf(await receive('olga', id))).toBe('role_missing')
  })

  test('can be attested after the file is kept no longer: it was taken before', async () => {
    await world.callOf('cedar')
    await world.sequence()
    const id = await handedOver()
    await bundle(id)
    const received = new Date(world.now()).toISOString()
    world.pass(31 * dayMs)
    await world.run()
    expect(await jobOf(id)).toMatchObject({ state: 'expired', sha256: expect.any(String) })
    expect(codeOf(await receive('dana', id, { received_at: received }))).toBe('applied')
  })

  test('is attested once, by either side, in a statement that verifies', async () => {
    await world.callOf('cedar')
    await world.sequence()
    const id = await handedOver()
    await bundle(id)
    expect(codeOf(await receive('neil', id))).toBe('applied')
    const { receipt } = await world.get(keys.evidence(id))
    const verified = verifyStatement(receipt?.jws ?? '', 'sallyport-receipt+jwt', world.statements.publicJwk)
    if (typeof verified === 'string') throw new Error(verified)
    expect(JSON.parse(verified.payload.toString())).toMatchObject({
      evidence: id,
      sha256: (await jobOf(id)).sha256,
      officer: 'Special Agent Doe',
      reference: 'FD-597',
      attested_by: { person: 'neil', organisation: 'ofr' },
    })
    const again = await receive('dana', id)
    expect(again instanceof Refusal && again.code).toBe('state_forbids')
  })
})
