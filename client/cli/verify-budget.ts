import { createReadStream } from 'node:fs'
import { fileNames } from '../../shared/bundle/files.ts'
import { type ExaminedMeter, examineMeter } from '../log/budget.ts'
import { type BudgetLimits, type BudgetRecords, noBudgetRecords, takeRecord } from '../log/budget-records.ts'
import { examineBundle } from '../log/bundle.ts'
import { readLines } from '../log/bundle-files.ts'
import { openBundle, refuseDigest } from '../log/bundle-open.ts'
import type { ReadAt } from '../log/bundle-zip.ts'
import { type Fault, NotVerified, notVerified } from '../log/fault.ts'
import { parseJson } from '../log/json-text.ts'
import { examineRange, type Records } from '../log/range.ts'
import { readRecord } from '../log/record-shape.ts'
import { nodeSha256, nodeSha256Stream, withBundleFile } from './bundle-file.ts'
import type { Cli } from './cli.ts'
import { exit, Failure, fileUnreadable } from './failure.ts'
import { tellBudgets } from './verify-budget-told.ts'
import { readManyRecords, readVerifierKey } from './verify-input.ts'
import { readLogFiles } from './verify-log-files.ts'
import { type Outcome, tellOutcome } from './verify-outcome.ts'

export interface BudgetOptions {
  /** With it the records are proved first. */
  readonly key?: string
  readonly log?: string
  readonly limit?: readonly string[]
}

/** Characters of a line: an item of the log has 400 kB, and JSON may write a byte of it as six. */
const maxLine = 4_000_000
const maxFaults = 20

export async function runVerifyBudget(cli: Cli, path: string, options: BudgetOptions): Promise<void> {
  const limits = (options.limit ?? []).map(limitOf)
  const key = options.key === undefined ? undefined : await readVerifierKey(cli, options.key)
  if (path === '-' && key !== undefined)
    throw new Failure(exit.usage, 'What comes by stdin is read once, and to be proved it is read twice.', {
      code: 'option_invalid',
      next: 'Name a file; or leave --key out, and verify the records by themselves.',
    })
  const files = options.log === undefined ? undefined : await readLogFiles(cli, options.log)
  const isZip = await beginsLikeZip(path)
  await tellOutcome(cli, async (): Promise<Outcome> => {
    const proof = key === undefined ? {} : { key, ...(files && { files }) }
    const faults: Fault[] = []
    const found = isZip
      ? await withBundleFile(path, file => readBundleBudget(file, proof, faults))
      : await readLineBudget(cli, path, proof, faults)
    if (faults.length > 0) return { faults: faults.slice(0, maxFaults), faultCount: faults.length }
    return judge(found, limits, key !== undefined)
  })
}

interface Proving {
  readonly key?: string
  readonly files?: Awaited<ReturnType<typeof readLogFiles>>
}

interface NamedLimits {
  readonly meter?: string
  readonly limits: BudgetLimits
}

/** `total=5000000,per_day=200000`, or `meter_…:total=…`. */
function limitOf(text: string): NamedLimits {
  const [, meter, words = ''] = /^(?:([^:=,]+):)?(.*)$/.exec(text) ?? []
  const given = new Map<string, number>()
  for (const word of words.split(',')) {
    const [, name, digits] = /^(total|per_day|streams)=(\d{1,16})$/.exec(word.trim()) ?? []
    const tokens = Number(digits)
    if (name === undefined || given.has(name) || !Number.isSafeInteger(tokens)) throw malformedLimit(text)
    given.set(name, tokens)
  }
  const total = given.get('total')
  if (total === undefined) throw malformedLimit(text, 'it has no total=<tokens>')
  const [perDay, streams] = [given.get('per_day'), given.get('streams')]
  return {
    ...(meter !== undefined && { meter }),
    limits: { total, ...(perDay !== undefined && { perDay }), ...(streams !== undefined && { streams }) },
  }
}

const malformedLimit = (text: string, why = 'it is made of total=, per_day= and streams='): Failure =>
  new Failure(exit.usage, `--limit ${text}: ${why}.`, {
    code: 'option_invalid',
    next: 'For instance --limit total=5000000,per_day=200000, or for one of several meters --limit meter_…:total=5000000',
  })

/** The first bytes of a ZIP file say so; no JSON begins like that. */
async function beginsLikeZip(path: string): Promise<boolean> {
  if (path === '-') return false
  try {
    for await (const part of createReadStream(path, { end: 1 })) return String(part) === 'PK'
    return false
  } catch (error) {
    throw fileUnreadable(path, error as NodeJS.ErrnoException)
  }
}

