/** A second deployment beside the first: made, used, taken down; what stays is what was said to stay. */

import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { DescribeTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DescribeKeyCommand, KMSClient } from '@aws-sdk/client-kms'
import { GetFunctionCommand, LambdaClient } from '@aws-sdk/client-lambda'
import { HeadBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { deployEmulated, type Emulated } from '../../scripts/aws/emulated.ts'
import { openStack } from '../../scripts/aws/stack.ts'
import { keys } from '../../shared/domain/keys.ts'
import { type DeployedWorld, openDeployed } from '../world/deployed.ts'
import { deployedStack } from '../world/open.ts'

const stack = 'SallyportBeside'
let first: DeployedWorld
let second: DeployedWorld
let folder: string
let emulated: Emulated
beforeAll(async () => {
  const { target, env } = deployedStack()
  first = await openDeployed(deployedStack())
  folder = await mkdtemp(join(tmpdir(), 'sallyport-beside-'))
  emulated = { target, stack, env, lease: 10, retain: true, log: join(folder, 'deploy.log') }
  await deployEmulated(emulated)
  second = await openDeployed({ ...deployedStack(), stack })
})
afterAll(async () => {
  await first.close()
  await second.close()
  await rm(folder, { recursive: true })
})

test('nothing of it has a name of the first', () => {
  const own = ({ outputs }: DeployedWorld): string[] =>
    Object.entries(outputs)
      .filter(([name]) => !['Retained', 'RestoredTables', 'RetentionDays'].includes(name))
      .map(([, value]) => value)
      // No users, no role.
      .filter(value => value !== 'none')
  expect(own(first).filter(value => own(second).includes(value))).toEqual([])
})

test('it serves its own partners, and takes no token of the first', async () => {
  expect((await second.raw('cedar').chat()).status).toBe(200)
  const foreign = await first.raw('cedar').token()
  expect((await second.raw('cedar').chat({}, { token: foreign })).status).toBe(401)
})

/** An operator's command, told of the emulator as of an account. */
const operate = (script: string, ...args: readonly string[]): Promise<{ stdout: string }> =>
  promisify(execFile)(process.execPath, [`scripts/${script}.ts`, '--name', stack, ...args], {
    env: { ...process.env, ...emulated.env, CDK_VALIDATION: 'false' },
  })

function parameters(): string[] {
  const { target, env } = emulated
  const context = { target, endpoint: env.AWS_ENDPOINT_URL ?? '', leaseSeconds: '10', retain: 'true' }
  return Object.entries(context).flatMap(([name, value]) => ['-c', `${name}=${value}`])
}

test('deployed again by the operator’s command, it is the same deployment; unasked, it is not deployed', async () => {
  await expect(operate('deploy', ...parameters())).rejects.toMatchObject({
    stderr: expect.stringMatching(/^Not deployed: .*give --yes/m),
  })
  await expect(operate('deploy', '-c', 'name=Other')).rejects.toMatchObject({
    stderr: expect.stringContaining('which of them?'),
  })
  const before = { ...second.outputs }
  const { stdout } = await operate('deploy', '--yes', ...parameters())
  expect(stdout).toContain(`${second.issuer}/healthz answers 200`)
  const again = await openStack(stack)
  expect(again.outputs).toEqual(before)
  again.close()
  expect((await second.raw('cedar').chat()).status).toBe(200)
})

test('taken down, it leaves what it said it would, and the first goes on', async () => {
  const { outputs } = second
  const [ring] = await second.store.get([keys.keyRing])
  const destroy = (confirm: string) => operate('destroy', `--confirm=${confirm}`)
  await expect(destroy('Sallyport')).rejects.toMatchObject({
    stderr: expect.stringContaining(`Sallyport is not ${stack}`),
  })
  expect((await second.raw('cedar').chat()).status).toBe(200)

  const { stdout } = await destroy(stack)
  const stays = ['TableRegistry', 'TableMeters', 'TableSpent', 'TableEntries', 'BucketName'].map(
    name => outputs[name] ?? '',
  )
  for (const id of [...stays, ...(ring?.keys.map(({ ref }) => ref) ?? [])]) expect(stdout).toContain(id)
  expect(stdout).toContain(`${stack} is gone.`)

  const dynamo = new DynamoDBClient({})
  for (const TableName of stays.slice(0, 4)) await dynamo.send(new DescribeTableCommand({ TableName }))
  await new S3Client({ forcePathStyle: true }).send(new HeadBucketCommand({ Bucket: outputs.BucketName }))
  const kms = new KMSClient({})
  const stateOf = async (KeyId: string | undefined) =>
    (await kms.send(new DescribeKeyCommand({ KeyId }))).KeyMetadata?.KeyState
  expect(await stateOf(outputs.DataKeyArn)).toBe('Enabled')
  for (const { ref } of ring?.keys ?? []) expect(await stateOf(ref)).toBe('PendingDeletion')

  const lambda = new LambdaClient({})
  for (const name of ['FunctionToken', 'FunctionGate', 'FunctionApi', 'FunctionSweeper'])
    await expect(lambda.send(new GetFunctionCommand({ FunctionName: outputs[name] }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    })
  await expect(openStack(stack)).rejects.toThrow('There is no stack')
  expect((await first.raw('cedar').chat()).status).toBe(200)
})
