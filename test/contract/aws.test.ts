/** Every port on AWS, through an emulator. */
import { randomUUID } from 'node:crypto'
import { CreateKeyCommand, type CreateKeyCommandInput, ScheduleKeyDeletionCommand } from '@aws-sdk/client-kms'
import {
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectRetentionCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { createKmsSecrets } from '../../shared/adapters/aws/kms-secrets.ts'
import { openKmsSigner } from '../../shared/adapters/aws/kms-signer.ts'
import { createS3Objects } from '../../shared/adapters/aws/s3-objects.ts'
import { openDerivedSigner } from '../../shared/adapters/derived-signer.ts'
import { keys, longTexts } from '../../shared/domain/keys.ts'
import type { Entry } from '../../shared/entries/entry.ts'
import { itemAbsent, type Put } from '../../shared/ports/store.ts'
import { kms, makeBucket, makeTables, s3, type Tables, world } from './aws-emulator.ts'
import { unitsContract } from './dynamo-units.contract.ts'
import { objectsContract, removalContract } from './objects.contract.ts'
import { secretsContract } from './secrets.contract.ts'
import { signerContract } from './signer.contract.ts'
import { storeContract } from './store.contract.ts'
import { decisionContract } from './store-decisions.contract.ts'

// Through an emulator each request takes milliseconds, and the model makes 1,200 of them. The adapter itself meets as
// many sequences as the others on a simulated DynamoDB.
vi.setConfig({ testTimeout: 120_000 })

storeContract(
  'DynamoDB',
  async () => {
    const tables = await makeTables()
    return { store: tables.open(), close: tables.remove }
  },
  40,
)

describe('DynamoDB', () => {
  let tables: Tables
  beforeAll(async () => {
    tables = await makeTables()
  })
  afterAll(() => tables.remove())

  describe('decides', () => decisionContract(() => tables.open()))
  test('keeps a long text packed, and every answer has it as it was', async () => {
    const store = tables.open({ packed: longTexts })
    const body = JSON.stringify({ kind: 'outcome', clauses: Array(200).fill('quota-1') })
    const key = keys.entry(`entry_${randomUUID()}`)
    const item = { body, digest: 'd', exact: { time: '1' }, organisation: 'cedar', day: 'day#2026-11-27#0' }
    const whole = { ...item, pk: key.pk, sk: key.sk }
    const put: Put<Entry> = { kind: 'put', key, item, if: itemAbsent }
    expect(await store.write(put)).toEqual({ ok: true, item: whole })
    expect(await store.get([key])).toEqual([whole])
    // As it stands there, for whoever is told nothing of it.
    expect(await tables.open().get([key])).toEqual([whole])
    expect(await store.write(put)).toEqual({ ok: false, item: whole })
    expect(await store.transact([put])).toEqual({ ok: false, failed: new Map([[0, whole]]) })
    const change = { set: [[['open'], 'open#1']] } as const
    expect(await store.write({ kind: 'update', key, change })).toEqual({
      ok: true,
      item: { ...whole, open: 'open#1' },
    })
    expect(await store.write({ kind: 'remove', key })).toMatchObject({ ok: true, item: { body } })
  })
  describe('charges', () => unitsContract(consumed => tables.open({ consumed })))
})

objectsContract('S3', async () => {
  const bucket = await makeBucket()
  return {
    objects: createS3Objects({ client: s3, bucket, ...world }),
    async close() {
      const Bucket = bucket
      for (;;) {
        const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket }))
        if (Contents.length === 0) break
        const Objects = Contents.map(({ Key }) => ({ Key }))
        await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }))
      }
      await s3.send(new DeleteBucketCommand({ Bucket }))
    },
  }
})

removalContract('S3 with versions', async () => {
  const Bucket = await makeBucket({ locks: true })
  const objects = createS3Objects({ client: s3, bucket: Bucket, ...world })
  return {
    objects,
    async close() {
      for (const key of (await objects.list('')).keys) await objects.remove(key)
      await s3.send(new DeleteBucketCommand({ Bucket }))
    },
  }
})

test('what S3 is to keep until a moment, nobody deletes before it: COMPLIANCE, and to the second', async () => {
  const Bucket = await makeBucket({ locks: true })
  const Key = 'log/tile/0/000'
  const objects = createS3Objects({ client: s3, bucket: Bucket, locks: true, ...world })
  const until = Math.ceil(world.clock.now() / 1000 + 3) * 1000
  expect((await objects.put(Key, Buffer.from('kept'), { ifAbsent: true }, until)).ok).toBe(true)
  const { Retention } = await s3.send(new GetObjectRetentionCommand({ Bucket, Key }))
  expect(Retention).toEqual({ Mode: 'COMPLIANCE', RetainUntilDate: new Date(until) })
  const { VersionId } = await s3.send(new HeadObjectCommand({ Bucket, Key }))
  const remove = () => s3.send(new DeleteObjectCommand({ Bucket, Key, VersionId }))
  await expect(remove()).rejects.toMatchObject({ name: 'AccessDenied' })
  expect(await objects.remove(Key)).toEqual({ ok: false })
  expect(await objects.get(Key)).toBeDefined()
  await world.clock.sleep(until - world.clock.now() + 1_000)
  expect(await objects.remove(Key)).toEqual({ ok: true })
  await s3.send(new DeleteBucketCommand({ Bucket }))
})

async function makeKey(input: CreateKeyCommandInput): Promise<string> {
  const { KeyMetadata } = await kms.send(new CreateKeyCommand(input))
  return KeyMetadata?.Arn ?? ''
}

const forget = async (...keys: readonly string[]): Promise<void> => {
  for (const KeyId of keys) await kms.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 }))
}

signerContract('KMS', ['ES256', 'ES384'], async alg => {
  const key = await makeKey({
    KeyUsage: 'SIGN_VERIFY',
    KeySpec: alg === 'ES256' ? 'ECC_NIST_P256' : 'ECC_NIST_P384',
  })
  return { open: () => openKmsSigner(kms, key, world), close: () => forget(key) }
})

signerContract('a key derived from a root in KMS', ['Ed25519'], async () => {
  const log = await makeKey({ KeyUsage: 'GENERATE_VERIFY_MAC', KeySpec: 'HMAC_256' })
  const open = () => openDerivedSigner(createKmsSecrets({ client: kms, macKeys: { log }, ...world }))
  return { open, close: () => forget(log) }
})

secretsContract('KMS', async () => {
  const mac = () => makeKey({ KeyUsage: 'GENERATE_VERIFY_MAC', KeySpec: 'HMAC_256' })
  const macKeys = {
    nonce: await mac(),
    seal: await mac(),
    watermark: await mac(),
    log: await mac(),
    webhook: await mac(),
  }
  const wrappingKey = await makeKey({})
  return {
    open: async () => createKmsSecrets({ client: kms, macKeys, wrappingKey, ...world }),
    close: () => forget(...Object.values(macKeys), wrappingKey),
  }
})
