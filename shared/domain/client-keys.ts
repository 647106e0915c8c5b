/** The keys of a client over a rotation: for a while the new one and the one that it replaces both count. */
import type { Client, ClientKey } from './records.ts'
import { type Refusal, refuse } from './refusal.ts'
import { time } from './time.ts'

/** Milliseconds for which the replaced key still counts. */
export const overlap = { usual: 86_400_000, atMost: 7 * 86_400_000 } as const

const maxKeys = 2

/** Those that an assertion could still be made with. */
export const liveKeys = (keys: readonly ClientKey[], now: number): readonly ClientKey[] =>
  keys.filter(
    ({ until, compromisedAt }) => compromisedAt === undefined && (until === undefined || now < until),
  )

/** Whether keys of a client can be rotated at all. A compromised one's never: whoever had its key could do it. */
export function judgeRotation({ state, keys }: Client, overlapMs: number, now: number): Refusal | undefined {
  if (state !== 'enrolled' && state !== 'active')
    return refuse('state_forbids', `The client is ${state}: its keys are rotated while it is active.`)
  if (staying(keys, overlapMs, now).length < maxKeys) return undefined
  const ends = liveKeys(keys, now).flatMap(({ until }) => until ?? [])
  const until = ends.length > 0 ? ` until ${time(Math.min(...ends))}: rotate then, or` : ': rotate'
  return refuse(
    'state_forbids',
    `It has ${maxKeys} keys already${until} without an overlap, which ends both at once.`,
  )
}

/** The keys after a rotation; without an overlap the new one alone. */
export const rotatedKeys = (
  keys: readonly ClientKey[],
  added: ClientKey,
  overlapMs: number,
  now: number,
): readonly ClientKey[] => [...staying(keys, overlapMs, now), added]

const staying = (keys: readonly ClientKey[], overlapMs: number, now: number): readonly ClientKey[] =>
  liveKeys(keys, now)
    .map(key => ({ ...key, until: Math.min(key.until ?? Infinity, now + overlapMs) }))
    .filter(({ until }) => until > now)
