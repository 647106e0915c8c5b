/**
 * `proofs.json`: that each record is in one tree. It is JSON, and written so that nobody has to hold it whole: the size and
 * the root on its first line, then a proof a line in the order of the records, then the end. Pure.
 */
import { fromBase64, toBase64 } from '../tlog/base64.ts'
import { hashBytes } from '../tlog/hash.ts'
import type { Proof } from '../tlog/proof.ts'

export interface ProofsHead {
  /** Of the tree of the checkpoint in the bundle. */
  readonly size: number
  /** Base64, as the checkpoint has it. */
  readonly root: string
}

export interface RecordProof {
  readonly index: number
  /** From the sibling of the leaf to the child of the root (RFC 6962 §2.1.1). */
  readonly hashes: Proof
}

/** The first line. */
export const proofsHead = ({ size, root }: ProofsHead): string =>
  `{"size":${size},"root":${JSON.stringify(root)},"proofs":[\n`

/** A proof's line without what ends it: between two stands `proofsBetween`, and `proofsEnd` after all. */
export const proofsLine = ({ index, hashes }: RecordProof): string =>
  JSON.stringify({ index, hashes: hashes.map(toBase64) })

export const proofsBetween = ',\n'
/** `any`: there is a proof before it. */
export const proofsEnd = (any: boolean): string => (any ? '\n]}\n' : ']}\n')

/** More siblings than a tree of 2^53 leaves has. */
const maxProof = 64

const headShape = /^\{"size":(0|[1-9]\d{0,15}),"root":"([A-Za-z0-9+/]{43}=)","proofs":\[$/

/** `undefined` where this line, without its newline, is not how `proofs.json` begins. */
export function parseProofsHead(line: string): ProofsHead | undefined {
  const [, size, root] = headShape.exec(line) ?? []
  if (size === undefined || root === undefined || fromBase64(root) === undefined) return undefined
  return Number.isSafeInteger(Number(size)) ? { size: Number(size), root } : undefined
}

export const isProofsEnd = (line: string): boolean => line === ']}'

const lineShape = /^\{"index":(0|[1-9]\d{0,15}),"hashes":\[((?:"[A-Za-z0-9+/]{43}="(?:,(?="))?)*)\]\}(,?)$/

/** `further`: another one follows. `undefined` where it is no line of a proof. */
export function parseProofsLine(line: string): (RecordProof & { readonly further: boolean }) | undefined {
  const [, index, list, comma] = lineShape.exec(line) ?? []
  if (index === undefined || list === undefined || !Number.isSafeInteger(Number(index))) return undefined
  const texts = list === '' ? [] : list.split(',').map(text => text.slice(1, -1))
  if (texts.length > maxProof) return undefined
  const hashes: Uint8Array[] = []
  for (const text of texts) {
    const hash = fromBase64(text)
    if (hash?.length !== hashBytes) return undefined
    hashes.push(hash)
  }
  return { index: Number(index), hashes, further: comma === ',' }
}
