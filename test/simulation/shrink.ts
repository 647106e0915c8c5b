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
  const tryWithout = async <T>(left: Set<T>, what: T): Promise<void> => {
    left.add(what)
    const { violations, history } = await again()
    // With less around it, the same can also come much later.
    const same = violations.some(other => kindOf(other) === kindOf(violation))
    if (same && history.length <= length) length = history.length
    else left.delete(what)
  }
  for (const kind of Object.keys(calm) as (keyof Faults)[]) await tryWithout(without, kind)
  for (let call = 1; call <= calls; call++) await tryWithout(leave, `call-${call}`)
  for (let second = 1; second < 90; second++) await tryWithout(leave, `decision ${second}`)
  return again()
}

/** Names and numbers may differ. */
const kindOf = (violation: string): string =>
  violation
    .replace(/(entry|proposal)_\w+/g, '$1')
    .replace(/\d+/g, 'n')
    .replace(/cedar|prairie/g, 'partner')
    .replace(/hana|hugo|olga|omar|cora|petra/g, 'person')
