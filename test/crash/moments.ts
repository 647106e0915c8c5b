/** When a kill comes: chance chooses among the start of the process, the time after it is ready, and a commit of the log. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Chance } from './chance.ts'
import { incomingOf, nextIn, stagingOf } from './data.ts'

export interface Moment {
  readonly text: string
  readonly come: Promise<void>
  /** The sequencer had the time of many commits before. */
  readonly caughtUp: boolean
}

/** Milliseconds within which a kill comes. */
const withinMs = 1_500
/**
 * Every so many kills it comes two leases later: what the kills before left is purged under live calls, which have
 * to renew their own leases meanwhile.
 */
const laterEvery = 5
/** Steps of a commit, at most: each object of it changes the folder that it comes through twice. */
const mostSteps = 16

/** Waits for `ready` where the moment is after that. */
export async function momentOf(
  { draw, data, leaseMs }: { readonly draw: Chance; readonly data: string; readonly leaseMs: number },
  number: number,
  ready: Promise<string>,
): Promise<Moment> {
  const of: Chance = name => draw(`kill ${number} ${name}`)
  const kind = of('since')
  const ms = Math.round(of('after') * withinMs)
  if (number % laterEvery === 0) {
    await ready
    return { ...after('ready', 2 * leaseMs + ms), caughtUp: true }
  }
  if (kind < 1 / 5) return { ...after('start', ms), caughtUp: false }
  await ready
  if (kind < 3 / 5) return { ...after('ready', ms), caughtUp: false }
  const seen = Math.floor(of('steps') * mostSteps)
  return { text: `${seen} steps after staged`, come: commitUnderWay(data, ms, seen), caughtUp: false }
}

const after = (since: 'start' | 'ready', ms: number) => ({
  text: `${ms} ms after ${since}`,
  come: sleep(ms),
})

/** Of the commit that is staged next, so many changes later. */
async function commitUnderWay(data: string, ms: number, seen: number): Promise<void> {
  await sleep(ms)
  await nextIn(stagingOf(data), 1)
  if (seen > 0) await nextIn(incomingOf(data), seen)
}
