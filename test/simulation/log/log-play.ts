import { numbered, type Play } from '../plays.ts'
import { calmLog, type LogFaults } from './faults.ts'
import { simulateLog } from './simulate-log.ts'

export const log: Play = {
  faults: Object.keys(calmLog),
  async play({ without = new Set(), ...settings }) {
    const simulated = await simulateLog({ ...settings, without: without as ReadonlySet<keyof LogFaults> })
    const { seed, violations, steps, history } = simulated
    const { requests, acknowledged, leaves, trees } = simulated
    return { seed, violations, steps, history, counts: { requests, acknowledged, leaves, trees } }
  },
  parts: ({ counts }) => [numbered('entry-', counts.requests ?? 0)],
  // It is short, and each of its lines changes what the next sequencer finds.
  concerning: ({ history }) => history,
}
