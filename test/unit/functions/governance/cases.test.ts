/** Cases: what people of one organisation gather from the log, for themselves alone. */
import { beforeEach, describe, expect, test } from 'vitest'
import type { PersonCaller } from '../../../../functions/api/caller.ts'
import { wordsDigest } from '../../../../functions/governance/findings/words-digest.ts'
import { maxCaseEntries, maxCaseNotes, maxOpenCases } from '../../../../shared/domain/cases.ts'
import { keys } from '../../../../shared/domain/keys.ts'
import type { Organisation } from '../../../../shared/domain/parties.ts'
import { because, type ConsultationWorld, consultationWorld } from './consultation-world.ts'
import { applied, told } from './grant-world.ts'

let world: ConsultationWorld
beforeEach(async () => {
  world = await consultationWorld()
})

interface Decided {
  readonly subject: { readonly id: string }
  readonly entry: string
}

const open = async (who: string | PersonCaller, title = 'Calls at night'): Promise<Decided> =>
  applied(await world.call(who, 'openCase', { body: { title } })).body as Decided
const add = (who: string | PersonCaller, id: string, entry: string, body: object = {}) =>
  world.call(who, 'addToCase', { path: { case: id }, body: { entry, ...body } })
const note = (who: string, id: string, text = 'They began at ten.', key?: string) =>
  world.call(who, 'noteOnCase', { path: { case: id }, body: { text }, ...(key && { key }) })
const get = (who: string | PersonCaller, id: string) => world.call(who, 'getCase', { path: { case: id } })
const shown = async (who: string | PersonCaller, id: string) =>
  applied(await get(who, id)).body as {
    readonly state: string
    readonly version: number
    readonly digest_salt: string
    readonly entry_count: number
    readonly note_count: number
    readonly entries: readonly Readonly<Record<string, unknown>>[]
    readonly notes: readonly Readonly<Record<string, unknown>>[]
  }
const turn = async (who: string, verb: 'close' | 'reopen', id: string, rev?: number) =>
  world.call(who, `${verb}Case`, {
    path: { case: id },
    body: because,
    rev: rev ?? (await world.get(keys.case(id))).rev,
  })
const cases = (who: string) => world.items(who, 'listCases')
/** A decision about an organisation of its own: only its people see it. */
const decisionOf = async (who: string): Promise<string> => (await open(who, 'Another matter')).entry

describe('who has a part in a case', () => {
  test('anybody who acts for the organisation opens one; a consultant or somebody without a role does not', async () => {
    for (const who of ['dana', 'nora', 'olga', 'pat', 'uma', 'audrey']) await open(who)
    await world.person('idle', 'cedar', 'partner-user', { roles: [] })
    for (const who of ['tess', 'idle'])
      expect(told(await world.call(who, 'openCase', { body: { title: 'x' } })), who).toBe('role_missing')
  })

  test('only people of the organisation see it: nobody who decides about it, audits it or consults for it', async () => {
    const { subject } = await open('pat')
    const entry = await decisionOf('pat')
    applied(await add('uma', subject.id, entry))
    expect(await cases('uma')).toHaveLength(2)
    for (const who of ['dana', 'nora', 'tess', 'elsa', 'zoe', 'rita', 'audrey']) {
      expect(await cases(who), who).toEqual([])
      for (const answer of [
        await get(who, subject.id),
        await add(who, subject.id, entry),
        await note(who, subject.id),
        await turn(who, 'close', subject.id),
      ])
        expect(told(answer), who).toBe('record_unknown')
    }
    expect((await shown('pat', subject.id)).version).toBe(2)
  })

  test('nor do consultants of the office whose it is', async () => {
    const { subject } = await open('nora')
    expect(told(await get('tess', subject.id))).toBe('record_unknown')
    expect(await cases('tess')).toEqual([])
  })

  test('what the log tells of it is for its organisation alone, and nobody is sent a notice', async () => {
    const { entry, subject } = await open('pat')
    const added = applied(await add('pat', subject.id, entry)).body as Decided
    for (const eid of [entry, added.entry]) {
      expect(told(await world.call('uma', 'getEntry', { path: { eid } })), eid).not.toBe('entry_unknown')
      for (const who of ['dana', 'nora', 'audrey', 'rita'])
        expect(told(await world.call(who, 'getEntry', { path: { eid } })), who).toBe('entry_unknown')
    }
    for (const who of ['pat', 'dana', 'nora']) expect(await world.items(who, 'listNotices'), who).toEqual([])
  })
})

