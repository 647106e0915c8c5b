/** Bundles of leaves (c2sp.org/tlog-tiles, “Log entries”): each after its length, 16 bits, most significant first. */

/** Throws a `RangeError` for a leaf that is too long: it is for whoever makes leaves to know. */
export function formatBundle(leaves: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(leaves.reduce((sum, leaf) => sum + 2 + leaf.length, 0))
  const view = new DataView(bytes.buffer)
  let at = 0
  for (const leaf of leaves) {
    if (leaf.length > 0xffff) throw new RangeError('a leaf has at most 65,535 bytes')
    view.setUint16(at, leaf.length)
    bytes.set(leaf, at + 2)
    at += 2 + leaf.length
  }
  return bytes
}

/** `undefined` where the bytes end within a leaf. */
export function parseBundle(bytes: Uint8Array): readonly Uint8Array[] | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const leaves: Uint8Array[] = []
  for (let at = 0; at < bytes.length; ) {
    if (at + 2 > bytes.length) return undefined
    const end = at + 2 + view.getUint16(at)
    if (end > bytes.length) return undefined
    leaves.push(bytes.subarray(at + 2, end))
    at = end
  }
  return leaves
}
