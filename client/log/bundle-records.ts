/** The records of a bundle: the files that tell of them are read side by side, and all must tell the same. */
import { csvHeader } from '../../shared/bundle/csv.ts'
import { fileNames } from '../../shared/bundle/files.ts'
import type { Manifest } from '../../shared/bundle/manifest.ts'
import { isProofsEnd, parseProofsHead } from '../../shared/bundle/proofs.ts'
import { toBase64 } from '../../shared/tlog/base64.ts'
import type { EventualSha256 } from '../../shared/tlog/hash.ts'
import { readLines, type Sha256Stream } from './bundle-files.ts'
import { type OpenedBundle, refuseDigest } from './bundle-open.ts'
import { type ProvedLine, proveLine } from './bundle-record.ts'
import type { Tree } from './checkpoint.ts'
import { NotVerified, notVerified } from './fault.ts'
import type { AddFault, Gathered, Proved } from './range.ts'

/** Bytes of a line: an item of the log has 400 kB, and JSON may write a byte of it as six. */
const most = { record: 4_000_000, proof: 8_000, exact: 2_000 } as const
const maxRecords = 1_000_000
const maxGaps = 10

export interface Gathering extends Omit<Gathered, 'readers'> {
  readonly byEid: Map<string, Proved>
  readonly byIndex: Map<number, string>
  /** By months. */
  readonly readers: Map<string, Set<string>>
  readonly unproved: Set<string>
  withheld: number
  exact: number
}

export const createGathering = (): Gathering => ({
  byEid: new Map(),
  byIndex: new Map(),
  readers: new Map(),
  unproved: new Set(),
  withheld: 0,
  exact: 0,
})

export interface Proving {
  readonly tree: Tree
  readonly hash: EventualSha256
  readonly sha256: () => Sha256Stream
  readonly gathering: Gathering
  readonly add: AddFault
}

/** The files of the records side by side: a line of each is one record, and each ends with the last. */
export async function proveRecords(
  bundle: OpenedBundle,
  { tree, hash, sha256, gathering, add }: Proving,
): Promise<void> {
  const { manifest } = bundle
  const open = (name: 'records' | 'csv' | 'proofs' | 'exact', bytes: number) =>
    readLines(bundle.stream(fileNames[name]), { name: fileNames[name], most: bytes, sha256: sha256() })
  const records = open('records', most.record)
  const csv = open('csv', most.record)
  const proofs = open('proofs', most.proof)
  const exact = manifest.kind === 'evidence' ? open('exact', most.exact) : undefined

  const head = parseProofsHead((await proofs.next()) ?? '')
  if (head === undefined || head.size !== tree.size || head.root !== toBase64(tree.root))
    throw notVerified('contradicted', 'its proofs are not by the checkpoint of the bundle', fileNames.proofs)
  if (`${await csv.next()}\n` !== csvHeader)
    throw notVerified('contradicted', 'it has other columns', fileNames.csv)

  let given = 0
  let further = false
  for (let record = await records.next(); record !== undefined; record = await records.next()) {
    if (++given > maxRecords)
      throw notVerified('malformed', `there are at most ${maxRecords} records in a bundle`)
    const [cells, proof, times] = [await csv.next(), await proofs.next(), await exact?.next()]
    if (cells === undefined || proof === undefined || (exact && times === undefined))
      throw notVerified(
        'contradicted',
        `there are more records than ${shortOf(cells, proof)}`,
        fileNames.records,
      )
    const place = `record ${given}`
    try {
      const line = { record, csv: cells, proof, ...(times !== undefined && { exact: times }) }
      const proved = await proveLine(line, { manifest, tree, hash })
      further = proved.further
      keep(gathering, proved, place, add)
      if (exact) gathering.exact++
    } catch (error) {
      if (!(error instanceof NotVerified)) throw error
      further = proof.endsWith(',')
      for (const fault of error.faults) add({ ...fault, place })
    }
  }
  if (given !== manifest.records)
    add(wrong(fileNames.manifest, `it says ${manifest.records} records, and there are ${given}`))
  const end = await proofs.next()
  if (further || end === undefined || !isProofsEnd(end) || (await proofs.next()) !== undefined)
    add(wrong(fileNames.proofs, 'it does not end with the last record'))
  if ((await csv.next()) !== undefined) add(wrong(fileNames.csv, 'it has lines of no record'))
  if (exact && (await exact.next()) !== undefined) add(wrong(fileNames.exact, 'it has lines of no record'))
  for (const [name, lines] of [
    [fileNames.records, records],
    [fileNames.csv, csv],
    [fileNames.proofs, proofs],
    ...(exact ? ([[fileNames.exact, exact]] as const) : []),
  ] as const)
    await collected(add, async () => {
      while ((await lines.next()) !== undefined);
      refuseDigest(manifest, name, await lines.digest())
    })
}

