/** Many records: one checkpoint for all, every entry once, and two readers who hold theirs against each other. */
import { beforeAll, describe, expect, test } from 'vitest'
import { NotVerified, type Records, verifyRange } from '../../../client/index.ts'
import { compare } from '../../../client/log/compare.ts'
import { examineRange, type Gathered } from '../../../client/log/range.ts'
import {
  decisionOf,
  intentOf,
  type LogKeys,
  makeKeys,
  type Shown,
  type SignedLog,
  signedLog,
} from './verify-world.ts'

const many = 12
const entries = Array.from({ length: many }, (_, n) => (n % 3 === 1 ? decisionOf(n) : intentOf(n)))
let keys: LogKeys
let log: SignedLog
beforeAll(async () => {
  keys = makeKeys()
  log = await signedLog(entries, { key: keys })
})

const lines = (records: readonly Shown[]): readonly string[] => records.map(one => JSON.stringify(one))
const shown = (places: readonly number[], options = {}): Promise<readonly Shown[]> =>
  Promise.all(places.map(n => log.shown(n, options)))
const verify = (records: Records, options = {}) => verifyRange(records, { key: log.vkey, ...options })

async function refused(verifying: Promise<unknown>): Promise<NotVerified> {
  const error = await verifying.then(
    facts => new Error(`it was verified: ${JSON.stringify(facts)}`),
    (error: unknown) => error,
  )
  if (error instanceof NotVerified) return error
  throw error
}

describe('a range', () => {
  test('says which leaves it has, and how many between them it has not', async () => {
    const records = await shown([10, 2, 3, 7])
    const facts = await verify(lines(records))
    expect(facts).toMatchObject({
      entries: 4,
      first: 2,
      last: 10,
      between: 5,
      size: many,
      trees: 1,
      repeated: 0,
    })
    expect(facts.readers).toHaveLength(1)
    expect(await verify(records)).toEqual(facts)
    expect(await verify([`${lines(records).join('\n\n')}`].flatMap(text => text.split('\n')))).toEqual(facts)
  })

  test('counts an entry once, however often it stands there and whosever copies they are', async () => {
    const [own, others] = [await shown([1, 2, 2]), await shown([1, 2], { slot: 3, withheld: [] })]
    const facts = await verify(lines([...own, ...others]))
    expect(facts).toMatchObject({ entries: 2, between: 0, repeated: 3 })
    expect(facts.readers).toHaveLength(2)
  })

  test('says of how many entries something is withheld, and what nothing vouches for', async () => {
    const records = [await log.shown(1, { withheld: ['comment'] }), await log.shown(2)]
    expect(await verify(lines(records))).toMatchObject({ withheld: 1, unproved: ['sentence'] })
  })

  test('names every record that is wrong by its line, and does not stop at the first', async () => {
    const records = await shown([0, 1, 2, 3])
    const changed = lines(records).map((line, i) => (i % 2 ? line.replace('"cedar"', '"maple"') : line))
    const { kind, faults } = await refused(verify(changed))
    expect(kind).toBe('contradicted')
    expect(faults.map(({ place }) => place)).toEqual(['line 2', 'line 4'])
  })

  test('that tells of a thousand faults tells the first, and the gravest', async () => {
    const [one] = lines(await shown([1]))
    const bare = JSON.stringify({ ...JSON.parse(one ?? ''), view: undefined })
    const wrong = (one ?? '').replace('"cedar"', '"maple"')
    const found = await examineRange([...Array.from({ length: 1_000 }, () => bare), wrong], { key: log.vkey })
    expect(found.faultCount).toBe(1_001)
    expect(found.faults).toHaveLength(20)
    expect(found.faults.some(({ place, kind }) => place === 'line 1001' && kind === 'contradicted')).toBe(
      true,
    )
  })

  test('without a record is none', async () => {
    for (const records of [[], ['', ' ']])
      expect(await refused(verify(records))).toMatchObject({ kind: 'malformed' })
  })

  test('with a record that cannot be proved is not verified as a whole', async () => {
    const [one, two] = await shown([1, 2])
    const { view: _, ...bare } = two as Shown
    const { kind, faults } = await refused(verify([one, bare]))
    expect({ kind, faults }).toMatchObject({
      kind: 'unproved',
      faults: [{ place: 'record 2', field: 'view' }],
    })
  })
})

