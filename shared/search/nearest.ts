/** Of some words the one that somebody most likely meant: the fewest letters away, if they are few. */
export function nearest(text: string, words: readonly string[]): string | undefined {
  // What is this long is none of them, and is not worth the work.
  if (text.length > 64) return undefined
  const [best] = words
    .map(word => ({ word, distance: editDistance(text.toLowerCase(), word) }))
    .sort((a, b) => a.distance - b.distance)
  return best && best.distance <= Math.max(1, Math.floor(best.word.length / 2)) ? best.word : undefined
}

/** How many letters are put in, left out, changed, or swapped with their neighbour, from one to the other. */
export function editDistance(from: string, to: string): number {
  let twoBefore: readonly number[] = []
  let before: readonly number[] = Array.from({ length: to.length + 1 }, (_, count) => count)
  for (let i = 1; i <= from.length; i++) {
    const row = [i]
    for (let j = 1; j <= to.length; j++) {
      const changed = (before[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1)
      const isSwap = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1]
      const swapped = isSwap ? (twoBefore[j - 2] ?? 0) + 1 : changed
      row.push(Math.min(changed, swapped, (before[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1))
    }
    twoBefore = before
    before = row
  }
  return before[to.length] ?? 0
}
