import type { Play, Played } from './plays.ts'

/**
 * The same failure with less around it: kinds of faults, then parts are left out as long as the same invariant breaks in
 * the same way. Answers with the history of what is left.
 */
export async function shrink(play: Play, played: Played): Promise<Played> {
  const { seed, violations } = played
  const [violation = ''] = violations
  let { length } = played.history
  const without = new Set<string>()
  const leave = new Set<string>()
  const again = (): Promise<Played> => play.play({ seed, without, leave, tell: true })
  /** All of them, or else of each half as much as can be: most of what happens has nothing to do with it. */
  const leaveOut = async (left: Set<string>, what: readonly string[]): Promise<void> => {
    for (const one of what) left.add(one)
    const { violations, history } = await again()
    // With less around it, the same can also come much later.
    const same = violations.some(other => kindOf(other) === kindOf(violation))
    if (same && history.length <= length) {
      length = history.length
      return
    }
    for (const one of what) left.delete(one)
    if (what.length <= 1) return
    const half = Math.ceil(what.length / 2)
    await leaveOut(left, what.slice(0, half))
    await leaveOut(left, what.slice(half))
  }
  await leaveOut(without, play.faults)
  for (const parts of play.parts(played)) await leaveOut(leave, parts)
  return again()
}

/** Names and numbers may differ. */
const kindOf = (violation: string): string =>
  violation
    .replace(/(outcome of )?entry-\d+/g, 'entry')
    .replace(/(entry|proposal)_\w+/g, '$1')
    .replace(/(staging|body|log)\/\S+/g, '$1')
    .replace(/\d+/g, 'n')
    .replace(/cedar|prairie/g, 'partner')
    .replace(/hana|hugo|olga|omar|cora|petra/g, 'person')
