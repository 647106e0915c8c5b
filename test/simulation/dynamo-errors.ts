/** DynamoDB's errors, as the SDK makes them of its replies. */
import {
  type AttributeValue,
  type CancellationReason,
  ConditionalCheckFailedException,
  DynamoDBServiceException,
  IdempotentParameterMismatchException,
  InternalServerError,
  ProvisionedThroughputExceededException,
  ResourceNotFoundException,
  ThrottlingException,
  TransactionCanceledException,
  TransactionConflictException,
  TransactionInProgressException,
} from '@aws-sdk/client-dynamodb'

type Attributes = Record<string, AttributeValue>

const said = (message: string, httpStatusCode = 400) => ({ message, $metadata: { httpStatusCode } })

/** The service's model has no class for it. */
export const invalid = (message: string): Error =>
  new DynamoDBServiceException({ ...said(message), name: 'ValidationException', $fault: 'client' })

export const isInvalid = (error: unknown): boolean =>
  error instanceof IdempotentParameterMismatchException ||
  (error instanceof DynamoDBServiceException && error.name === 'ValidationException')

export const noTable = (): Error => new ResourceNotFoundException(said('Requested resource not found'))

export const conditionFailed = (Item: Attributes | undefined): Error =>
  new ConditionalCheckFailedException({
    ...said('The conditional request failed'),
    ...(Item && { Item }),
  })

export const cancelled = (CancellationReasons: CancellationReason[]): Error =>
  new TransactionCanceledException({ ...said('Transaction cancelled'), CancellationReasons })

export const conflict = (): Error =>
  new TransactionConflictException(said('Transaction is ongoing for the item'))

export const inProgress = (): Error =>
  new TransactionInProgressException(said('The transaction with the given token is in progress'))

export const otherParameters = (): Error =>
  new IdempotentParameterMismatchException(said('The same token came with other parameters'))

export const throttles: readonly [() => Error, () => Error] = [
  () => new ProvisionedThroughputExceededException(said('The level of throughput was exceeded')),
  () => new ThrottlingException(said('Rate exceeded')),
]

/** Whether what was asked for was done, it does not say. */
export const internal = (): Error => new InternalServerError(said('Internal server error', 500))

/** Of the connection, not of the service: nothing was sent, or nobody knows what became of it. */
export const connectionError = (code: 'ECONNREFUSED' | 'ECONNRESET'): Error =>
  Object.assign(new Error(code), { code })
