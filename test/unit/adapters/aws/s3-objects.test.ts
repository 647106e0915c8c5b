import { describe, expect, test } from 'vitest'
import { createS3Objects } from '../../../../shared/adapters/aws/s3-objects.ts'
import { ObjectsUnavailable } from '../../../../shared/ports/objects.ts'
import {
  type Answer,
  connectionError,
  createFakeClient,
  createFakeClock,
  hangs,
  longestPauses,
  serviceError,
} from './fake-aws.ts'

function opened(...answers: readonly (Answer | object)[]) {
  const clock = createFakeClock(0)
  const { client, sent } = createFakeClient(clock, ...answers)
  return { clock, sent, objects: createS3Objects({ client, bucket: 'bucket', clock, random: longestPauses }) }
}

const bytes = Buffer.from('ours')
const done = { ETag: '"1"' }
const precondition = serviceError('PreconditionFailed', 412)
const serverError = serviceError('InternalError', 500)
const holding = (text: string) => ({
  ETag: '"2"',
  Body: { transformToByteArray: async () => Buffer.from(text) },
})
const ifAbsent = { ifAbsent: true } as const

describe('a removal', () => {
  const versions = (...ids: readonly string[]) => ids.map(VersionId => ({ Key: 'a/b', VersionId }))

  test('takes every version and every mark of deletion, and nothing of a name that only begins alike', async () => {
    const { objects, sent } = opened(
      {
        Versions: [...versions('v2', 'v1'), { Key: 'a/bc', VersionId: 'v9' }],
        DeleteMarkers: versions('m1'),
      },
      {},
    )
    expect(await objects.remove('a/b')).toEqual({ ok: true })
    const [listed, ...removed] = sent.map(({ input }) => input)
    expect(listed).toMatchObject({ Bucket: 'bucket', Prefix: 'a/b' })
    expect(removed).toEqual(
      ['v2', 'v1', 'm1'].map(VersionId => ({ Bucket: 'bucket', Key: 'a/b', VersionId })),
    )
  })

  test('goes on with the next page of its versions', async () => {
    const { objects, sent } = opened(
      { Versions: versions('v2'), IsTruncated: true, NextKeyMarker: 'a/b', NextVersionIdMarker: 'v2' },
      { Versions: versions('v1') },
      {},
    )
    expect(await objects.remove('a/b')).toEqual({ ok: true })
    expect(sent[1]?.input).toMatchObject({ KeyMarker: 'a/b', VersionIdMarker: 'v2' })
    expect(sent.slice(2).map(({ input }) => input.VersionId)).toEqual(['v2', 'v1'])
  })

  test('of what is not there is done', async () => {
    const { objects, sent } = opened({})
    expect(await objects.remove('a/b')).toEqual({ ok: true })
    expect(sent).toHaveLength(1)
  })

  test('that a lock forbids takes the other versions, and says that something stays', async () => {
    const denied = serviceError('AccessDenied', 403)
    const { objects, sent } = opened({ Versions: versions('v2', 'v1') }, denied, denied, {})
    expect(await objects.remove('a/b')).toEqual({ ok: false })
    expect(sent).toHaveLength(4)
  })

  test('ends the bucket’s own lock, where its role may', async () => {
    const { objects, sent } = opened({ Versions: versions('v1') }, serviceError('AccessDenied', 403), {})
    expect(await objects.remove('a/b')).toEqual({ ok: true })
    expect(sent.slice(1).map(({ input }) => input.BypassGovernanceRetention)).toEqual([undefined, true])
  })

  test('whose list is refused says that the store is unavailable, and never that it is done', async () => {
    const { objects } = opened(serviceError('AccessDenied', 403))
    await expect(objects.remove('a/b')).rejects.toThrow(ObjectsUnavailable)
  })
})