describe('what is put into a case', () => {
  test('is an entry that whoever adds it may see; another looks like one that is not there', async () => {
    const { subject } = await open('pat')
    const others = await decisionOf('rita')
    expect(told(await add('pat', subject.id, others))).toBe('entry_unknown entry')
    expect(told(await add('pat', subject.id, 'entry_00000000000000000000000000'))).toBe('entry_unknown entry')
    for (const wrong of ['log', 'epoch#24322', 'case_1', '', 'entry_1'])
      await expect(add('pat', subject.id, wrong), wrong).rejects.toThrow()
    expect(await shown('pat', subject.id)).toMatchObject({ entry_count: 0, entries: [] })
  })

  test('is told by the sentence of the entry, with the note of whoever added it, and by whom', async () => {
    const { subject, entry } = await open('pat')
    applied(await add('uma', subject.id, entry, { note: 'It begins here.' }))
    expect((await shown('pat', subject.id)).entries).toEqual([
      {
        eid: entry,
        sentence: expect.stringMatching(
          /^The case case_\w+ was opened by pat of cedar \(reason: request\)\.$/,
        ),
        note: 'It begins here.',
        digest_salt: expect.any(String),
        by: expect.objectContaining({ name: 'uma', role: 'partner-user', organisation: 'cedar' }),
        at: expect.any(String),
      },
    ])
  })

  test('stands there once, whoever adds it, and at the same time', async () => {
    const { subject, entry } = await open('pat')
    const both = await Promise.all([add('pat', subject.id, entry), add('uma', subject.id, entry)])
    expect(both.map(told).filter(code => code === 'record_exists entry')).toHaveLength(1)
    expect(told(await add('uma', subject.id, entry))).toBe('record_exists entry')
    expect(await shown('pat', subject.id)).toMatchObject({ entry_count: 1, entries: [{ eid: entry }] })
  })

  test('loses nothing where several write at the same time', async () => {
    const { subject } = await open('pat')
    const eids = await Promise.all(Array.from({ length: 6 }, () => decisionOf('pat')))
    const all = [
      ...eids.map(eid => add('pat', subject.id, eid)),
      ...Array.from({ length: 6 }, (_, n) => note('uma', subject.id, `Note ${n}.`)),
    ]
    for (const answer of await Promise.all(all)) applied(answer)
    const after = await shown('pat', subject.id)
    expect([after.entry_count, after.note_count, after.version]).toEqual([6, 6, 13])
    expect(after.entries.map(one => one.eid)).toEqual(eids.toSorted())
    expect(after.notes.map(one => one.number)).toEqual([1, 2, 3, 4, 5, 6])
    expect(after.notes.map(one => one.text).toSorted()).toEqual(
      Array.from({ length: 6 }, (_, n) => `Note ${n}.`),
    )
  })

  test('shows as its id alone what a reader may not see any more, and what is not there any more', async () => {
    const { entry: ofModel } = (
      applied(
        await world.call('dana', 'shareModel', {
          path: { model: 'aurora' },
          body: { organisation: 'ofr', shared: true, ...because },
          rev: 1,
        }),
      ) as { body: Decided }
    ).body
    const { subject } = await open('audrey')
    applied(await add('audrey', subject.id, ofModel))
    expect((await shown('audrey', subject.id)).entries).toMatchObject([
      { eid: ofModel, sentence: expect.stringContaining('Aurora') },
    ])
    // Its engagement ends: what it audited is not there for it any more.
    const engagement: Organisation = {
      ...{ id: 'auditors', name: 'Plain Auditors', kind: 'auditor', state: 'active' },
      audits: ['borealis'],
    }
    await world.records.organisation(engagement)
    expect((await shown('audrey', subject.id)).entries).toMatchObject([{ eid: ofModel, sentence: null }])
    expect(told(await add('audrey', subject.id, ofModel))).toBe('entry_unknown entry')
    await world.records.organisation({ ...engagement, audits: ['aurora'] })
    await world.store.write({ kind: 'remove', key: keys.entry(ofModel) })
    expect((await shown('audrey', subject.id)).entries).toMatchObject([{ eid: ofModel, sentence: null }])
  })

  test('is not in the log by its words or their salts, only by salted digests', async () => {
    const { subject, entry } = await open('pat', 'Who leaked it')
    const added = applied(await add('pat', subject.id, entry, { note: 'Look at Uma.' })).body as Decided
    const noted = applied(await note('pat', subject.id, 'She was away.')).body as Decided
    const { digest_salt, entries, notes } = await shown('pat', subject.id)
    const [ofNote, ofText] = [String(entries[0]?.digest_salt), String(notes[0]?.digest_salt)]
    expect(await world.entry(entry)).toMatchObject({
      params: { title_digest: wordsDigest({ salt: digest_salt, text: 'Who leaked it' }) },
    })
    expect(await world.entry(added.entry)).toMatchObject({
      params: { eid: entry, note_digest: wordsDigest({ salt: ofNote, text: 'Look at Uma.' }) },
    })
    expect(await world.entry(noted.entry)).toMatchObject({
      params: { number: 1, note_digest: wordsDigest({ salt: ofText, text: 'She was away.' }) },
    })
    for (const eid of [entry, added.entry, noted.entry]) {
      const { body } = await world.get(keys.entry(eid))
      for (const kept of ['leaked', 'Uma', 'away', digest_salt, ofNote, ofText])
        expect(body).not.toContain(kept)
    }
  })

  test('carries no marking above the level of the deployment', async () => {
    const { subject, entry } = await open('pat')
    const marked = 'TOP SECRET//NOFORN as said'
    expect(told(await world.call('pat', 'openCase', { body: { title: marked } }))).toBe(
      'classification_exceeded title',
    )
    expect(told(await add('pat', subject.id, entry, { note: marked }))).toBe('classification_exceeded note')
    expect(told(await note('pat', subject.id, marked))).toBe('classification_exceeded text')
  })
})

