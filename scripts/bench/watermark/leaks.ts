/** Leaks of a log of 5,000 records that ten people have, from the text to whom it names. */
import { createHmac } from 'node:crypto'
import type { ExporterDeps } from '../../../functions/exporter/deps.ts'
import { answerTrace } from '../../../functions/exporter/trace/answer.ts'
import { showEntries } from '../../../functions/log/show.ts'
import { createSlotOf } from '../../../functions/log/slots.ts'
import { createEpochs } from '../../../functions/log-epoch.ts'
import { openSqliteStore } from '../../../shared/adapters/embedded/sqlite-store.ts'
import type { BundleRecord } from '../../../shared/bundle/records.ts'
import type { Inquiry } from '../../../shared/domain/inquiries.ts'
import { indexes, keys, listed } from '../../../shared/domain/keys.ts'
import { Refusal } from '../../../shared/domain/refusal.ts'
import type { NamedEntry } from '../../../shared/entries/put.ts'
import type { Telemetry } from '../../../shared/ports/world.ts'
import type { Row, Settings } from '../bench.ts'
import { loadNow } from '../results.ts'
import { madeUpTable, mergedTable, roundedTable, tableOf, wholeRecord } from './leak-forms.ts'
import { chanceOf, madeUpCalls, putCalls } from './leak-log.ts'

const records = 5_000
const readers = 10
const now = Date.UTC(2026, 10, 27, 12)
const telemetry: Telemetry = { count: () => undefined, alarm: () => undefined, error: () => undefined }

interface Leak {
  readonly what: string
  readonly text: string
  /** Numbers of readers. */
  readonly from: readonly number[]
}

export async function leaks({ scale, print }: Settings): Promise<readonly Row[]> {
  const log = await openLog(Math.max(400, Math.round(records * scale)))
  const copies = new Map<number, readonly BundleRecord[]>()
  for (const n of [1, 3, 6, 8]) copies.set(n, await log.copy(n))
  const copy = (n: number): readonly BundleRecord[] => copies.get(n) ?? []
  const all: readonly Leak[] = [
    { what: 'one record that proves itself', text: wholeRecord(copy(1)[7] as BundleRecord), from: [1] },
    { what: '20 rows', text: tableOf(copy(3).slice(100, 120)), from: [3] },
    { what: 'all rows, rounded to seconds', text: roundedTable(copy(6)), from: [6] },
    {
      what: 'all rows, merged of three copies, half of the digits replaced',
      text: mergedTable([copy(1), copy(3), copy(8)], chanceOf('merged'), 0.5),
      from: [1, 3, 8],
    },
    {
      what: 'all rows, made up by somebody who knows the facts',
      text: madeUpTable(copy(6), chanceOf('x')),
      from: [],
    },
  ]
  const rows: Row[] = []
  for (const { what, text, from } of all) {
    const began = performance.now()
    const { result, named } = await log.trace(text)
    const took = performance.now() - began
    const { rows: read, matched } = result as { readonly rows: number; readonly matched: number }
    const innocent = named.filter(({ id }) => !from.some(n => id === idOf(n)))
    const guilty = named.length - innocent.length
    print(
      `${what}: ${matched} of ${read} rows matched, ${guilty} of ${from.length} named, ${took.toFixed(0)} ms`,
    )
    rows.push(
      {
        what: `${what}: readers named who leaked it, of ${from.length}`,
        value: guilty,
        unit: 'readers',
        target: { at: 'least', value: from.length },
        load: loadNow(),
      },
      {
        what: `${what}: readers named who did not`,
        value: innocent.length,
        unit: 'readers',
        target: { at: 'most', value: 0 },
        load: loadNow(),
      },
      {
        what: `${what}: the trace of ${read.toLocaleString('en-US')} rows`,
        value: took,
        unit: 'ms',
        load: loadNow(),
      },
    )
  }
  return rows
}

const organisationOf = (n: number): string => (n % 2 === 0 ? 'halcyon' : 'ledger')
const idOf = (n: number): string => `person_reader${n}`
const readerOf = (n: number) => ({
  kind: 'person' as const,
  person: { id: idOf(n) },
  viewer:
    organisationOf(n) === 'halcyon'
      ? ({ organisation: 'halcyon', kind: 'developer', roles: ['developer-admin'] } as const)
      : ({ organisation: 'ledger', kind: 'auditor', roles: ['auditor'], audits: ['aurora'] } as const),
})

/** Of entries without their places: neither a copy nor a trace asks for them. */
async function openLog(count: number) {
  const store = openSqliteStore(':memory:', Object.values(indexes))
  const derive = async (domain: string, label: string): Promise<Uint8Array> =>
    createHmac('sha256', 'a bench').update(`${domain}\0${label}`).digest()
  const origin = 'log.example/log'
  const log = {
    ...{ origin, objects: undefined as never, witnesses: [] },
    epochs: createEpochs({ store, secrets: { derive }, origin, slots: 64 }),
    slotOf: createSlotOf({ store, telemetry }),
  }
  const entries: readonly NamedEntry[] = madeUpCalls({
    ...{ seed: 'bench', count: Math.ceil(count / 2), from: now - 86_400_000 },
    ...{ organisation: 'cedar', model: 'aurora', developer: 'halcyon' },
  })
  await putCalls(store, entries)
  const copy = async (n: number, of = entries): Promise<readonly BundleRecord[]> => {
    const shown = await showEntries(log, readerOf(n), of)
    if (shown instanceof Refusal) throw new Error(shown.code)
    return shown
  }
  for (let n = 0; n < readers; n++) {
    const organisation = organisationOf(n)
    const item = {
      ...listed('person', organisation, idOf(n)),
      id: idOf(n),
      name: `reader ${n}`,
      organisation,
    }
    await store.write({ kind: 'put', key: keys.person(idOf(n)), item: item as never })
    // Whoever has read one record has a slot.
    await copy(n, entries.slice(0, 1))
  }
  const deps = { store, log, clock: { now: () => now }, retentionMs: now } as unknown as ExporterDeps
  return {
    copy,
    async trace(text: string) {
      const inquiry = { options: {} } as Inquiry
      const answered = await answerTrace(deps, inquiry, Buffer.from(text), readerOf(0))
      if (answered instanceof Refusal) throw new Error(`${answered.code}: ${answered.facts.detail}`)
      return answered
    },
  }
}
