/** What is put into a case: entries that whoever adds them may see, and notes. Nothing that stands in one is changed. */
import { type CaseEntry, type CaseNote, maxCaseEntries, maxCaseNotes } from '../../../shared/domain/cases.ts'
import { keys, type Listed, listed } from '../../../shared/domain/keys.ts'
import { Refusal, refuse } from '../../../shared/domain/refusal.ts'
import { itemAbsent } from '../../../shared/ports/store.ts'
import { viewOf } from '../../log/entry-view.ts'
import { change } from '../engine/changes.ts'
import type { Definition } from '../engine/plan.ts'
import { viewerOf } from '../engine/sight.ts'
import { wordsDigest } from '../findings/words-digest.ts'
import { personOf } from './cases.ts'
import { caseSubject, readCase } from './read-case.ts'

export interface AddedEntry {
  readonly eid: string
  /** Both or neither. */
  readonly note?: string
  readonly salt?: string
}

export interface AddedNote {
  readonly text: string
  readonly salt: string
}

const closed = (id: string): Refusal =>
  refuse('state_forbids', 'The case is closed: nothing more is put into it.', {
    next: `Open it again: sallyport case reopen ${id}`,
  })

const full = (what: string): Refusal =>
  refuse('state_forbids', `The case holds ${what}: more cannot be in one.`, {
    next: 'Open another case for what follows: sallyport case open',
  })

const add: Definition = {
  async plan({ store }, { id, params }, { now, actor }) {
    const { eid, note, salt } = params as unknown as AddedEntry
    const who = personOf(actor)
    const one = await readCase(store, id, who)
    if (one instanceof Refusal) return one
    if (one.state === 'closed') return closed(id)
    const key = keys.caseEntry(id, eid)
    const [entry, taken] = await store.get([keys.entry(eid), key])
    // In the words of one that is not there, whether or not a colleague who may see it has put it in.
    if (entry === undefined || viewOf({ kind: 'person', viewer: viewerOf(who) }, entry) === undefined)
      return refuse('entry_unknown', 'It does not exist, or it is not yours.', { field: 'entry' })
    if (taken) return refuse('record_exists', `The entry ${eid} is in the case already.`, { field: 'entry' })
    if (one.entries >= maxCaseEntries) return full(`${maxCaseEntries} entries`)
    const words = note !== undefined && salt !== undefined ? { note, salt } : undefined
    const digest = words && wordsDigest({ salt: words.salt, text: words.note })
    return {
      subject: caseSubject(one),
      difference: [{ field: 'entries', from: one.entries, to: one.entries + 1 }],
      recorded: { eid, ...(digest !== undefined && { noteDigest: digest }) },
      writes: carried => {
        const item: CaseEntry & Listed = {
          ...{ case: id, eid, by: carried.by, at: now, ...words },
          ...listed('case_entry', id, eid),
        }
        return [
          change(keys.case(id), one, { entries: one.entries + 1, entry: carried.eid }),
          { kind: 'put', key, item, if: itemAbsent },
        ]
      },
    }
  },
}

const write: Definition = {
  async plan({ store }, { id, params }, { now, actor }) {
    const { text, salt } = params as unknown as AddedNote
    const one = await readCase(store, id, personOf(actor))
    if (one instanceof Refusal) return one
    if (one.state === 'closed') return closed(id)
    if (one.notes >= maxCaseNotes) return full(`${maxCaseNotes} notes`)
    const number = one.notes + 1
    return {
      subject: caseSubject(one),
      difference: [{ field: 'notes', from: one.notes, to: number }],
      recorded: { number, noteDigest: wordsDigest({ salt, text }) },
      writes: ({ by, eid }) => {
        const item: CaseNote = { case: id, number, text, salt, by, at: now, entry: eid }
        return [
          change(keys.case(id), one, { notes: number, entry: eid }),
          { kind: 'put', key: keys.caseNote(id, number), item, if: itemAbsent },
        ]
      },
    }
  },
}

export const caseContents = {
  'case.add': add,
  'case.note': write,
} satisfies Readonly<Record<string, Definition>>
