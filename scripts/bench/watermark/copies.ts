/** Layer A: what several readers put together of their copies of a record is put down to one of them, or proves nothing. */
import { randomInt } from 'node:crypto'
import type { NamedEntry } from '../../../shared/entries/put.ts'
import { markedSlots } from '../../../shared/watermark/marks.ts'
import { shownOf } from '../../../shared/watermark/shown.ts'
import { bind, type EpochKey } from '../../../shared/watermark/slots.ts'
import { openRecord, RecordFault, type ShownRecord } from '../../../shared/watermark/verify.ts'
import { makeView, text } from '../../../shared/watermark/view.ts'

export interface CopiesJudged {
  /** Leaked as one reader had them, and put down to that reader. */
  readonly named: number
  /** Put together of several copies, or with a digit altered: no such record is in the tree. */
  readonly unproved: number
  /** Put down to anybody else. */
  readonly wrong: number
}

/** Of the slot, what a coalition can take from one member and the rest from others. */
const parts = ['carrier', 'salt', 'position', 'path'] as const

/** One leak of each entry: the whole copy of a member, a mixture of several, or a copy with a digit altered. */
export async function judgeCopies(
  epoch: EpochKey,
  entries: readonly NamedEntry[],
  below: (n: number) => number = n => randomInt(n),
): Promise<CopiesJudged> {
  const judged = { named: 0, unproved: 0, wrong: 0 }
  for (const named of entries) {
    const copy = copiesOf(epoch, named)
    const coalition = new Set<number>()
    for (const size = 2 + below(4); coalition.size < size; ) coalition.add(below(markedSlots(epoch.slots)))
    const members = [...coalition]
    const member = (): number => members[below(members.length)] as number
    const owner = member()
    const leaks = [
      { record: copy(owner), owner },
      { record: mixed(copy, parts.map(member)), owner: undefined },
      { record: altered(copy(owner), below), owner: undefined },
    ]
    const { record, owner: whose } = leaks[below(leaks.length)] as (typeof leaks)[number]
    const reader = await readerProved(record, bind(epoch, named.eid, named.entry).leaf)
    const expected = whose === undefined ? onlyOwner(copy, record, members) : whose
    const pseudonym = expected === undefined ? undefined : epoch.readers[expected]
    const right = pseudonym === undefined ? undefined : Buffer.from(pseudonym).toString('hex')
    if (reader !== right) judged.wrong += 1
    else judged[reader === undefined ? 'unproved' : 'named'] += 1
  }
  return judged
}

function copiesOf(epoch: EpochKey, { eid, entry }: NamedEntry): (slot: number) => ShownRecord {
  const bound = bind(epoch, eid, entry)
  const body = JSON.parse(entry.body) as ShownRecord['body']
  return slot => ({
    eid,
    digest: text(bound.digest),
    body,
    shown: shownOf(body, bound.opening(slot).carrier),
    view: makeView(bound, { log: 'log.example/log', epoch, slot, index: 0, withheld: [] }),
  })
}

/** Each part of the slot from the copy of whoever is named for it; the times go with the carrier. */
function mixed(copy: (slot: number) => ShownRecord, from: readonly number[]): ShownRecord {
  const copies = from.map(copy)
  const [first] = copies
  if (first === undefined) throw new RangeError('a mixture is of some copy')
  const view = Object.fromEntries(parts.map((part, n) => [part, copies[n]?.view[part]]))
  return { ...first, view: { ...first.view, ...view } as ShownRecord['view'] }
}

/** By chance all parts of a mixture may be those of one member. */
const onlyOwner = (
  copy: (slot: number) => ShownRecord,
  { view, shown }: ShownRecord,
  members: readonly number[],
) =>
  members.find(slot => {
    const own = copy(slot)
    return (
      parts.every(part => String(own.view[part]) === String(view[part])) && own.shown?.time === shown?.time
    )
  })

function altered(record: ShownRecord, below: (n: number) => number): ShownRecord {
  const carrier = Buffer.from(record.view.carrier, 'base64url')
  const time = carrier.readBigUInt64BE(8)
  const place = 10n ** BigInt(below(7))
  const digit = (time / place) % 10n
  carrier.writeBigUInt64BE(time + (((digit + 1n + BigInt(below(9))) % 10n) - digit) * place, 8)
  const view = { ...record.view, carrier: text(carrier) }
  return { ...record, shown: shownOf(record.body, carrier), view }
}

/** Whose copy the tree vouches for; nobody's where it has no such leaf. */
async function readerProved(record: ShownRecord, leaf: Uint8Array): Promise<string | undefined> {
  try {
    const opened = await openRecord(record)
    return Buffer.compare(opened.leaf, leaf) === 0 ? opened.reader : undefined
  } catch (error) {
    if (error instanceof RecordFault) return undefined
    throw error
  }
}
