/** An inquiry is recorded before it is looked into, answered once, and leaves nothing of what was handed in. */
import { beforeEach, describe, expect, test } from 'vitest'
import { expireInquiries } from '../../../functions/exporter/inquiries/expire.ts'
import { claimInquiry } from '../../../functions/exporter/inquiries/job.ts'
import { tableOf, wholeRecord } from '../../../scripts/bench/watermark/leak-forms.ts'
import type { BundleRecord } from '../../../shared/bundle/records.ts'
import { type InquiryRecord, inputKey, inquiryId } from '../../../shared/domain/inquiries.ts'
import { keys } from '../../../shared/domain/keys.ts'
import { Refusal } from '../../../shared/domain/refusal.ts'
import type { NamedEntry } from '../../../shared/entries/put.ts'
import { entriesOf } from '../../world/entries.ts'
import { type LeakWorld, leakWorld, named } from './leak-world.ts'

let world: LeakWorld
let entries: readonly NamedEntry[]
let copy: readonly BundleRecord[]
beforeEach(async () => {
  world = await leakWorld()
  entries = await world.calls(12)
  copy = await world.copy('reader3', entries)
})

const idOf = (asked: unknown): string => (asked as { body: { id: string } }).body.id
const codeOf = (answer: unknown): string | undefined => (answer instanceof Refusal ? answer.code : undefined)
async function job(id: string): Promise<InquiryRecord> {
  const [found] = await world.store.get([keys.inquiry(id)])
  if (found === undefined) throw new Error(`there is no ${id}`)
  return found
}
const inputs = (): readonly string[] =>
  [...world.objects.all.keys()].filter(key => key.startsWith('inquiry/'))
async function told(organisation = 'halcyon') {
  const all = await entriesOf(world.store, organisation)
  return all
    .map(({ eid, entry }) => ({ eid, ...JSON.parse(entry.body).unmapped }))
    .filter(({ kind }) => /trac|inquiry/.test(kind))
}

describe('what is asked', () => {
  test('is in the log first, by what it is for and the digest of what was handed in, never by its words', async () => {
    const leak = tableOf(copy.slice(0, 5))
    const id = idOf(await world.ask(leak, { epsilon: 0.002 }))
    const [entry] = await told()
    expect(entry).toMatchObject({
      ...{ kind: 'leak_trace_asked', inquiry: id, purpose: 'A list on the web' },
      ...{ epsilon: '0.002', epsilon_left: '0.008' },
      input: { sha256: (await job(id)).input.sha256, bytes: Buffer.byteLength(leak) },
    })
    expect(await job(id)).toMatchObject({ state: 'queued', entry: entry.eid })
    expect(inputs()).toEqual([inputKey(id)])
    const kept = JSON.stringify([await told(), await job(id)])
    expect(kept).not.toContain(copy[1]?.shown?.time)
  })

  test('is one inquiry, however often its request comes', async () => {
    const [first, second] = [
      await world.ask('x', {}, { key: 'one' }),
      await world.ask('x', {}, { key: 'one' }),
    ]
    expect([codeOf(first), codeOf(second)]).toEqual(['leak_unreadable', 'leak_unreadable'])
    const leak = tableOf(copy.slice(0, 2))
    const ids = [
      idOf(await world.ask(leak, {}, { key: 'two' })),
      idOf(await world.ask(leak, {}, { key: 'two' })),
    ]
    expect(ids[0]).toBe(ids[1])
    expect(await told()).toHaveLength(1)
  })

  test('is refused to whoever decides on no model, and outside of an open case of their own', async () => {
    const leak = tableOf(copy.slice(0, 2))
    expect(codeOf(await world.ask(leak, {}, { as: 'ada' }))).toBe('role_missing')
    expect(codeOf(await world.ask(leak, { case: 'case_1' }))).toBe('record_unknown')
    const item = { id: 'case_1', organisation: 'halcyon', state: 'closed', rev: 1 }
    await world.store.write({ kind: 'put', key: keys.case('case_1'), item: item as never })
    expect(codeOf(await world.ask(leak, { case: 'case_1' }))).toBe('state_forbids')
    expect([await told(), inputs()]).toEqual([[], []])
  })

  test('risks no more than a hundredth in one case, or into one leak; another one has its own', async () => {
    const item = { id: 'case_1', organisation: 'halcyon', state: 'open', rev: 1 }
    await world.store.write({ kind: 'put', key: keys.case('case_1'), item: item as never })
    const [leak, other] = [tableOf(copy.slice(0, 2)), tableOf(copy.slice(2, 4))]
    const ask = async (text: string, epsilon: number, of = {}) =>
      codeOf(await world.ask(text, { epsilon, ...of })) ?? 'asked'
    const inCase = { case: 'case_1' }
    expect(await ask(leak, 0.006, inCase)).toBe('asked')
    expect(await ask(other, 0.005, inCase)).toBe('epsilon_spent')
    expect(await ask(other, 0.004, inCase)).toBe('asked')
    expect(await ask(leak, 1e-9, inCase)).toBe('epsilon_spent')
    expect(await ask(leak, 0.01)).toBe('asked')
    expect(await ask(other, 0.01)).toBe('asked')
    expect(await ask(other, 1e-9)).toBe('epsilon_spent')
  })

  test('of several at the same moment, as many are asked as the risk is for', async () => {
    const leak = tableOf(copy.slice(0, 2))
    const all = await Promise.all(Array.from({ length: 6 }, () => world.ask(leak, { epsilon: 0.003 })))
    const asked = all.filter(one => !(one instanceof Refusal)).length
    const [spent] = await world.store.get([
      keys.investigation(
        'halcyon',
        `leak:${(await job(idOf(all.find(one => !(one instanceof Refusal))))).input.sha256}`,
      ),
    ])
    expect(asked).toBeLessThanOrEqual(3)
    expect(spent).toMatchObject({ spent: asked * 3_000_000, inquiries: asked })
  })
})

