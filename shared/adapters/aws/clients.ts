/**
 * The SDK's clients as this system needs them. Region, credentials, endpoints (`AWS_ENDPOINT_URL` and those of one
 * service) and FIPS (`AWS_USE_FIPS_ENDPOINT`) come from the environment by the SDK's own rules, so that nothing here
 * names a partition.
 */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { EventBridgeClient } from '@aws-sdk/client-eventbridge'
import { KMSClient } from '@aws-sdk/client-kms'
import { S3Client } from '@aws-sdk/client-s3'
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager'

/** A connection comes about within one region in a few milliseconds, or is tried anew. */
const connectionTimeout = 500

/**
 * Connections are kept, since a new one costs a TLS handshake. One that nobody used for this long is closed before its
 * other end does it: a request on a connection that is just being closed is lost, and nobody knows whether it was
 * done. After a Lambda's sleep this timer runs out before the next request is sent. Milliseconds.
 */
const idleMs = 15_000

/** So many that none waits for another's connection, which would look like one that does not come about. */
const maxSockets = 256

const agent = { keepAlive: true, timeout: idleMs, maxSockets }
const requestHandler = { connectionTimeout, httpAgent: agent, httpsAgent: agent }

/** One attempt: the adapters try again themselves, by rules and deadlines that the SDK does not have. */
const once = { maxAttempts: 1, requestHandler }

export const createDynamoClient = (): DynamoDBClient => new DynamoDBClient(once)

export const createEventBridgeClient = (): EventBridgeClient => new EventBridgeClient(once)

export const createKmsClient = (): KMSClient => new KMSClient(once)

/** At an endpoint of its own, S3 is asked by path: the bucket's name as a host would not be found there. */
export const createS3Client = (env: Readonly<Record<string, string | undefined>> = process.env): S3Client =>
  new S3Client({
    ...once,
    forcePathStyle: Boolean(env.AWS_ENDPOINT_URL_S3 || env.AWS_ENDPOINT_URL),
  })

/** Read once in minutes, and nothing depends on how often: here the SDK's own three attempts are enough. */
export const createSecretsManagerClient = (): SecretsManagerClient =>
  new SecretsManagerClient({
    maxAttempts: 3,
    requestHandler: { ...requestHandler, requestTimeout: 2_000, throwOnRequestTimeout: true },
  })
