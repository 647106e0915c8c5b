/**
 * Of which parts of a tree its proofs consist (RFC 6962 §2.1.1, §2.1.2): pure arithmetic on leaf indexes. Sizes are
 * numbers up to 2^53, so nothing here is done by bits.
 */

/** Leaves `from` (inclusive) to `to` (exclusive); `from` is a multiple of the least power of two that holds them. */
export interface Range {
  readonly from: number
  readonly to: number
}

/** The subtree of 2^height leaves whose first is `index` · 2^height. */
export interface Subtree {
  readonly height: number
  readonly index: number
}

/** The largest power of two below `size`, which is at least 2: where a tree of that size splits. */
export function splitOf(size: number): number {
  let power = 1
  while (power * 2 < size) power *= 2
  return power
}

/** The full subtrees that a range consists of, the largest first. */
export function subtreesOf({ from, to }: Range): readonly Subtree[] {
  const found: Subtree[] = []
  for (let start = from; start < to; ) {
    let [size, height] = [1, 0]
    while (size * 2 <= to - start && start % (size * 2) === 0) [size, height] = [size * 2, height + 1]
    found.push({ height, index: start / size })
    start += size
  }
  return found
}

/** The siblings on the way from a leaf to the root of the first `size` leaves, in this order. */
export function inclusionRanges(index: number, size: number): readonly Range[] {
  if (!(index >= 0 && index < size)) throw new RangeError(`leaf ${index} is not in a tree of ${size}`)
  const siblings: Range[] = []
  let [from, to] = [0, size]
  while (to - from > 1) {
    const middle = from + splitOf(to - from)
    if (index < middle) {
      siblings.push({ from: middle, to })
      to = middle
    } else {
      siblings.push({ from, to: middle })
      from = middle
    }
  }
  return siblings.reverse()
}

/** What shows that the first `older` leaves of a tree of `newer` are those of the tree of that size. */
export function consistencyRanges(older: number, newer: number): readonly Range[] {
  if (!(older >= 0 && older <= newer)) throw new RangeError(`a tree of ${newer} is not one of ${older} grown`)
  if (older === 0 || older === newer) return []
  const parts: Range[] = []
  let [from, to] = [0, newer]
  // The older tree as a whole is known to whoever asks; a part of it is not.
  let known = true
  while (older < to) {
    const middle = from + splitOf(to - from)
    if (older <= middle) {
      parts.push({ from: middle, to })
      to = middle
    } else {
      parts.push({ from, to: middle })
      from = middle
      known = false
    }
  }
  if (!known) parts.push({ from, to })
  return parts.reverse()
}
