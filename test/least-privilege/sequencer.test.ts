/** Sequencer and console as they are deployed, each under its own role: the stream, the index, the keys and the bucket. */
import { createPublicKey, hash, verify } from 'node:crypto'
import { GetPublicKeyCommand } from '@aws-sdk/client-kms'
import { GetObjectCommand, ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createKmsClient, createS3Client } from '../../shared/adapters/aws/clients.ts'
import { systemRandom } from '../../shared/adapters/world.ts'
import { keys } from '../../shared/domain/keys.ts'
import { entryId } from '../../shared/entries/id.ts'
import { putEntry } from '../../shared/entries/put.ts'
import { makeEntry, status } from '../../shared/entries/record.ts'
import { parseNote } from '../../shared/tlog/note.ts'
import { type DeployedWorld, openDeployed } from '../world/deployed.ts'
import { deployedStack } from '../world/open.ts'

let world: DeployedWorld
let s3: S3Client
beforeAll(async () => {
  world = await openDeployed(deployedStack())
  s3 = createS3Client()
})
afterAll(async () => {
  s3.destroy()
  await world.close()
})

const served = async (path: string): Promise<Buffer> => {
  const response = await fetch(`${world.issuer}/log/${path}`)
  expect([path, response.status]).toEqual([path, 200])
  return Buffer.from(await response.arrayBuffer())
}

const published = async () => {
  const note = parseNote((await served('checkpoint')).toString())
  return { ...note, size: Number(note.text.split('\n')[1]) }
}

test('a new entry gets its place by the stream, within seconds, and may expire from then on', async () => {
  const now = Date.now()
  const eid = entryId(now, systemRandom.bytes(16))
  const entry = makeEntry(
    {
      ...{ eid, now, classUid: 3002, activityId: 1, statusId: status.success },
      fields: { unmapped: { kind: 'token' } },
    },
    { organisation: 'cedar' },
  )
  expect((await world.store.write(putEntry({ eid, entry }))).ok).toBe(true)
  const stored = async () => (await world.store.get([keys.entry(eid)]))[0]
  await expect.poll(async () => (await stored())?.i, { timeout: 20_000 }).toBeGreaterThanOrEqual(0)
  const placed = await stored()
  expect(placed).not.toHaveProperty('pending')
  expect(placed?.exp).toBeGreaterThan(now / 1000 + 399 * 86_400)
  await expect.poll(async () => (await published()).size).toBeGreaterThan(placed?.i ?? 0)
})

test('the checkpoint is signed by the log’s own key, and by nothing that was derived', async () => {
  const { text, signatures } = await published()
  const kms = createKmsClient()
  const { PublicKey } = await kms.send(
    new GetPublicKeyCommand({ KeyId: world.outputs.CheckpointKeyArn ?? '' }),
  )
  kms.destroy()
  const key = createPublicKey({ key: Buffer.from(PublicKey ?? []), format: 'der', type: 'spki' })
  expect(key.asymmetricKeyType).toBe('ed25519')
  const [own] = signatures
  expect(own && verify(null, Buffer.from(text), key, own.bytes)).toBe(true)
  // <origin>+<key id>+<base64 of the algorithm's number and the key>
  const raw = Buffer.from(key.export({ format: 'jwk' }).x ?? '', 'base64url')
  expect((await served('vkey')).toString().trim().split('+').slice(2).join('+')).toBe(
    Buffer.concat([Uint8Array.of(1), raw]).toString('base64'),
  )
})

test('what is served is what lies in the bucket, byte for byte, and of its other parts nothing', async () => {
  const { size } = await published()
  const partial = size % 256 === 0 ? '' : `.p/${size % 256}`
  const index = String(Math.floor((size - 1) / 256)).padStart(3, '0')
  for (const path of [`tile/0/${index}${partial}`, `tile/entries/${index}${partial}`]) {
    const { Body } = await s3.send(
      new GetObjectCommand({ Bucket: world.outputs.BucketName, Key: `log/${path}` }),
    )
    const there = Buffer.from((await Body?.transformToByteArray()) ?? [])
    expect(hash('sha256', await served(path))).toBe(hash('sha256', there))
    expect(there.length).toBeGreaterThan(31)
  }
  for (const Prefix of ['staging/', 'body/']) {
    const { Contents = [] } = await s3.send(
      new ListObjectsV2Command({ Bucket: world.outputs.BucketName, Prefix, MaxKeys: 1 }),
    )
    expect(Contents).toHaveLength(1)
    for (const path of [Contents[0]?.Key, `log/${Contents[0]?.Key}`])
      expect((await fetch(`${world.issuer}/${path}`)).ok).toBe(false)
  }
})
