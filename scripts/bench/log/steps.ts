/** By its calls to the ports, what step the sequencer is at: time between two calls belongs to the earlier one. */
import type { SequencerDeps } from '../../../functions/sequencer/deps.ts'
import { checkpointKey } from '../../../functions/sequencer/published.ts'

export const steps = {
  begin: 'reading the checkpoint and the state',
  candidates: 'reading what waits',
  prepare: 'leaves, tiles, bodies, signature',
  stage: 'staging the commit',
  state: 'writing the state',
  apply: 'putting tiles, bundles and bodies',
  publish: 'publishing the checkpoint',
  place: 'setting the place of each entry',
} as const

export type Step = keyof typeof steps

export interface Cost {
  /** Milliseconds, by the clock and of this process's CPU. */
  ms: number
  cpuMs: number
}

/** One round after the other, none beside another. */
export function stepped(deps: SequencerDeps): {
  readonly deps: SequencerDeps
  readonly costs: ReadonlyMap<Step, Cost>
  /** Rounds begin and end. */
  mark(step: Step | undefined): void
} {
  const costs = new Map<Step, Cost>()
  let at: Step | undefined
  let [since, cpuSince] = [0, 0]
  const mark = (step: Step | undefined): void => {
    const [now, cpu] = [performance.now(), cpuMs()]
    if (at !== undefined) {
      const cost = costs.get(at) ?? { ms: 0, cpuMs: 0 }
      cost.ms += now - since
      cost.cpuMs += cpu - cpuSince
      costs.set(at, cost)
    }
    ;[at, since, cpuSince] = [step, now, cpu]
  }
  const { store, objects, logKey } = deps
  return {
    costs,
    mark,
    deps: {
      ...deps,
      logKey: {
        ...logKey,
        async sign(text) {
          const note = await logKey.sign(text)
          // What is left of preparing is putting it together.
          mark('prepare')
          return note
        },
      },
      store: {
        ...store,
        query(query) {
          if (at !== 'candidates') mark('candidates')
          return store.query(query)
        },
        async get(keys) {
          const found = await store.get(keys)
          // After the last of them it is computed.
          if (at === 'candidates') mark('candidates')
          return found
        },
        async write(op) {
          const { pk } = op.key
          if (pk !== 'log' && at !== 'candidates' && at !== 'place') mark('place')
          if (pk === 'log') mark(op.kind === 'put' ? 'state' : 'place')
          const written = await store.write(op)
          if (at === 'candidates') mark('prepare')
          return written
        },
      },
      objects: {
        ...objects,
        put(key, bytes, condition, retainUntil) {
          const step = key.startsWith('staging/') ? 'stage' : key === checkpointKey ? 'publish' : 'apply'
          if (at !== step) mark(step)
          return objects.put(key, bytes, condition, retainUntil)
        },
        get(key) {
          if (key === checkpointKey && at === 'apply') mark('publish')
          return objects.get(key)
        },
      },
    },
  }
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}