describe('an answer', () => {
  test('names who leaked, by each layer that tells, in one transaction with the entry that says so', async () => {
    const { id, ended_by, result, ...trace } = await world.trace(wholeRecord(copy[3] as BundleRecord))
    expect(trace.state).toBe('done')
    expect(named({ ...trace, id, ended_by, result })).toEqual(['reader3'])
    const [reader] = result?.readers ?? []
    expect(reader).toMatchObject({ reader: 'person_reader3', organisation: 'halcyon', bound: 2 ** -128 })
    expect(Object.keys(reader?.layers ?? {})).toEqual(['A', 'B'])
    expect(await told()).toMatchObject([
      { kind: 'leak_trace_asked' },
      { kind: 'leak_traced', eid: ended_by, named: [{ id: 'person_reader3', bound: '2.9e-39' }] },
    ])
    expect(inputs()).toEqual([])
    expect(await job(id)).toMatchObject({ due: 'inquiry-kept' })
  })

  test('takes no altered digit for a proof', async () => {
    const { shown, ...record } = copy[3] as BundleRecord
    const time = shown?.time ?? ''
    const altered = { ...shown, time: time.replace(/\dZ$/, digit => `${(Number(digit[0]) + 1) % 10}Z`) }
    const { result } = await world.trace(JSON.stringify({ ...record, shown: altered }))
    expect(result?.layers.A).toEqual({ records: 0, unproved: 1 })
    expect(result?.readers[0]?.layers).not.toHaveProperty('A')
  })

  test('names a slot that nobody was given as what it is', async () => {
    const [found] = await world.store.get([keys.epochReaders(2026 * 12 + 10)])
    const { person_reader3: _, ...readers } = found?.readers ?? {}
    await world.store.write({
      kind: 'put',
      key: keys.epochReaders(2026 * 12 + 10),
      item: { ...found, given: 0, readers } as never,
    })
    const { result } = await world.trace(tableOf(copy))
    expect(result?.readers).toMatchObject([
      { name: 'a slot that was given to nobody', organisation: null, layers: { B: {} } },
    ])
  })

  test('says of a slot that was given, and is nobody’s since the log was restored, that somebody had it', async () => {
    const [found] = await world.store.get([keys.epochReaders(2026 * 12 + 10)])
    const item = { ...found, readers: {} } as never
    await world.store.write({ kind: 'put', key: keys.epochReaders(2026 * 12 + 10), item })
    for (const leak of [tableOf(copy), wholeRecord(copy[3] as BundleRecord)])
      expect((await world.trace(leak)).result?.readers).toMatchObject([
        { name: 'a slot that was given, and whose reader the log no longer tells', organisation: null },
      ])
  })

  test('tells of no record that whoever asks may not see', async () => {
    const other = await world.calls(2, { seed: 'b', model: 'borealis', developer: 'boreal' })
    const [record] = await world.copy('ada', other)
    for (const leak of [wholeRecord(record as BundleRecord), wholeRecord(record as BundleRecord).repeat(2)]) {
      const { result } = await world.trace(leak, {}, 'ida')
      expect(result).toMatchObject({ matched: 0, records: 0, readers: [], layers: { A: { records: 0 } } })
    }
  })

  test('also tells of records that can no longer be searched, from their archives', async () => {
    const leaks = [wholeRecord(copy[3] as BundleRecord), tableOf(copy)]
    world.pass(40 * 86_400_000)
    for (const { eid } of entries) await world.store.write({ kind: 'remove', key: keys.entry(eid) })
    for (const leak of leaks) expect(named(await world.trace(leak))).toEqual(['reader3'])
  })

  test('is a refusal where more of the log is touched than one looks at', async () => {
    const asked = idOf(await world.ask(tableOf(copy)))
    await world.answer({ bounds: { traced: 5 } })
    expect(await job(asked)).toMatchObject({ state: 'failed', failure: { code: 'trace_too_large' } })
    expect((await told()).at(-1)).toMatchObject({ kind: 'inquiry_failed', code: 'trace_too_large' })
    expect(inputs()).toEqual([])
  })

  test('is for nobody who could not ask any more', async () => {
    const asked = idOf(await world.ask(tableOf(copy)))
    const change = { set: [[['roles'], ['counsel']]] } as const
    await world.store.write({ kind: 'update', key: keys.person('person_dana'), change })
    await world.answer()
    expect(await job(asked)).toMatchObject({ state: 'failed', failure: { code: 'role_missing' } })
  })

  test('comes once, whoever works on it at the same time', async () => {
    idOf(await world.ask(tableOf(copy)))
    await Promise.all([world.answer(), world.answer(), world.answer()])
    expect((await told()).map(({ kind }) => kind)).toEqual(['leak_trace_asked', 'leak_traced'])
  })

  test('comes after an error, and whoever ended it need not be who removes what was handed in', async () => {
    const asked = idOf(await world.ask(tableOf(copy)))
    let fails = true
    const objects = Object.assign(Object.create(world.objects), {
      get: async (key: string) => {
        if (fails && key.startsWith('inquiry/')) throw new Error('a disk')
        return world.objects.get(key)
      },
      remove: async (key: string) => {
        if (fails) throw new Error('a disk')
        return world.objects.remove(key)
      },
    })
    expect(await world.answer({ objects })).toBe(0)
    expect(await job(asked)).toMatchObject({ state: 'running', attempts: 1, lease: { by: '' } })
    fails = false
    const removing = Object.assign(Object.create(world.objects), {
      remove: async () => {
        throw new Error('a disk')
      },
    })
    await world.answer({ objects: removing })
    expect(await job(asked)).toMatchObject({ state: 'done', due: 'inquiry' })
    expect(inputs()).toHaveLength(1)
    await world.answer()
    expect(await job(asked)).toMatchObject({ state: 'done', due: 'inquiry-kept' })
    expect(inputs()).toEqual([])
  })

  test('comes from another, ten minutes after whoever was at it has died', async () => {
    const asked = idOf(await world.ask(tableOf(copy)))
    expect(await claimInquiry(world.exporter(), { id: asked })).toBeDefined()
    expect([await world.answer(), (await job(asked)).state]).toEqual([0, 'running'])
    world.pass(600_000)
    expect([await world.answer(), (await job(asked)).state]).toEqual([1, 'done'])
  })

  test('is given up after twenty tries, with an alarm', async () => {
    const asked = idOf(await world.ask(tableOf(copy)))
    const change = { set: [[['attempts'], 20]] } as const
    await world.store.write({ kind: 'update', key: keys.inquiry(asked), change })
    await world.answer()
    expect(await job(asked)).toMatchObject({ state: 'failed', failure: { code: 'internal' } })
    expect(world.alarms).toContain('inquiry_failed')
  })

  test('is kept for thirty days; what belongs to no inquiry goes within hours', async () => {
    const { id } = await world.trace(tableOf(copy))
    const stray = inputKey(inquiryId('trace', world.now(), new Uint8Array(16)))
    await world.objects.put(stray, Buffer.from('x'), { ifAbsent: true })
    const look = () => expireInquiries(world.exporter(), world.now() + 1_000_000)
    expect([await look(), inputs()]).toEqual([0, [stray]])
    world.pass(2 * 3_600_000)
    expect([await look(), inputs()]).toEqual([0, []])
    world.pass(30 * 86_400_000)
    expect(await look()).toBe(1)
    const expired = await job(id)
    expect(expired).toMatchObject({ state: 'expired', purpose: 'A list on the web' })
    expect([expired.result, expired.due]).toEqual([undefined, undefined])
  })
})