describe('a put', () => {
  test('asks for absence or for an ETag, and for a checksum of its bytes', async () => {
    const { objects, sent } = opened(done)
    expect(await objects.put('a/b', bytes, ifAbsent)).toEqual({ ok: true, etag: '"1"' })
    await objects.put('a/b', bytes, { ifMatch: '"0"' })
    expect(sent.map(({ input }) => [input.IfNoneMatch, input.IfMatch])).toEqual([
      ['*', undefined],
      [undefined, '"0"'],
    ])
    expect(sent[0]?.input).toMatchObject({ Bucket: 'bucket', Key: 'a/b', ChecksumAlgorithm: 'SHA256' })
  })

  test('locks its version until the moment that it is given, where the deployment locks, and only then', async () => {
    const clock = createFakeClock(0)
    const { client, sent } = createFakeClient(clock, done)
    const deps = { client, bucket: 'bucket', clock, random: longestPauses }
    const until = Date.UTC(2027, 11, 27)
    await createS3Objects({ ...deps, locks: true }).put('a', bytes, ifAbsent, until)
    await createS3Objects({ ...deps, locks: true }).put('a', bytes, ifAbsent)
    await createS3Objects(deps).put('a', bytes, ifAbsent, until)
    expect(sent.map(({ input }) => [input.ObjectLockMode, input.ObjectLockRetainUntilDate])).toEqual([
      ['COMPLIANCE', new Date(until)],
      [undefined, undefined],
      [undefined, undefined],
    ])
  })

  test('whose condition fails changes nothing, and asks no more', async () => {
    const { objects, sent } = opened(precondition)
    expect(await objects.put('a', bytes, ifAbsent)).toEqual({ ok: false })
    expect(sent).toHaveLength(1)
  })

  test('of what is not there to be swapped fails', async () => {
    const { objects } = opened(serviceError('NoSuchKey', 404))
    expect(await objects.put('a', bytes, { ifMatch: '"0"' })).toEqual({ ok: false })
  })

  test.each([
    ['that another met', serviceError('ConditionalRequestConflict', 409)],
    ['that was throttled', serviceError('SlowDown', 503)],
  ])('%s is tried again, and the loser has lost although the bytes are alike', async (_, error) => {
    const won = opened(error, done)
    expect(await won.objects.put('a', bytes, ifAbsent)).toEqual({ ok: true, etag: '"1"' })
    const lost = opened(error, precondition, holding('ours'))
    expect(await lost.objects.put('a', bytes, ifAbsent)).toEqual({ ok: false })
    expect(lost.sent).toHaveLength(2)
  })

  describe.each([
    ['a server error', serverError],
    ['a reset connection', connectionError('ECONNRESET')],
    ['no answer', hangs],
  ])('after %s', (_, error) => {
    test('is tried again', async () => {
      const { objects, sent } = opened(error, done)
      expect(await objects.put('a', bytes, ifAbsent)).toEqual({ ok: true, etag: '"1"' })
      expect(sent).toHaveLength(2)
    })

    test('counts as done where its bytes are there, and only then', async () => {
      const ours = opened(error, precondition, holding('ours'))
      expect(await ours.objects.put('a', bytes, ifAbsent)).toEqual({ ok: true, etag: '"2"' })
      const theirs = opened(error, precondition, holding('theirs'))
      expect(await theirs.objects.put('a', bytes, { ifMatch: '"0"' })).toEqual({ ok: false })
      const gone = opened(error, serviceError('NoSuchKey', 404))
      expect(await gone.objects.put('a', bytes, { ifMatch: '"0"' })).toEqual({ ok: false })
    })
  })
})

test('an object is absent only when S3 says so of the key', async () => {
  expect(await opened(serviceError('NoSuchKey', 404)).objects.get('a')).toBeUndefined()
  await expect(opened(serviceError('NoSuchBucket', 404)).objects.get('a')).rejects.toThrow(ObjectsUnavailable)
})

