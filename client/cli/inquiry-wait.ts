/** Inquiries are answered by a job, which people mostly wait for. */
import { at, textAt } from '../json.ts'
import type { Cli } from './cli.ts'
import { exit, Failure } from './failure.ts'
import { readRecord } from './records.ts'

/** Between two looks. Milliseconds. */
const firstLookMs = 500
const lastLookMs = 5_000
const ended: readonly string[] = ['done', 'failed', 'expired']

/** Until it has ended; as it stands where that is interrupted. Throws a `Failure` where it failed. */
export async function waitForInquiry(cli: Cli, path: string, next: string): Promise<unknown> {
  const { terminal } = cli
  for (let pauseMs = firstLookMs; ; pauseMs = Math.min(pauseMs * 1.5, lastLookMs)) {
    const inquiry = await readRecord(cli, path)
    const state = textAt(inquiry, 'state')
    if (state === 'failed')
      throw new Failure(exit.failed, `It was not answered. ${textAt(inquiry, 'failure', 'detail') ?? ''}`, {
        code: textAt(inquiry, 'failure', 'code'),
        next,
      })
    if (ended.includes(state ?? '') || terminal.interrupted.aborted) return inquiry
    await terminal.sleep(pauseMs)
  }
}

export const isAnswered = (inquiry: unknown): boolean => at(inquiry, 'result') != null
