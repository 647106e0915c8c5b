/** A stack that is deployed to an emulator; each world finds it as it was when the demo's story had been told. */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda'
import { openStack } from '../../scripts/aws/stack.ts'
import { trust } from '../../scripts/aws/trust.ts'
import { keepCredentials } from '../../scripts/demo/credentials.ts'
import { modelId, upstreams } from '../../scripts/demo/story.ts'
import { startDemoUpstream } from '../../scripts/demo/upstream.ts'
import { keys } from '../../shared/domain/keys.ts'
import { type ToldStory, tellAgain } from './told-story.ts'
import { furnished, type Target, type World } from './world.ts'

export interface Deployed {
  readonly target: Exclude<Target, 'embedded'>
  readonly stack: string
  /** Where the emulator listens and with which credentials, as the SDK reads them. */
  readonly env: Readonly<Record<string, string>>
  /** A file with the certificate that it shows, where it speaks TLS. */
  readonly certificate?: string
  readonly story: ToldStory
}

export interface DeployedWorld extends World {
  readonly outputs: Readonly<Record<string, string>>
}

export async function openDeployed({
  target,
  stack,
  env,
  certificate,
  story,
}: Deployed): Promise<DeployedWorld> {
  Object.assign(process.env, env)
  if (certificate !== undefined) trust(certificate)
  const deployment = await openStack(stack)
  const { issuer, store, outputs } = deployment
  const dynamo = new DynamoDBClient({})
  const lambda = new LambdaClient({})
  const run = async (FunctionName: string | undefined): Promise<void> => {
    const done = await lambda.send(new InvokeCommand({ FunctionName }))
    if (done.FunctionError) throw new Error(Buffer.from(done.Payload ?? []).toString())
  }
  await tellAgain(story, dynamo, outputs)

  // A second stack has the story of the first.
  const credentials = { ...story.credentials, issuer }
  const data = await mkdtemp(join(tmpdir(), 'sallyport-'))
  await mkdir(join(data, 'demo'), { mode: 0o700 })
  await keepCredentials(join(data, 'demo', 'credentials.json'), credentials)
  const upstream = await startDemoUpstream({ port: 0 })
  const endpoints = { openai: `${upstream.url}/v1`, anthropic: upstream.url }
  await store.write({
    kind: 'update',
    key: keys.model(modelId),
    change: { set: [[['upstreams'], upstreams(endpoints)]] },
  })
  return furnished({
    target,
    issuer,
    data,
    store,
    upstream,
    credentials,
    outputs,
    atOnce: 8,
    live: false,
    signer: deployment.signer,
    sweep: () => run(outputs.FunctionSweeper),
    export: () => run(outputs.FunctionExporter),
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
