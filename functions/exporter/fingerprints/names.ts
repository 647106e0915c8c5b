/** What is below `attr/`: replies that wait to be packed (`shared/fingerprint/pending.ts`), segments, and public texts. */

import { hash } from 'node:crypto'
import type { Objects } from '../../../shared/ports/objects.ts'
import { keysBelow } from '../../keys-below.ts'

export const attrFolder = 'attr/'
export const pendingFolder = `${attrFolder}pending/`
/** Plain texts that an operator puts there: what everybody may have read points at nobody. */
export const publicFolder = `${attrFolder}public/`

export const segmentsOf = (epoch: number): string => `${attrFolder}${epoch}/`

export interface SegmentName {
  readonly epoch: number
  /** Hours since 1970: of its earliest and its latest reply. */
  readonly first: number
  readonly last: number
  /** Bytes, so that what may be merged is known from a listing. */
  readonly bytes: number
  /** Of its bytes: 32 hexadecimal digits. */
  readonly digest: string
}

/** The same segment has the same name, whoever makes it. */
export const nameOfSegment = (
  span: Pick<SegmentName, 'epoch' | 'first' | 'last'>,
  bytes: Uint8Array,
): SegmentName => ({ ...span, bytes: bytes.length, digest: hash('sha256', bytes).slice(0, 32) })

export const segmentKey = ({ epoch, first, last, bytes, digest }: SegmentName): string =>
  `${segmentsOf(epoch)}${first}-${last}-${bytes}-${digest}`

const shape = /^attr\/(\d+)\/(\d+)-(\d+)-(\d+)-([0-9a-f]{32})$/

/** `undefined` where a key names no segment. */
export function parseSegmentKey(key: string): SegmentName | undefined {
  const [, epoch, first, last, bytes, digest] = shape.exec(key) ?? []
  if (digest === undefined) return undefined
  return { epoch: Number(epoch), first: Number(first), last: Number(last), bytes: Number(bytes), digest }
}

/** The segments of an epoch, the earliest first. */
export async function listSegments(
  objects: Pick<Objects, 'list'>,
  epoch: number,
): Promise<readonly SegmentName[]> {
  const found: SegmentName[] = []
  for await (const key of keysBelow(objects, segmentsOf(epoch))) {
    const name = parseSegmentKey(key)
    if (name) found.push(name)
  }
  return found
}

/**
 * The numbers that stand next in names below a prefix, ascending: each costs a listing, however many objects are below it.
 */
export async function numbersBelow(
  { list }: Pick<Objects, 'list'>,
  prefix: string,
): Promise<readonly number[]> {
  const found: number[] = []
  for (let after: string | undefined; ; ) {
    const { keys } = await list(prefix, after)
    const [first] = keys
    if (first === undefined) return found
    const step = first.slice(prefix.length).split('/', 1)[0] ?? ''
    if (/^\d+$/.test(step)) found.push(Number(step))
    // What follows the slash in ASCII: behind all that is below this step, however somebody has named it.
    after = `${prefix}${step}0`
  }
}