describe('several checkpoints', () => {
  test('are one history where the tiles show it', async () => {
    const records = [await log.shown(1, { at: 3 }), await log.shown(4, { at: 5 }), await log.shown(9)]
    expect(await verify(lines(records), { files: log.read })).toMatchObject({
      trees: 3,
      size: many,
      entries: 3,
    })
  })

  test('are not shown to be one without tiles', async () => {
    const records = [await log.shown(1, { at: 3 }), await log.shown(9)]
    expect(await refused(verify(lines(records)))).toMatchObject({ kind: 'unproved' })
  })

  test('of one size and two roots are two tales, which the log has signed', async () => {
    const other = await signedLog([...entries.slice(0, -1), decisionOf(99)], { key: keys })
    const records = [await log.shown(1), await other.shown(2)]
    const { kind, message } = await refused(verify(lines(records)))
    expect(kind).toBe('contradicted')
    expect(message).toContain('two trees of 12 leaves')
  })

  test('of which one is no beginning of the other are two tales', async () => {
    const other = await signedLog([decisionOf(99), ...entries.slice(1)], { key: keys })
    const records = [await other.shown(2, { at: 7 }), await log.shown(9)]
    const { kind, message } = await refused(verify(lines(records), { files: log.read }))
    expect(kind).toBe('contradicted')
    expect(message).toContain('is not the beginning')
  })

  test('are not made one by tiles of another tree', async () => {
    const other = await signedLog([decisionOf(99), ...entries.slice(1)], { key: keys })
    const records = [await log.shown(1, { at: 3 }), await log.shown(9)]
    const { kind, message } = await refused(verify(lines(records), { files: other.read }))
    expect(kind).toBe('contradicted')
    expect(message).toContain('the tiles do not give the root')
  })

  test('and a place that has two entries contradict each other, tiles or none', async () => {
    const other = await signedLog([decisionOf(99), ...entries.slice(1)], { key: keys })
    const records = [await other.shown(0, { at: 7 }), await log.shown(0)]
    const { faults } = await refused(verify(lines(records)))
    expect(faults).toContainEqual(expect.objectContaining({ kind: 'contradicted', place: 'line 2' }))
  })
})

describe('one entry', () => {
  test('has one leaf', async () => {
    const other = await signedLog([intentOf(50), ...entries], { key: keys })
    const { kind, message } = await refused(verify([await log.shown(1), await other.shown(2)]))
    expect(kind).toBe('contradicted')
    expect(message).toContain(`record 2: ${log.eid(1)} is leaf 2 here, and leaf 1 at record 1`)
  })

  test('tells one tale', async () => {
    const told = decisionOf(1)
    const entry = { ...told.entry, body: told.entry.body.replace('As agreed.', 'As ordered') }
    const other = await signedLog([intentOf(0), { eid: told.eid, entry }, intentOf(2)], { key: keys })
    const { kind, message } = await refused(verify([await log.shown(1), await other.shown(1)]))
    expect(kind).toBe('contradicted')
    expect(message).toContain(`record 2: ${log.eid(1)} tells other facts here than at record 1`)
  })
})

describe('two readers', () => {
  test('are told what both were shown alike, and what only one has', async () => {
    const [own, others] = [await shown([1, 2, 3, 5]), await shown([2, 3, 4], { slot: 5 })]
    const { compared } = await verify(lines(own), { others: lines(others) })
    expect(compared).toMatchObject({
      agree: 2,
      differ: 0,
      onlyFirst: 2,
      onlyFirstEids: [log.eid(1), log.eid(5)],
      onlyOther: 1,
      onlyOtherEids: [log.eid(4)],
      oneReader: false,
    })
  })

  test('agree where one of them sees less of it', async () => {
    const own = await shown([1, 4])
    const others = await shown([1, 4], { slot: 5, withheld: ['comment', 'unmapped.reference'] })
    expect((await verify(lines(own), { others: lines(others) })).compared).toMatchObject({
      agree: 2,
      differ: 0,
    })
  })

  test('who are one are told that', async () => {
    const own = await shown([1, 2])
    expect((await verify(lines(own), { others: lines(own) })).compared).toMatchObject({
      agree: 2,
      oneReader: true,
    })
  })

  test('of whom one has a record that is not in the log learn which', async () => {
    const [own, others] = [await shown([1]), lines(await shown([1, 2], { slot: 5 }))]
    const changed = others.map(line => line.replace('"cedar"', '"maple"'))
    const { kind, faults } = await refused(verify(lines(own), { others: changed }))
    expect(kind).toBe('contradicted')
    expect(faults[0]).toMatchObject({ place: 'the other file, line 1' })
  })

  /** By two trees that the log has signed: within one, an entry has one leaf, and its slots must commit to one body. */
  test('who were shown different facts of one entry find it out', async () => {
    const told = decisionOf(1)
    const entry = { ...told.entry, body: told.entry.body.replace('As agreed.', 'As ordered') }
    const other = await signedLog([entries[0] ?? told, { eid: told.eid, entry }, ...entries.slice(2)], {
      key: keys,
    })
    const { kind, faults } = await refused(
      verify([await log.shown(1)], { others: [await other.shown(1, { slot: 5 })] }),
    )
    expect(kind).toBe('contradicted')
    expect(faults.map(({ message }) => message)).toContainEqual(expect.stringContaining('tells other facts'))
  })

  test.each([
    ['another digest', { index: 4, digest: 'other', place: 'line 9' }, 'tells other facts'],
    ['another leaf', { index: 5, digest: 'd', place: 'line 9' }, 'stands at another leaf'],
  ])('who have %s of an entry disagree', (_, other, what) => {
    const gathered = (one: Gathered['byEid'] extends ReadonlyMap<string, infer P> ? P : never): Gathered => ({
      byEid: new Map([['entry_1', one]]),
      byIndex: new Map([[one.index, 'entry_1']]),
      readers: new Set(['a']),
    })
    const faults: string[] = []
    const first = gathered({ index: 4, digest: 'd', place: 'line 1' })
    const found = compare(first, gathered(other), ({ message }) => faults.push(message))
    expect(found).toMatchObject({ agree: 0, differ: 1 })
    expect(faults).toEqual([`entry_1 ${what} here than at line 9`])
  })
})
