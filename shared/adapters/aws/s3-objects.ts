import {
  DeleteObjectCommand,
  type DeleteObjectCommandInput,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import {
  type ByteRange,
  ObjectsUnavailable,
  type PutResult,
  type RemovableObjects,
  type StoredObject,
} from '../../ports/objects.ts'
import type { Clock, Random } from '../../ports/world.ts'
import { checkedKey, checkedRange } from '../object-key.ts'
import { errorName, faultOf, isTransient, statusOf } from './fault.ts'
import { type Retry, startRetry } from './retry.ts'

export interface S3ObjectsDeps {
  /** With `maxAttempts: 1`: the SDK's own retry would take its own first put for another's. */
  readonly client: Pick<S3Client, 'send'>
  readonly bucket: string
  /** Whether versions are locked until `retainUntil`, in COMPLIANCE mode: such a bucket cannot be emptied before. */
  readonly locks?: boolean
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
 * Where a role may list below some prefixes only, S3 may answer a get of what is not there with 403, as it answers one
 * without a right to it. Then the listing decides: what it lacks is absent. Who may list nothing there is told that the
 * store is unavailable, and never of an absence.
 */
export function createS3Objects(deps: S3ObjectsDeps): RemovableObjects {
  const { client, bucket, locks = false, clock, random, deadlineMs = 10_000, attemptMs = 5_000 } = deps
  const pace = { clock, random, deadlineMs, attemptMs }
  const at = (key: string) => ({ Bucket: bucket, Key: checkedKey(key) })

  const read = async (key: string, retry: Retry, range?: ByteRange): Promise<StoredObject | undefined> => {
    const { from = 0, to } = range === undefined ? {} : checkedRange(range)
    const request = new GetObjectCommand({
      ...at(key),
      ...(to !== undefined && { Range: `bytes=${from}-${to - 1}` }),
    })
    try {
      // HTTP has no word for a range without bytes (RFC 9110 §14.1.2).
      if (from === to) return await readNothing(key, retry)
      return await retry(async abortSignal => {
        const { Body, ETag } = await client.send(request, { abortSignal })
        if (Body === undefined || ETag === undefined)
          throw new Error('An object came without its body or ETag')
        // Within the attempt: a body may break off too. The SDK holds it against its checksum.
        return { bytes: await Body.transformToByteArray(), etag: ETag }
      }, isTransient)
    } catch (error) {
      if (errorName(error) === 'NoSuchKey') return undefined
      if (errorName(error) === 'AccessDenied' && (await lacks(key, retry))) return undefined
      if (statusOf(error) === 416) return readNothing(key, retry)
      throw unavailable('get', error)
    }
  }

  /** Of a range that begins beyond the end; S3 tells no etag with its 416. */
  const readNothing = (key: string, retry: Retry): Promise<StoredObject | undefined> =>
    retry(abortSignal => client.send(new HeadObjectCommand(at(key)), { abortSignal }), isTransient).then(
      ({ ETag }) => (ETag === undefined ? undefined : { bytes: new Uint8Array(), etag: ETag }),
      async (error: unknown) => {
        // An answer to HEAD has no body that could name the error.
        if (statusOf(error) === 404 || (statusOf(error) === 403 && (await lacks(key, retry))))
          return undefined
        throw unavailable('get', error)
      },
    )

  const lacks = (key: string, retry: Retry): Promise<boolean> =>
    retry(
      abortSignal =>
        client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: key, MaxKeys: 1 }), { abortSignal }),
      isTransient,
    ).then(
      ({ Contents }) => Contents?.[0]?.Key !== key,
      () => false,
    )

  /** Marks of deletion too: what stands behind one is a version as any other. */
  const versionsOf = async (key: string): Promise<readonly string[]> => {
    const found: string[] = []
    let from: { readonly KeyMarker: string; readonly VersionIdMarker: string } | undefined
    do {
      // The key first, then others that begin with it: those are another's.
      const request = new ListObjectVersionsCommand({ Bucket: bucket, Prefix: checkedKey(key), ...from })
      const page = await startRetry(pace)(abortSignal => client.send(request, { abortSignal }), isTransient)
      const { Versions = [], DeleteMarkers = [], IsTruncated, NextKeyMarker, NextVersionIdMarker } = page
      for (const { Key, VersionId } of [...Versions, ...DeleteMarkers])
        if (Key === key && VersionId !== undefined) found.push(VersionId)
      from =
        IsTruncated && NextKeyMarker === key && NextVersionIdMarker !== undefined
          ? { KeyMarker: key, VersionIdMarker: NextVersionIdMarker }
          : undefined
    } while (from !== undefined)
    return found
  }

  /** `false` under a lock that it does not end, or without the right. */
  const removeVersion = (version: DeleteObjectCommandInput): Promise<boolean> => {
    const request = new DeleteObjectCommand(version)
    return startRetry(pace)(abortSignal => client.send(request, { abortSignal }), isTransient).then(
      () => true,
      (error: unknown) => {
        if (errorName(error) === 'AccessDenied') return false
        throw error
      },
    )
  }

  return {
    async put(key, bytes, condition, retainUntil): Promise<PutResult> {
      const sending = Math.floor(bytes.length / sentPerMs)
      const retry = startRetry({
        ...pace,
        deadlineMs: deadlineMs + sending,
        attemptMs: attemptMs + sending,
      })
      const request = new PutObjectCommand({
        ...at(key),
        Body: bytes,
        // Kept with the object, so that it can be audited without being read.
        ChecksumAlgorithm: 'SHA256',
        ...('ifAbsent' in condition ? { IfNoneMatch: '*' } : { IfMatch: condition.ifMatch }),
        ...(locks &&
          retainUntil !== undefined && {
            ObjectLockMode: 'COMPLIANCE',
            ObjectLockRetainUntilDate: new Date(retainUntil),
          }),
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

    get: (key, range) => read(key, startRetry(pace), range),

    async remove(key) {
      const named = at(key)
      let ok = true
      try {
        for (const VersionId of await versionsOf(key)) {
          const version = { ...named, VersionId }
          // Asked for of what is not locked, or by whoever has no right to it, it would be refused.
          const removed = (await removeVersion(version)) || (await removeVersion({ ...version, ...bypass }))
          ok &&= removed
        }
      } catch (error) {
        throw unavailable('remove', error)
      }
      return { ok }
    },

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

/** Ends the bucket's own lock, for whoever has the right to below that name. */
const bypass = { BypassGovernanceRetention: true } as const

/** Of an object of a hundred megabytes, at least: such a one may take longer than others. */
const sentPerMs = 5_000

/** 412 where something else is there, 404 where nothing is that could be swapped. */
const failedCondition = (error: unknown): boolean =>
  statusOf(error) === 412 || errorName(error) === 'NoSuchKey'

const unavailable = (operation: string, cause: unknown): ObjectsUnavailable =>
  new ObjectsUnavailable(`S3: a ${operation} failed: ${errorName(cause)}`, { cause })
