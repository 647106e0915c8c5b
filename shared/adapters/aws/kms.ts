import type { KMSClient } from '@aws-sdk/client-kms'
import type { Clock, Random } from '../../ports/world.ts'
import { errorName, isTransient } from './fault.ts'
import { startRetry } from './retry.ts'

/** With `maxAttempts: 1`: retries are made here, within a deadline. */
export type Kms = Pick<KMSClient, 'send'>

export interface KmsPace {
  readonly clock: Clock
  readonly random: Random
  /** Of a whole request, and of one attempt; 2,000 and 1,000 ms. */
  readonly deadlineMs?: number
  readonly attemptMs?: number
}

/**
 * Every request that is made here may be made again: what KMS answers is of no effect until it is used. Throws
 * `Unavailable` with the last failure as its cause.
 */
export async function askKms<T>(
  { clock, random, deadlineMs = 2_000, attemptMs = 1_000 }: KmsPace,
  operation: string,
  Unavailable: new (message: string, options: ErrorOptions) => Error,
  attempt: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  try {
    return await startRetry({ clock, random, deadlineMs, attemptMs })(attempt, isTransient)
  } catch (cause) {
    throw new Unavailable(`KMS: ${operation} failed: ${errorName(cause)}`, { cause })
  }
}
