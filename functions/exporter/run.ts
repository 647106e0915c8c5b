/**
 * What is done beside the calls, and may take long: exports of the log, and what people have decided about what is kept
 * of it. Any number may run at once; each task sees to that itself.
 */

import { deleteMonths } from './delete.ts'
import type { ExporterDeps } from './deps.ts'
import { expireExports } from './expire.ts'
import { makeExports } from './exports.ts'
import { keepFingerprints } from './fingerprints/task.ts'
import { answerInquiries } from './inquiries/answer-inquiries.ts'
import { answerers } from './inquiries/answerers.ts'
import { expireInquiries } from './inquiries/expire.ts'
import { findPatterns } from './patterns.ts'
import { preserve } from './preserve.ts'

export interface Task {
  readonly name: string
  /** Works until nothing is left to do now, or the time is over (milliseconds); resolves with how much was done. */
  run(deps: ExporterDeps, until: number): Promise<number>
}

/** In this order; one that fails is told, and the others run all the same. */
export const tasks: readonly Task[] = [
  // First, so that nothing goes that is to be kept.
  { name: 'preservations', run: preserve },
  { name: 'fingerprints', run: keepFingerprints },
  // Soon done, so that what is left for exports, which take long, is as much.
  { name: 'expiries', run: expireExports },
  { name: 'inquiry_expiries', run: expireInquiries },
  { name: 'inquiries', run: (deps, until) => answerInquiries(deps, until, answerers) },
  { name: 'exports', run: makeExports },
  { name: 'deletions', run: deleteMonths },
  // Once a day, and then for long where much was sent.
  { name: 'patterns', run: findPatterns },
]

export type Exported = Readonly<Record<string, number>>

/** One run of all tasks, of `ms` in all. Each begins with a like part of what is left. */
export async function runExporter(
  deps: ExporterDeps,
  ms: number,
  all: readonly Task[] = tasks,
): Promise<Exported> {
  const { clock, telemetry } = deps
  const until = clock.now() + ms
  const done: Record<string, number> = {}
  for (const [i, { name, run }] of all.entries()) {
    const now = clock.now()
    const share = (until - now) / (all.length - i)
    try {
      done[name] = await run(deps, now + share)
    } catch (error) {
      telemetry.error('a task of the exporter failed', error, { task: name })
    }
  }
  return done
}
