import { expect, test } from 'vitest'
import { type Fault, faultOf } from '../../../../shared/adapters/aws/fault.ts'
import { NoAnswer, NotSentInTime } from '../../../../shared/adapters/aws/retry.ts'
import { connectionError, serviceError } from './fake-aws.ts'

test.each<[string, unknown, Fault]>([
  ['a throttle of DynamoDB or KMS', serviceError('ThrottlingException', 400), 'not_done'],
  ['provisioned capacity', serviceError('ProvisionedThroughputExceededException', 400), 'not_done'],
  ['the limit of the account', serviceError('RequestLimitExceeded', 400), 'not_done'],
  ['a transaction on the same item', serviceError('TransactionConflictException', 400), 'not_done'],
  ['the same transaction, still under way', serviceError('TransactionInProgressException', 400), 'not_done'],
  ['a throttle of S3, a 503', serviceError('SlowDown', 503), 'not_done'],
  ['a put of S3 that another met', serviceError('ConditionalRequestConflict', 409), 'not_done'],
  ['any other throttle', serviceError('Whatever', 429), 'not_done'],
  ['a refused connection', connectionError('ECONNREFUSED'), 'not_done'],
  ['a name that is not found', connectionError('ENOTFOUND'), 'not_done'],
  ['nothing sent', new NotSentInTime('late'), 'not_done'],

  ['no answer in time', new NoAnswer('late'), 'unknown'],
  ['a connection that was reset', connectionError('ECONNRESET'), 'unknown'],
  ['a time-out of the SDK', Object.assign(connectionError('ETIMEDOUT'), { name: 'TimeoutError' }), 'unknown'],
  ['a server error', serviceError('InternalServerError', 500), 'unknown'],
  ['an unavailable service', serviceError('ServiceUnavailable', 503), 'unknown'],
  ['a reply that cannot be read', new SyntaxError('Unexpected token'), 'unknown'],
  ['a reply that breaks the SDK', new TypeError('Cannot read properties of undefined'), 'unknown'],
  ['what is no error', 'x', 'unknown'],
  ['nothing', undefined, 'unknown'],

  ['a malformed request', serviceError('ValidationException', 400), 'invalid'],
  ['a body that is none', serviceError('SerializationException', 400), 'invalid'],

  ['no right to it', serviceError('AccessDeniedException', 400), 'denied'],
  ['an expired session', serviceError('ExpiredTokenException', 400), 'denied'],
  ['an unknown client', serviceError('UnrecognizedClientException', 400), 'denied'],
  ['no such table', serviceError('ResourceNotFoundException', 400), 'denied'],
  ['no such key of KMS', serviceError('NotFoundException', 400), 'denied'],
  ['no credentials', Object.assign(new Error(), { name: 'CredentialsProviderError' }), 'denied'],
])('%s', (_, error, fault) => {
  expect(faultOf(error)).toBe(fault)
})
