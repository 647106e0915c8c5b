/** How the benchmark of the gate calls its targets: in slices, by turns. */
import type { Settings } from './bench.ts'
import type { Kind, Target } from './gate-targets.ts'
import { type Answer, mustBeWhole, sendAll } from './load.ts'

export interface Pace {
  /** Calls under way at a time, and the pause of each caller between two of its own, in milliseconds. */
  readonly width: number
  readonly pauseMs?: number
}

export const scaled = (count: number, { scale }: Settings): number => Math.max(1, Math.round(count * scale))

/**
 * One slice of calls to one target. Connections that were idle have gone: as many calls as go at once are made
 * before `measured` begins, and are not among the answers.
 */
export async function slice(
  target: Target,
  kind: Kind,
  calls: number,
  pace: Pace,
  measured: (send: () => Promise<void>) => Promise<unknown> = send => send(),
): Promise<readonly Answer[]> {
  const made = (await target.headers(calls + pace.width)).map(headers => ({ headers, body: kind.body }))
  mustBeWhole(await sendAll(target.load, made.slice(0, pace.width), { width: pace.width }), kind.reply)
  let answers: readonly Answer[] = []
  await measured(async () => {
    answers = await sendAll(target.load, made.slice(pace.width), pace)
  })
  mustBeWhole(answers, kind.reply)
  return answers
}

/**
 * What `act` finds about each target in each round. The targets take turns within a round, so that what disturbs
 * the machine disturbs all of them, and are compared round by round.
 */
export async function inTurns<T>(
  targets: readonly Target[],
  rounds: number,
  act: (target: Target) => Promise<T>,
): Promise<(target: Target) => readonly T[]> {
  const found = new Map<Target, T[]>(targets.map(target => [target, []]))
  for (let round = 0; round < rounds; round++)
    for (let i = 0; i < targets.length; i++) {
      const target = targets[(round + i) % targets.length]
      if (target) found.get(target)?.push(await act(target))
    }
  return target => found.get(target) ?? []
}
