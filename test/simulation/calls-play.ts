import { calm, type Faults } from './faults.ts'
import { concerning } from './history.ts'
import { numbered, type Play } from './plays.ts'
import { simulate } from './simulate.ts'

export const calls: Play = {
  faults: Object.keys(calm),
  async play({ without = new Set(), ...settings }) {
    const simulated = await simulate({ ...settings, without: without as ReadonlySet<keyof Faults> })
    const { seed, violations, steps, history } = simulated
    const { calls, asked, decisions } = simulated
    return { seed, violations, steps, history, counts: { calls, asked, decisions } }
  },
  parts: ({ counts }) => [numbered('call-', counts.calls ?? 0), numbered('decision ', 89)],
  concerning: ({ history, violations }) => concerning(history, violations),
}
