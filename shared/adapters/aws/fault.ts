import { NoAnswer, NotSentInTime } from './retry.ts'

/**
 * What an error of an AWS client says about the request that was sent:
 * - `not_done`: it had no effect, and may be sent again;
 * - `unknown`: it may have had its effect, or have it yet;
 * - `invalid`: no such request is taken;
 * - `denied`: it had no effect, and has none if sent again (rights, credentials, a missing resource).
 */
export type Fault = 'not_done' | 'unknown' | 'invalid' | 'denied'

/** By the `Retry` sections of the services' error lists: DynamoDB, S3, KMS and Secrets Manager. */
const notDone: ReadonlySet<string> = new Set([
  'LimitExceededException',
  'ProvisionedThroughputExceededException',
  'ReplicatedWriteConflictException',
  'RequestLimitExceeded',
  'SlowDown',
  'ThrottledException',
  'Throttling',
  'ThrottlingException',
  'TooManyRequestsException',
  'TransactionConflictException',
  'TransactionInProgressException',
  // The clock was wrong: from such an answer the SDK learns how far, for the next attempt.
  'InvalidSignatureException',
  'RequestExpired',
  'RequestInTheFuture',
  'RequestTimeTooSkewed',
  // S3: another request for the same key is under way.
  'ConditionalRequestConflict',
  'OperationAborted',
])

const invalid: ReadonlySet<string> = new Set([
  'IdempotentParameterMismatchException',
  'ItemCollectionSizeLimitExceededException',
  'SerializationException',
  'ValidationException',
])

/** Of a connection that was not made, which has carried nothing. */
const notConnected: ReadonlySet<string> = new Set(['EAI_AGAIN', 'ECONNREFUSED', 'ENOTFOUND'])

export function faultOf(error: unknown): Fault {
  if (error instanceof NoAnswer) return 'unknown'
  if (error instanceof NotSentInTime) return 'not_done'
  const name = errorName(error)
  // S3 says it with status 400: the request did not come through in its time.
  if (name === 'RequestTimeout') return 'unknown'
  if (notDone.has(name)) return 'not_done'
  if (invalid.has(name)) return 'invalid'
  if (name === 'CredentialsProviderError') return 'denied'
  if (notConnected.has(codeOf(error))) return 'not_done'
  const status = statusOf(error)
  if (status === 429) return 'not_done'
  // Without a status nothing is known but that there was no answer: a time-out, a reset, a reply that broke off.
  return status !== undefined && status >= 400 && status < 500 ? 'denied' : 'unknown'
}

/** Whether a request that does no harm twice is worth sending again. */
export const isTransient = (error: unknown): boolean => {
  const fault = faultOf(error)
  return fault === 'not_done' || fault === 'unknown'
}

export const errorName = (error: unknown): string => (error instanceof Error ? error.name : typeof error)

export const statusOf = (error: unknown): number | undefined =>
  (error as { $metadata?: { httpStatusCode?: number } } | undefined)?.$metadata?.httpStatusCode

const codeOf = (error: unknown): string => String((error as { code?: unknown } | undefined)?.code)
