/**
 * One process's client of S3, under the product's own adapter: an attempt never arrives, or after its sender has given
 * it up; meets another put of its object, is throttled, or fails inside before or after it took effect; its answer is
 * lost, or late.
 */
import {
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  NoSuchKey,
  PutObjectCommand,
  type S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3'
import type { PutCondition } from '../../../shared/ports/objects.ts'
import { connectionError } from '../dynamo-errors.ts'
import { travel, type Way } from '../way.ts'
import type { Bucket } from './bucket.ts'
import type { ObjectRequest } from './objects-port.ts'

export interface S3Way extends Way {
  readonly bucket: Bucket
}

/** The service's model has no classes for these. */
const said = (name: string, httpStatusCode: number): Error =>
  new S3ServiceException({
    name,
    message: name,
    $fault: httpStatusCode < 500 ? 'client' : 'server',
    $metadata: { httpStatusCode },
  })

const noSuchKey = (): Error =>
  new NoSuchKey({ message: 'The specified key does not exist.', $metadata: { httpStatusCode: 404 } })

export function createSimulatedS3(way: S3Way): Pick<S3Client, 'send'> {
  const send = (command: unknown): Promise<object> =>
    new Promise((resolve, reject) => {
      if (way.process.alive) attempt(way, askedBy(way, command), resolve, reject)
    })
  return { send } as unknown as Pick<S3Client, 'send'>
}

interface Asked {
  readonly request: ObjectRequest
  /** Throws the service's errors. */
  readonly perform: () => object
}

function attempt(
  way: S3Way,
  { request, perform }: Asked,
  resolve: (answer: object) => void,
  reject: (error: unknown) => void,
): void {
  const { scheduler, dice, process } = way
  const faults = way.faults()
  const puts = request.object === 'put'
  const fail = (why: string, error: Error | undefined): void => {
    way.note(why, request)
    if (error) scheduler.after(dice.between(0, 50), () => reject(error), process)
  }
  // Nothing, where the adapter waits in vain.
  const noAnswer = (): Error | undefined =>
    dice.pick([undefined, connectionError('ECONNRESET'), said('InternalError', 500)])
  if (way.cutOff(puts ? 'write' : 'read')) return void fail('cut off', connectionError('ECONNREFUSED'))
  if (dice.chance(faults.lost)) return void fail('lost', noAnswer())
  if (dice.chance(faults.throttled)) return void fail('throttled', said('SlowDown', 503))
  if (puts && dice.chance(faults.conflict))
    return void fail('conflict', said('ConditionalRequestConflict', 409))
  const late = dice.chance(faults.stuck)
    ? dice.between(3_000, 45_000)
    : puts && dice.chance(faults.twice / 2)
      ? dice.pick([dice.below(50), dice.below(8_000), dice.below(60_000)])
      : 0
  // What was sent arrives, whether its sender waits for it, lives or not.
  scheduler.after(dice.between(0, 3) + late, () => {
    const unanswered = dice.chance(faults.unanswered)
    const answer = (became: string, hear: () => void): void => {
      if (unanswered) return void fail(`${became}, unanswered`, noAnswer())
      way.note(became, request)
      scheduler.after(travel(dice, faults), hear, process)
    }
    try {
      const done = perform()
      answer('done', () => resolve(done))
    } catch (error) {
      answer('not done', () => reject(error))
    }
  })
}

function askedBy({ bucket, process }: S3Way, command: unknown): Asked {
  if (command instanceof PutObjectCommand) {
    const { Key = '', Body, IfMatch } = command.input
    const condition: PutCondition = IfMatch === undefined ? { ifAbsent: true } : { ifMatch: IfMatch }
    return {
      request: { object: 'put', name: Key },
      perform() {
        const done = bucket.put(Key, Body as Uint8Array, condition, process.name)
        if (done.ok) return { ETag: done.etag }
        // What is to be swapped and is not there is not found; any other condition that fails says so.
        throw bucket.get(Key) === undefined ? noSuchKey() : said('PreconditionFailed', 412)
      },
    }
  }
  if (command instanceof GetObjectCommand) {
    const { Key = '', Range } = command.input
    const [, from = '0', last] = /^bytes=(\d+)-(\d+)$/.exec(Range ?? '') ?? []
    return {
      request: { object: 'get', name: Key },
      perform() {
        const whole = bucket.get(Key)
        if (whole === undefined) throw noSuchKey()
        if (last !== undefined && Number(from) >= whole.bytes.length) throw said('InvalidRange', 416)
        const range = last === undefined ? undefined : { from: Number(from), to: Number(last) + 1 }
        const found = bucket.get(Key, range) ?? whole
        const bytes = Uint8Array.from(found.bytes)
        return { ETag: found.etag, Body: { transformToByteArray: async () => bytes } }
      },
    }
  }
  if (command instanceof HeadObjectCommand) {
    const { Key = '' } = command.input
    return {
      request: { object: 'get', name: Key },
      perform() {
        const found = bucket.get(Key)
        // Such an answer has no body that could tell which.
        if (found === undefined) throw said('NotFound', 404)
        return { ETag: found.etag }
      },
    }
  }
  if (command instanceof ListObjectsV2Command) {
    const { Prefix = '', StartAfter } = command.input
    return {
      request: { object: 'list', name: Prefix },
      perform() {
        const { keys, next } = bucket.list(Prefix, StartAfter)
        return { Contents: keys.map(Key => ({ Key })), IsTruncated: next !== undefined }
      },
    }
  }
  throw new TypeError('S3 is asked for what it is not made for here')
}
