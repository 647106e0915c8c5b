import { calm, type Faults } from './faults.ts'
import { type Simulated, simulate } from './simulate.ts'

/**
 * The same failure with less around it: kinds of faults, then calls, then decisions are left out as long as the same
 * invariant breaks in the same way. Answers with the history of what is left.
 */
export async function shrink({ seed, violations, calls, history }: Simulated): Promise<Simulated> {
  const [violation = ''] = violations
  let length = history.length
  const without = new Set<keyof Faults>()
  const leave = new Set<string>()
  const again = (): Promise<Simulated> => simulate({ seed, without, leave, tell: true })
  /** All of them, or else of each half as much as can be: most of what happens has nothing to do with it. */
  const leaveOut = async <T>(left: Set<T>, what: readonly T[]): Promise<void> => {
    for (const one of what) left.add(one)
    const { violations, history } = await again()
    // With less around it, the same can also come much later.
    const same = violations.some(other => kindOf(other) === kindOf(violation))
    if (same && history.length <= length) {
      length = history.length
      return
    }
    for (const one of what) left.delete(one)
    if (what.length === 1) return
    const half = Math.ceil(what.length / 2)
    await leaveOut(left, what.slice(0, half))
    await leaveOut(left, what.slice(half))
  }
  await leaveOut(without, Object.keys(calm) as (keyof Faults)[])
  await leaveOut(
    leave,
    Array.from({ length: calls }, (_, i) => `call-${i + 1}`),
  )
  await leaveOut(
    leave,
    Array.from({ length: 89 }, (_, i) => `decision ${i + 1}`),
  )
  return again()
}

/** Names and numbers may differ. */
const kindOf = (violation: string): string =>
  violation
    .replace(/(entry|proposal)_\w+/g, '$1')
    .replace(/\d+/g, 'n')
    .replace(/cedar|prairie/g, 'partner')
    .replace(/hana|hugo|olga|omar|cora|petra/g, 'person')