describe('reading a case', () => {
  /** Bodies of the entries that are written one by one: what is read, not what is decided. */
  function writtenFrom(store: ConsultationWorld['store']): unknown[] {
    const bodies: unknown[] = []
    const { write } = store
    store.write = op => {
      const { body } = op.kind === 'put' ? (op.item as { readonly body?: string }) : {}
      if (op.key.table === 'entries' && body !== undefined) bodies.push(JSON.parse(body))
      return write.call(store, op) as never
    }
    return bodies
  }

  test('is a reading of the log, where it holds something of the log', async () => {
    const { subject, entry } = await open('pat')
    await get('pat', subject.id)
    applied(await add('pat', subject.id, entry))
    const bodies = writtenFrom(world.store)
    await get('uma', subject.id)
    expect(bodies.filter(one => JSON.stringify(one).includes('"log_read"'))).toMatchObject([
      {
        actor: { user: { uid: 'uma' } },
        unmapped: { kind: 'log_read', operation: 'case', query: subject.id, count: 1 },
      },
    ])
  })

  test('is not answered where it cannot be recorded', async () => {
    const { subject, entry } = await open('pat')
    applied(await add('pat', subject.id, entry))
    await get('pat', subject.id)
    world.store.write = () => Promise.reject(new Error('away'))
    await expect(get('uma', subject.id)).rejects.toThrow('away')
  })
})

describe('a closed case', () => {
  test('takes nothing more until it is opened again, and shows what it holds', async () => {
    const { subject, entry } = await open('pat')
    applied(await note('uma', subject.id))
    applied(await turn('uma', 'close', subject.id))
    for (const answer of [
      await add('pat', subject.id, entry),
      await note('pat', subject.id),
      await turn('pat', 'close', subject.id),
    ])
      expect(told(answer)).toBe('state_forbids')
    expect(await shown('pat', subject.id)).toMatchObject({
      state: 'closed',
      closed_by: { name: 'uma' },
      notes: [{ text: 'They began at ten.', by: { name: 'uma' } }],
    })
    expect(await world.items('pat', 'listCases', { query: { state: 'open' } })).toEqual([])
    applied(await turn('pat', 'reopen', subject.id))
    expect(told(await turn('pat', 'reopen', subject.id))).toBe('state_forbids')
    applied(await add('pat', subject.id, entry))
    expect(await shown('pat', subject.id)).toMatchObject({ state: 'open', closed_by: null, closed_at: null })
  })

  test('is closed as it was seen: not where a colleague has just added something', async () => {
    const { subject, entry } = await open('pat')
    applied(await add('uma', subject.id, entry))
    expect(told(await turn('pat', 'close', subject.id, 1))).toBe('version_stale')
  })
})

