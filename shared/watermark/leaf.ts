/** Leaves of the tree: commitments and nothing else, of one shape for every entry, since everybody can read them. */

export const leafType = { entry: 2, export: 3, epoch: 5 } as const
export type LeafType = (typeof leafType)[keyof typeof leafType]

/** Who asked for a copy, and who has signed that it is theirs. */
const exportKinds: readonly unknown[] = ['export_granted', 'export_countersigned']

/** Of an entry of this `unmapped.kind`. */
export function leafTypeOf(kind: unknown): LeafType {
  if (kind === 'epoch_commitment') return leafType.epoch
  return exportKinds.includes(kind) ? leafType.export : leafType.entry
}

export interface Leaf {
  readonly type: number
  /** None is defined yet. */
  readonly flags: number
  readonly epoch: number
  /** The root over the readers' slots, each of which commits to the body. 32 bytes, as are the others. */
  readonly viewRoot: Uint8Array
  /** To the fingerprints of the model's output; derived bytes where there are none. */
  readonly attrCommit: Uint8Array
  /** To the body and its exact times, under a salt that only the operator has. */
  readonly sealCommit: Uint8Array
}

const magic = Uint8Array.of(0x54, 0x50, 0x4c, 0x31)
export const leafBytes = 106

/** `"TPL1" ‖ type u8 ‖ flags u8 ‖ epoch u32 ‖ view_root ‖ attr_commit ‖ seal_commit`, integers with the highest byte first. */
export function formatLeaf({ type, flags, epoch, viewRoot, attrCommit, sealCommit }: Leaf): Uint8Array {
  const bytes = new Uint8Array(leafBytes)
  bytes.set(magic)
  bytes[4] = type
  bytes[5] = flags
  new DataView(bytes.buffer).setUint32(6, epoch)
  bytes.set(viewRoot, 10)
  bytes.set(attrCommit, 42)
  bytes.set(sealCommit, 74)
  return bytes
}

/** `undefined` where these bytes are no leaf of this form. */
export function parseLeaf(bytes: Uint8Array): Leaf | undefined {
  if (bytes.length !== leafBytes || !magic.every((byte, i) => bytes[i] === byte)) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return {
    type: view.getUint8(4),
    flags: view.getUint8(5),
    epoch: view.getUint32(6),
    viewRoot: bytes.slice(10, 42),
    attrCommit: bytes.slice(42, 74),
    sealCommit: bytes.slice(74),
  }
}
