import { hash } from 'node:crypto'
import { entryId } from './id.ts'
import type { NamedEntry } from './put.ts'
import { makeEntry, status } from './record.ts'

/** OCSF Entity Management (3004), "Read". */
const read = { classUid: 3004, activityId: 2 } as const

/** A slot that what somebody was shown of a month's entries was bound with. */
export interface SlotOfEpoch {
  readonly epoch: number
  readonly slot: number
}

export interface ReadFacts {
  readonly now: number
  /** 16 bytes. */
  readonly random: Uint8Array
  /** The request's id. */
  readonly request: string
  /** Whose slot the answer is bound to. */
  readonly reader: {
    readonly id: string
    readonly name: string
    readonly organisation: string
    readonly kind: 'person' | 'workload'
  }
  /** What was asked: `search`, `list`, `record`, `proof`, `case`. */
  readonly operation: string
  /** In the words of the request. */
  readonly query?: string
  /** The size of the tree that the answer is pinned to. */
  readonly size?: number
  /** The entries that were shown. */
  readonly eids: readonly string[]
  /** Which slot of each month's entries is the reader's: so that it is known for certain, and before anything leaks. */
  readonly slots: readonly SlotOfEpoch[]
  /** The same question with the same answer is recorded once a minute: for whoever asks again and again. */
  readonly repeats?: true
}

/** Somebody has read the log: what they asked, and which entries they were shown. */
export function readEntry(facts: ReadFacts): NamedEntry {
  const { now, request, reader, operation, query, size, eids, slots } = facts
  const shown = hash('sha256', eids.join('\n'), 'base64url')
  const minute = Math.floor(now / 60_000)
  const eid = facts.repeats
    ? entryId(
        minute * 60_000,
        hash('sha256', `${reader.id}\n${operation}\n${query}\n${shown}\n${minute}`, 'buffer'),
      )
    : entryId(now, facts.random)
  const fields = {
    actor: {
      user: { uid: reader.id, name: reader.name, type: reader.kind, org: { uid: reader.organisation } },
      app_name: 'api',
    },
    entity: { type: 'log_entries', uid: eids.length === 1 ? (eids[0] ?? '') : `${eids.length} entries` },
    unmapped: {
      kind: 'log_read',
      operation,
      organisation: reader.organisation,
      ...(query !== undefined && { query }),
      ...(size !== undefined && { size }),
      count: eids.length,
      of: shown,
      slots,
      request,
    },
  }
  const entry = makeEntry(
    { eid, now, ...read, statusId: status.success, fields },
    { organisation: reader.organisation },
  )
  return { eid, entry }
}