describe('a full case', () => {
  test('is shown whole, in the order of time, however many pages of an index that takes', async () => {
    const { subject, entry } = await open('pat')
    applied(await add('pat', subject.id, entry))
    applied(await note('pat', subject.id))
    const [added] = await world.store.get([keys.caseEntry(subject.id, entry)])
    const [written] = await world.store.get([keys.caseNote(subject.id, 1)])
    if (!added || !written) throw new Error('nothing was put into it')
    // Of later entries that are not there any more.
    const later = Array.from(
      { length: maxCaseEntries - 1 },
      (_, n) => `entry_7${String(n).padStart(25, '0')}`,
    )
    for (const eid of later.toReversed())
      await world.store.write({
        kind: 'put',
        key: keys.caseEntry(subject.id, eid),
        item: { ...added, eid, listed: `case_entry#${eid}` },
      })
    for (let number = 2; number <= maxCaseNotes; number++)
      await world.store.write({
        kind: 'put',
        key: keys.caseNote(subject.id, number),
        item: { ...written, number },
      })
    const notes = { set: [[['notes'], maxCaseNotes] as const] }
    await world.store.write({ kind: 'update', key: keys.case(subject.id), change: notes })
    const whole = await shown('uma', subject.id)
    expect(whole.entries.map(({ eid }) => eid)).toEqual([entry, ...later])
    expect(whole.entries.filter(({ sentence }) => sentence !== null)).toHaveLength(1)
    expect(whole.notes.map(one => one.number)).toEqual(Array.from({ length: maxCaseNotes }, (_, n) => n + 1))
  })
})

describe('bounds', () => {
  const put = (id: string, field: 'entries' | 'notes', to: number) =>
    world.store.write({ kind: 'update', key: keys.case(id), change: { set: [[[field], to]] } })

  test('a case holds so many entries and notes, and not one more', async () => {
    const { subject, entry } = await open('pat')
    await put(subject.id, 'entries', maxCaseEntries - 1)
    applied(await add('pat', subject.id, entry))
    expect(told(await add('pat', subject.id, await decisionOf('pat')))).toBe('state_forbids')
    await put(subject.id, 'notes', maxCaseNotes - 1)
    applied(await note('pat', subject.id))
    expect(told(await note('pat', subject.id))).toBe('state_forbids')
  })

  test('so many are open at once, of those who open some at the same time the first; a closed one makes room', async () => {
    const { subject } = await open('pat')
    const counter = keys.openCases('cedar')
    expect((await world.get(counter)).open).toBe(1)
    const set = { set: [[['open'], maxOpenCases - 1] as const] }
    await world.store.write({ kind: 'update', key: counter, change: set })
    const opened = await Promise.all(
      ['pat', 'uma', 'pat'].map(who => world.call(who, 'openCase', { body: { title: 'x' } })),
    )
    expect(opened.map(told).filter(code => code === 'state_forbids')).toHaveLength(2)
    // Others are not counted in.
    await open('rita')
    applied(await turn('pat', 'close', subject.id))
    await open('uma')
    expect(told(await turn('pat', 'reopen', subject.id))).toBe('state_forbids')
    expect((await world.get(counter)).open).toBe(maxOpenCases)
  })
})

describe('repetition', () => {
  test('one key makes one note, and one case', async () => {
    const { subject } = await open('pat')
    const first = applied(await note('pat', subject.id, 'Once.', 'the same'))
    expect(applied(await note('pat', subject.id, 'Once.', 'the same')).body).toEqual(first.body)
    expect(await shown('pat', subject.id)).toMatchObject({ note_count: 1 })
  })

  test('a dry run changes nothing', async () => {
    const { subject, entry } = await open('pat')
    const before = await world.get(keys.case(subject.id))
    const dry = { dry_run: true }
    expect(told(applied(await add('pat', subject.id, entry, dry)).body)).toBe('dry_run')
    applied(await world.call('pat', 'openCase', { body: { title: 'x', ...dry } }))
    expect(await world.get(keys.case(subject.id))).toEqual(before)
    expect(await cases('pat')).toHaveLength(1)
  })
})
