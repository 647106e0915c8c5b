/** A stack that is deployed to an emulator, emptied and seeded anew for each world. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { BatchWriteItemCommand, DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb'
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda'
import { openStack } from '../../scripts/aws/stack.ts'
import { trust } from '../../scripts/aws/trust.ts'
import { startDemoUpstream } from '../../scripts/demo/upstream.ts'
import { ensureRing } from '../../scripts/key-ring.ts'
import { seed } from '../../scripts/seed.ts'
import { systemClock } from '../../shared/adapters/world.ts'
import { furnished, type Target, type World } from './world.ts'

export interface Deployed {
  readonly target: Exclude<Target, 'embedded'>
  readonly stack: string
  /** Where the emulator listens and with which credentials, as the SDK reads them. */
  readonly env: Readonly<Record<string, string>>
  /** A file with the certificate that it shows, where it speaks TLS. */
  readonly certificate?: string
}

export interface DeployedWorld extends World {
  readonly outputs: Readonly<Record<string, string>>
}

export async function openDeployed({ target, stack, env, certificate }: Deployed): Promise<DeployedWorld> {
  Object.assign(process.env, env)
  if (certificate !== undefined) trust(certificate)
  const deployment = await openStack(stack)
  const { issuer, store, outputs } = deployment
  const dynamo = new DynamoDBClient({})
  const lambda = new LambdaClient({})
  for (const table of ['Registry', 'Meters', 'Spent', 'Entries'])
    await emptied(dynamo, outputs[`Table${table}`] ?? '')
  await ensureRing({ ...deployment, clock: systemClock })

  const data = await mkdtemp(join(tmpdir(), 'sallyport-'))
  const upstream = await startDemoUpstream({ port: 0 })
  const endpoints = { openai: `${upstream.url}/v1`, anthropic: upstream.url }
  const credentials = await seed(store, { data, issuer, endpoints }, Date.now())
  return furnished({
    target,
    issuer,
    data,
    store,
    upstream,
    credentials,
    outputs,
    atOnce: 12,
    live: false,
    signer: deployment.signer,
    sweep: async () => {
      const done = await lambda.send(new InvokeCommand({ FunctionName: outputs.FunctionSweeper }))
      if (done.FunctionError) throw new Error(Buffer.from(done.Payload ?? []).toString())
    },
    operate: (command, ...args) =>
      promisify(execFile)(process.execPath, [`scripts/${command}.ts`, '--stack', stack, ...args], {
        env: { ...process.env, ...env },
      }),
    close: async () => {
      await upstream.close()
      deployment.close()
      dynamo.destroy()
      lambda.destroy()
      await rm(data, { recursive: true })
    },
  })
}

/** All but the key ring, whose keys outlast a test: a key is not made in a moment, and running functions know them. */
async function emptied(dynamo: DynamoDBClient, table: string): Promise<void> {
  const { Items = [] } = await dynamo.send(
    new ScanCommand({ TableName: table, ProjectionExpression: 'pk, sk', ConsistentRead: true }),
  )
  const gone = Items.filter(({ pk }) => pk?.S !== 'keyring')
  for (let at = 0; at < gone.length; at += 25)
    await dynamo.send(
      new BatchWriteItemCommand({
        RequestItems: {
          [table]: gone.slice(at, at + 25).map(({ pk, sk }) => ({
            DeleteRequest: { Key: { pk: pk ?? { NULL: true }, sk: sk ?? { NULL: true } } },
          })),
        },
      }),
    )
}