const shortOf = (cells: unknown, proof: unknown): string =>
  cells === undefined ? 'lines of cells' : proof === undefined ? 'proofs' : 'exact times'

function keep(gathering: Gathering, proved: ProvedLine, place: string, add: AddFault): void {
  const { eid, index, digest, month, reader, withheld, unproved } = proved
  const before = gathering.byEid.get(eid)
  const other = gathering.byIndex.get(index)
  if (before || other !== undefined) {
    const message = before ? `${eid} stands at ${before.place}, too` : `leaf ${index} is ${other}, too`
    add({ ...wrong(fileNames.records, message), place })
    return
  }
  gathering.byEid.set(eid, { index, digest, place })
  gathering.byIndex.set(index, eid)
  gathering.readers.set(month, (gathering.readers.get(month) ?? new Set()).add(reader))
  for (const name of unproved) gathering.unproved.add(name)
  if (withheld) gathering.withheld++
}

/** A bundle is one reader's copy, by the pseudonym that they have in each month. */
export function refuseReaders({ readers }: Manifest, { readers: found }: Gathering, add: AddFault): void {
  for (const [month, several] of found) {
    const named = readers.filter(one => one.month === month).map(({ reader }) => reader)
    const [reader = ''] = several
    if (several.size > 1)
      add(
        wrong(
          fileNames.records,
          `those of ${month} are copies of ${several.size} readers: ${[...several].join(', ')}`,
        ),
      )
    else if (named.length !== 1 || named[0] !== reader)
      add(wrong(fileNames.manifest, `it names another reader for ${month} than ${reader}, whose copy it is`))
  }
  const unread = readers.find(({ month }) => !found.has(month))
  if (unread)
    add(wrong(fileNames.manifest, `it names a reader for ${unread.month}, of which there is no record`))
}

/** Where they stand in the tree, and which leaves between them the bundle has no record of. */
export function placesOf({ byIndex }: Gathering) {
  const places = Float64Array.from(byIndex.keys()).sort()
  const [first, last] = [places[0], places.at(-1)]
  if (first === undefined || last === undefined) return { between: 0, gaps: [], gapCount: 0 }
  const gaps: [number, number][] = []
  let gapCount = 0
  for (const [n, place] of places.entries()) {
    const before = places[n - 1] ?? place - 1
    if (place === before + 1) continue
    gapCount++
    if (gaps.length < maxGaps) gaps.push([before + 1, place - 1])
  }
  return { first, last, between: last - first + 1 - places.length, gaps, gapCount }
}

/** False where it is not verified; then its faults are told. */
export async function collected(add: AddFault, verify: () => Promise<void>): Promise<boolean> {
  try {
    await verify()
    return true
  } catch (error) {
    if (!(error instanceof NotVerified)) throw error
    error.faults.forEach(add)
    return false
  }
}

export const wrong = (field: string, message: string) => ({ kind: 'contradicted', field, message }) as const