describe('a get that is denied', () => {
  const denied = serviceError('AccessDenied', 403)

  test.each([
    ['nothing is', {}],
    ['others are', { Contents: [{ Key: 'a/b.p/7' }] }],
  ])('is an absence where the listing says that %s there', async (_, listing) => {
    const { objects, sent } = opened(denied, listing)
    expect(await objects.get('a/b')).toBeUndefined()
    expect(sent.map(({ name }) => name)).toEqual(['GetObjectCommand', 'ListObjectsV2Command'])
    expect(sent[1]?.input).toEqual({ Bucket: 'bucket', Prefix: 'a/b', MaxKeys: 1 })
  })

  test.each([
    ['it is there', { Contents: [{ Key: 'a/b' }] }],
    ['the listing is denied too', denied],
    ['the listing fails', serviceError('InvalidRequest', 400)],
  ])('is an unavailable store where %s', async (_, listing) => {
    await expect(opened(denied, listing).objects.get('a/b')).rejects.toThrow('S3: a get failed: AccessDenied')
  })
})

describe('a get of a range', () => {
  const unsatisfiable = serviceError('InvalidRange', 416)
  const notFound = serviceError('NotFound', 404)

  test('asks for its bytes, the last of which belongs to it', async () => {
    const { objects, sent } = opened(holding('345'))
    const found = await objects.get('a/b', { from: 3, to: 6 })
    expect([found?.etag, Buffer.from(found?.bytes ?? []).toString()]).toEqual(['"2"', '345'])
    expect(sent[0]?.input).toMatchObject({ Bucket: 'bucket', Key: 'a/b', Range: 'bytes=3-5' })
  })

  test.each([
    ['that begins behind the end', { from: 30, to: 60 }, [unsatisfiable, { ETag: '"2"' }]],
    ['without bytes', { from: 3, to: 3 }, [{ ETag: '"2"' }]],
  ])('%s has none, and the etag of the object', async (_, range, answers) => {
    const { objects, sent } = opened(...answers)
    expect(await objects.get('a/b', range)).toEqual({ bytes: new Uint8Array(), etag: '"2"' })
    expect(sent.at(-1)?.name).toBe('HeadObjectCommand')
    expect(sent).toHaveLength(answers.length)
  })

  test('of what is not there is an absence, also where it may not be told so', async () => {
    expect(await opened(serviceError('NoSuchKey', 404)).objects.get('a', { from: 0, to: 1 })).toBeUndefined()
    expect(await opened(notFound).objects.get('a', { from: 1, to: 1 })).toBeUndefined()
    const denied = opened(serviceError('Unknown', 403), {})
    expect(await denied.objects.get('a', { from: 1, to: 1 })).toBeUndefined()
    const there = opened(serviceError('Unknown', 403), { Contents: [{ Key: 'a' }] })
    await expect(there.objects.get('a', { from: 1, to: 1 })).rejects.toThrow(ObjectsUnavailable)
  })
})

test('a put of many bytes has longer: another attempt begins where a small one would have ended', async () => {
  const { objects, clock } = opened(hangs)
  await expect(objects.put('a', new Uint8Array(50_000_000), ifAbsent)).rejects.toThrow('NoAnswer')
  expect(clock.now()).toBe(20_000)
})

test('a body that breaks off is asked for again', async () => {
  const broken = {
    ETag: '"2"',
    Body: { transformToByteArray: async () => Promise.reject(connectionError('ECONNRESET')) },
  }
  const { objects } = opened(broken, holding('whole'))
  expect(Buffer.from((await objects.get('a'))?.bytes ?? []).toString()).toBe('whole')
})

test.each<[string, (objects: ReturnType<typeof createS3Objects>) => Promise<unknown>]>([
  ['put', objects => objects.put('a/secret', bytes, ifAbsent)],
  ['get', objects => objects.get('a/secret')],
  ['list', objects => objects.list('a/secret')],
])(
  'a %s that is never answered ends at its deadline, and its error does not tell the key',
  async (name, act) => {
    const { objects, clock } = opened(hangs)
    const failure = await act(objects).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(ObjectsUnavailable)
    expect(String(failure)).toBe(`ObjectsUnavailable: S3: a ${name} failed: NoAnswer`)
    expect(clock.now()).toBe(10_000)
    const denied = opened(serviceError('AccessDenied', 403))
    await expect(act(denied.objects)).rejects.toThrow(`S3: a ${name} failed: AccessDenied`)
    // A get asks for the listing, once.
    expect(denied.sent).toHaveLength(name === 'get' ? 2 : 1)
  },
)
