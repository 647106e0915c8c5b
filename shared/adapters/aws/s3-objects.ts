import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import {
  type Objects,
  ObjectsUnavailable,
  type PutCondition,
  type PutResult,
  type StoredObject,
} from '../../ports/objects.ts'
import type { Clock, Random } from '../../ports/world.ts'
import { checkedKey } from '../object-key.ts'
import { errorName, faultOf, isTransient, statusOf } from './fault.ts'
import { type Retry, startRetry } from './retry.ts'

export interface S3ObjectsDeps {
  /** With `maxAttempts: 1`: the SDK's own retry would take its own first put for another's. */
  readonly client: Pick<S3Client, 'send'>
  readonly bucket: string
  readonly clock: Clock
  readonly random: Random
  /** Of a whole call, and of one attempt; 10 s and 5 s, since an object may have megabytes. */
  readonly deadlineMs?: number
  readonly attemptMs?: number
}

/**
 * Objects in one bucket. Each call ends within `deadlineMs` (and the event loop's own delay). A put whose answer was
 * lost is tried again; when its condition then fails, but what is stored has the very bytes, it counts as done.
 *
 * Without the right to list the bucket, S3 answers a get of what is not there with 403, which here is an unavailable
 * store and not an absence.
 */
export function createS3Objects(deps: S3ObjectsDeps): Objects {
  const { client, bucket, clock, random, deadlineMs = 10_000, attemptMs = 5_000 } = deps
  const pace = { clock, random, deadlineMs, attemptMs }
  const at = (key: string) => ({ Bucket: bucket, Key: checkedKey(key) })

  const read = async (key: string, retry: Retry): Promise<StoredObject | undefined> => {
    const request = new GetObjectCommand(at(key))
    try {
      return await retry(async abortSignal => {
        const { Body, ETag } = await client.send(request, { abortSignal })
        if (Body === undefined || ETag === undefined)
          throw new Error('An object came without its body or ETag')
        // Within the attempt: a body may break off too. The SDK holds it against its checksum.
        return { bytes: await Body.transformToByteArray(), etag: ETag }
      }, isTransient)
    } catch (error) {
      if (errorName(error) === 'NoSuchKey') return undefined
      throw unavailable('get', error)
    }
  }

  return {
    async put(key: string, bytes: Uint8Array, condition: PutCondition): Promise<PutResult> {
      const retry = startRetry(pace)
      const request = new PutObjectCommand({
        ...at(key),
        Body: bytes,
        // Kept with the object, so that it can be audited without being read.
        ChecksumAlgorithm: 'SHA256',
        ...('ifAbsent' in condition ? { IfNoneMatch: '*' } : { IfMatch: condition.ifMatch }),
      })
      let lostAnswer = false
      try {
        const { ETag } = await retry(
          abortSignal => client.send(request, { abortSignal }),
          error => {
            lostAnswer ||= faultOf(error) === 'unknown'
            return isTransient(error)
          },
        )
        if (ETag === undefined) throw new Error('A put was answered without an ETag')
        return { ok: true, etag: ETag }
      } catch (error) {
        if (!failedCondition(error)) throw unavailable('put', error)
      }
      const stored = lostAnswer ? await read(key, retry) : undefined
      return stored && Buffer.compare(stored.bytes, bytes) === 0
        ? { ok: true, etag: stored.etag }
        : { ok: false }
    },

    get: key => read(key, startRetry(pace)),

    async list(prefix, after) {
      const request = new ListObjectsV2Command({
        Bucket: bucket,
        Prefix: prefix,
        MaxKeys: 1000,
        ...(after && { StartAfter: after }),
      })
      const { Contents = [], IsTruncated } = await startRetry(pace)(
        abortSignal => client.send(request, { abortSignal }),
        isTransient,
      ).catch((error: unknown) => {
        throw unavailable('list', error)
      })
      const keys = Contents.flatMap(({ Key }) => Key ?? [])
      return { keys, next: IsTruncated ? keys.at(-1) : undefined }
    },
  }
}

/** 412 where something else is there, 404 where nothing is that could be swapped. */
const failedCondition = (error: unknown): boolean =>
  statusOf(error) === 412 || errorName(error) === 'NoSuchKey'

const unavailable = (operation: string, cause: unknown): ObjectsUnavailable =>
  new ObjectsUnavailable(`S3: a ${operation} failed: ${errorName(cause)}`, { cause })
