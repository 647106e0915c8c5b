/** What jobs of the exporter share: which are due, who works on one and until when, and how often it is tried. */
import type { ExportFailure, Lease } from '../../shared/domain/exports.ts'
import { indexes } from '../../shared/domain/keys.ts'
import type { Condition } from '../../shared/ports/store.ts'
import { pages } from '../pages.ts'
import type { ExporterDeps } from './deps.ts'

/** After an error it waits, longer each time. Milliseconds. */
const firstPauseMs = 1_000
const longestPauseMs = 300_000
/** Errors without any progress between: more than an hour of them. */
export const maxAttempts = 20

export const pauseMs = (attempts: number): number =>
  Math.min(firstPauseMs * 2 ** (attempts - 1), longestPauseMs)

/** What it ends with. */
export const tooOften = (attempts: number): ExportFailure => ({
  code: 'internal',
  detail: `It was tried ${attempts} times; the log of the exporter says why.`,
})

/** The lease is another's by now, or the job has ended: whoever finds that stops. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost'
}

/** Those that the index names and that are due for it still: it may lag. */
export async function dueFor<R extends { readonly due?: string }>(
  { store }: Pick<ExporterDeps, 'store'>,
  due: string,
): Promise<readonly R[]> {
  const found: R[] = []
  for await (const batch of pages<R>(store, { index: indexes.byDue, partition: due }))
    for (const one of await store.get(batch)) if (one?.due === due) found.push(one)
  return found
}

/** Those that nobody works on, the oldest first. */
export async function waitingFor<
  R extends { readonly due?: string; readonly lease?: Lease; readonly requestedAt: number },
>(deps: Pick<ExporterDeps, 'store' | 'clock'>, due: string): Promise<readonly R[]> {
  const now = deps.clock.now()
  const all = await dueFor<R>(deps, due)
  return all.filter(({ lease }) => (lease?.until ?? 0) <= now).sort((a, b) => a.requestedAt - b.requestedAt)
}

/** Nobody works on it. */
export const isFree = (now: number): Condition => ({
  or: [{ absent: ['lease'] }, { le: [['lease', 'until'], now] }],
})
