/** One line of a bundle: its record, its proof, its cells, its exact times. All of them must say one thing. */
import { csvLine } from '../../shared/bundle/csv.ts'
import { parseExactTimes } from '../../shared/bundle/exact.ts'
import { fileNames } from '../../shared/bundle/files.ts'
import { type Manifest, monthOf } from '../../shared/bundle/manifest.ts'
import { parseProofsLine, type RecordProof } from '../../shared/bundle/proofs.ts'
import { floorTime, timeOfEntry } from '../../shared/entries/id.ts'
import { type EventualSha256, leafInput } from '../../shared/tlog/hash.ts'
import { verifyInclusion } from '../../shared/tlog/proof.ts'
import { fieldText, hashDomain } from '../../shared/watermark/committed.ts'
import { isPlain } from '../../shared/watermark/shown.ts'
import { openRecord, RecordFault } from '../../shared/watermark/verify.ts'
import type { Tree } from './checkpoint.ts'
import { NotVerified, notVerified } from './fault.ts'
import { parseJson } from './json-text.ts'
import { type GivenRecord, readRecord } from './record-shape.ts'

export interface BundleLine {
  readonly record: string
  /** Without its newline, as all. */
  readonly csv: string
  readonly proof: string
  /** Of evidence. */
  readonly exact?: string
}

export interface ProvedLine {
  readonly eid: string
  readonly index: number
  readonly digest: string
  readonly month: string
  readonly reader: string
  readonly withheld: boolean
  /** What stands there and is proved by nothing. */
  readonly unproved: readonly string[]
  /** Another one follows. */
  readonly further: boolean
}

export interface LineContext {
  readonly manifest: Manifest
  readonly tree: Tree
  readonly hash: EventualSha256
}

/** Throws a `NotVerified` whose fault is that of the first of its parts that is wrong. */
export async function proveLine(line: BundleLine, context: LineContext): Promise<ProvedLine> {
  const { manifest, tree, hash } = context
  const record = recordIn(line.record)
  const { view, eid, digest, body, withheld, sentence, shown } = record
  if (view === undefined) throw wrong('it has no slot of a reader')
  if (view.log !== tree.log) throw wrong(`it is one of ${view.log}`)
  if (view.index === null) throw wrong('it has no place in the tree')
  if (view.index >= manifest.size)
    throw wrong(`it is leaf ${view.index}, and the export is one of the first ${manifest.size}`)

  // 1. Body, salts and slot give the leaf.
  const { leaf, reader, unproved } = await openRecord({ ...record, view }).catch((error: unknown) => {
    throw error instanceof RecordFault ? wrong(error.message) : error
  })
  // 2. It is at its place in the tree.
  const proof = proofIn(line.proof)
  if (proof.index !== view.index)
    throw wrong(`it is of leaf ${proof.index}, and its record of ${view.index}`, fileNames.proofs)
  const inclusion = { leaf: await hash(leafInput(leaf)), index: proof.index, proof: proof.hashes }
  if (!(await verifyInclusion({ ...inclusion, size: tree.size, root: tree.root }, hash)))
    throw wrong(`it is not leaf ${proof.index} of the tree of ${tree.size} that the log has signed`)
  // 3. It is one that was asked for.
  const time = timeOfEntry(eid)
  if (time < floorTime(Date.parse(manifest.from)) || time > Date.parse(manifest.to))
    throw wrong('it is not of the time that was asked for')
  // 4. What is told beside it is told by it.
  const cells = csvLine({
    eid,
    digest,
    body,
    withheld,
    sentence: sentence ?? '',
    ...(shown && { shown }),
    view,
  })
  if (cells !== `${line.csv}\n`) throw wrong('its cells are not what the record says', fileNames.csv)
  if (manifest.kind === 'evidence' && (shown !== undefined || !isPlain(body, bytesOf(view.carrier))))
    throw wrong('its times are marked, and evidence has the exact ones')
  if (line.exact !== undefined) await proveExact(line.exact, { ...record, view }, hash)
  return {
    eid,
    index: view.index,
    digest,
    month: monthOf(view.epoch),
    reader,
    withheld: withheld.length > 0,
    unproved: [...unproved, ...record.beside],
    further: proof.further,
  }
}

type LineRecord = GivenRecord & { readonly sentence?: string }
type PlacedRecord = LineRecord & { readonly view: NonNullable<GivenRecord['view']> }

/** With what only people read of it, which no proof is about. */
function recordIn(line: string): LineRecord {
  try {
    const value = parseJson(line)
    const record = readRecord(value)
    const { sentence } = value as { readonly sentence?: unknown }
    return { ...record, ...(typeof sentence === 'string' && { sentence }) }
  } catch (error) {
    throw error instanceof NotVerified ? wrong(error.message) : error
  }
}

function proofIn(line: string): RecordProof & { readonly further: boolean } {
  const proof = parseProofsLine(line)
  if (proof === undefined) throw wrong('it is no line of a proof', fileNames.proofs)
  return proof
}

/** The leaf binds the exact times by a hash that only its salt opens. */
async function proveExact(line: string, { eid, body, withheld, view }: PlacedRecord, hash: EventualSha256) {
  const given = parseExactTimes(jsonIn(line))
  if (given === undefined) throw wrong('it is no line of exact times', fileNames.exact)
  if (given.eid !== eid) throw wrong(`it is of ${given.eid}`, fileNames.exact)
  if (withheld.length > 0) throw wrong('a field is withheld, without which no exact time is proved')
  const text = new TextEncoder().encode(`${fieldText(body)}\n${fieldText(given.exact)}`)
  const salt = bytesOf(given.seal_salt)
  const input = new Uint8Array(1 + salt.length + text.length)
  input[0] = hashDomain.seal
  input.set(salt, 1)
  input.set(text, 1 + salt.length)
  if (textOf(await hash(input)) !== view.seal_commit)
    throw wrong('the leaf is not opened by these times and this salt', fileNames.exact)
  const { time, start } = given.exact
  if (toGrid(time) !== body.time || (start === undefined ? undefined : toGrid(start)) !== body.start_time)
    throw wrong('the body has other times', fileNames.exact)
}

/** Milliseconds, floored as in bodies. */
const toGrid = (micros: string): number => floorTime(Math.floor(Number(micros) / 1_000))

function jsonIn(line: string): unknown {
  try {
    return parseJson(line)
  } catch (error) {
    throw error instanceof NotVerified ? wrong(error.message, fileNames.exact) : error
  }
}

const bytesOf = (text: string): Uint8Array =>
  Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), char => char.charCodeAt(0))

const textOf = (bytes: Uint8Array): string =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '')

const wrong = (message: string, file: string = fileNames.records): NotVerified =>
  notVerified('contradicted', message, file)
