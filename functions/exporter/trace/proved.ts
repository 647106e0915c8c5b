/** Layer A: records of a leak that prove themselves, and whose slot each of them opens. */
import type { Entry } from '../../../shared/entries/entry.ts'
import { timeOfEntry } from '../../../shared/entries/id.ts'
import type { LeakedRow } from '../../../shared/leak/leak.ts'
import { sameHash } from '../../../shared/tlog/hash.ts'
import { epochAt } from '../../../shared/watermark/epoch.ts'
import { bind } from '../../../shared/watermark/slots.ts'
import { openRecord, type ShownRecord } from '../../../shared/watermark/verify.ts'
import { viewOf } from '../../log/entry-view.ts'
import type { ExporterDeps } from '../deps.ts'
import type { Requester } from '../requester.ts'
import { type EntriesDeps, entriesNamed } from './entries.ts'

/** The slot that a record opens: whoever opens one has it from its reader, or is the operator. */
export interface OpenedSlot {
  readonly eid: string
  readonly epoch: number
  readonly slot: number
}

export interface Proved {
  /** Each record and slot once. */
  readonly opened: readonly OpenedSlot[]
  /** Whole records that are altered, of another log, or not for whoever asks, which is not told apart: they name nobody. */
  readonly unproved: number
}

/** Records that are opened before whatever else this process does has its turn. */
const atOnce = 100

export async function proveRows(
  deps: EntriesDeps & Pick<ExporterDeps, 'log'>,
  requester: Requester,
  rows: readonly LeakedRow[],
): Promise<Proved> {
  const whole = rows.flatMap(({ record }) => (record === undefined ? [] : [record]))
  const opened = new Map<string, OpenedSlot>()
  let unproved = 0
  for (let at = 0; at < whole.length; at += atOnce) {
    const given = await Promise.all(whole.slice(at, at + atOnce).map(openGiven))
    const read = given.flatMap(one => (one === undefined ? [] : [one]))
    unproved += given.length - read.length
    const entries = new Map<string, Entry>()
    for await (const group of entriesNamed(deps, [...new Set(read.map(({ eid }) => eid))]))
      for (const { eid, entry } of group) entries.set(eid, entry)
    for (const { eid, leaf, reader } of read) {
      const entry = entries.get(eid)
      // A month begins when it is opened: not because somebody made up a record of it.
      if (entry === undefined || viewOf(requester, entry) === undefined) {
        unproved += 1
        continue
      }
      const epoch = await deps.log.epochs(epochAt(timeOfEntry(eid)))
      const slot = epoch.readers.findIndex(one => Buffer.from(one).toString('hex') === reader)
      // The leaf holds whoever's slot it is to the body: with another one, it is a record of another log, or of nobody.
      const isOurs = slot >= 0 && sameHash(bind(epoch, eid, entry).leaf, leaf)
      if (isOurs) opened.set(`${eid} ${slot}`, { eid, epoch: epoch.epoch, slot })
      else unproved += 1
    }
  }
  return { opened: [...opened.values()], unproved }
}

/** `undefined` where it does not prove itself: everything in it is the word of whoever hands it in. */
async function openGiven(
  record: Readonly<Record<string, unknown>>,
): Promise<{ readonly eid: string; readonly leaf: Uint8Array; readonly reader: string } | undefined> {
  try {
    const given = record as unknown as ShownRecord
    const { leaf, reader } = await openRecord(given)
    return { eid: given.eid, leaf, reader }
  } catch {
    // A `RecordFault`, or what it is to read fields that have other types than they should.
    return undefined
  }
}