/** The records of a bundle; with a key, after all of it was proved. */
async function readBundleBudget(
  file: ReadAt,
  { key, files }: Proving,
  faults: Fault[],
): Promise<BudgetRecords> {
  const sha256 = nodeSha256Stream
  if (key !== undefined) {
    const proved = await examineBundle(file, { key, sha256, hash: nodeSha256, ...(files && { files }) })
    faults.push(...proved.faults)
  }
  const bundle = await openBundle({ file, sha256 })
  const name = fileNames.records
  const lines = readLines(bundle.stream(name), { name, most: maxLine, sha256: sha256() })
  const found = noBudgetRecords()
  for (let line = await lines.next(), n = 1; line !== undefined; line = await lines.next(), n++)
    take(found, line, `record ${n}`, faults)
  refuseDigest(bundle.manifest, name, await lines.digest())
  return found
}

async function readLineBudget(
  cli: Cli,
  path: string,
  { key, files }: Proving,
  faults: Fault[],
): Promise<BudgetRecords> {
  if (key !== undefined) {
    const proved = await examineRange(await recordsOf(cli, path), { key, ...(files && { files }) })
    faults.push(...proved.faults)
  }
  const found = noBudgetRecords()
  let n = 0
  for await (const record of await recordsOf(cli, path)) {
    n++
    if (typeof record === 'string' && record.trim() === '') continue
    take(found, record, `${typeof record === 'string' ? 'line' : 'record'} ${n}`, faults)
  }
  return found
}

async function recordsOf(cli: Cli, path: string): Promise<Records> {
  const read = await readManyRecords(cli, path)
  if (typeof read !== 'string') return read
  const list = parseJson(read)
  if (Array.isArray(list)) return list
  throw notVerified('malformed', 'it is no list of records')
}

function take(found: BudgetRecords, record: unknown, place: string, faults: Fault[]): void {
  try {
    const wrong = takeRecord(found, readRecord(record))
    if (wrong !== undefined) throw notVerified('malformed', wrong)
  } catch (error) {
    if (!(error instanceof NotVerified)) throw error
    faults.push(...error.faults.map(fault => ({ ...fault, place })))
  }
}

function judge(found: BudgetRecords, limits: readonly NamedLimits[], proved: boolean): Outcome {
  const unnamed = limits.find(({ meter }) => meter === undefined)?.limits
  const reserved = [...found.meters.values()].filter(({ reservations }) => reservations.length > 0)
  const alone = reserved.length === 1
  const isUnused = unnamed !== undefined && !alone && reserved.every(({ changes }) => changes.length > 0)
  const meters: ExaminedMeter[] = []
  for (const [id, records] of [...found.meters].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (records.reservations.length === 0) continue
    const named = limits.find(({ meter }) => meter === id)?.limits
    const isItself = records.changes.length === 0 || alone
    meters.push(examineMeter(id, records, named ?? (isItself ? unnamed : undefined)))
  }
  const foreign = limits.find(({ meter }) => meter !== undefined && !found.meters.has(meter))
  const faults: Fault[] = [
    ...(foreign ? [unproved(`no record tells of the meter ${foreign.meter}`)] : []),
    ...(isUnused ? [unproved('it names no meter, and the records tell the limits of each')] : []),
    ...meters.flatMap(faultsOf),
  ]
  if (meters.length === 0)
    faults.push({ kind: 'unproved', field: 'outcomes', message: 'no record tells of a reservation' })
  return {
    told: tellBudgets(found, meters, faults.length === 0, proved),
    faults: faults.slice(0, maxFaults),
    faultCount: faults.length,
    contradicted: {
      message: 'A budget was not kept.',
      next: 'Keep the file, and ask the gateway’s operator and the model’s developer about the calls that are named.',
    },
  }
}

const unproved = (message: string): Fault => ({ kind: 'unproved', field: 'limit', message })

function faultsOf({ facts, faults }: ExaminedMeter): readonly Fault[] {
  const { meter, limits } = facts
  return [
    ...faults.map(({ seq, eid, message }) => ({
      kind: 'contradicted' as const,
      place: `${meter}, reservation ${seq} (${eid})`,
      message,
    })),
    ...(limits ? [] : [unproved(`the records tell no limits of ${meter}`)]),
  ]
}
