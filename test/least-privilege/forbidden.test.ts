/** Each function's role, tried on every table, index, key, secret and prefix: it may do what it must, and nothing else. */
import {
  CreateFunctionCommand,
  GetFunctionConfigurationCommand,
  InvokeCommand,
  LambdaClient,
  waitUntilFunctionActiveV2,
} from '@aws-sdk/client-lambda'
import { build } from 'esbuild'
import { zipSync } from 'fflate'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { keptNames, swapped, writtenOnce } from '../../infra/bucket.ts'
import { actionOf, type FunctionName, functionNames, permissions } from '../../infra/permissions.ts'
import { indexes, keys } from '../../shared/domain/keys.ts'
import { type Index, tables } from '../../shared/ports/store.ts'
import { type DeployedWorld, openDeployed } from '../world/deployed.ts'
import { deployedStack } from '../world/open.ts'

interface Attempt {
  readonly action: string
  readonly on: string
  readonly part?: string
  readonly allowed: boolean
}

let world: DeployedWorld
let lambda: LambdaClient
let code: Uint8Array
let signingKey: string
beforeAll(async () => {
  world = await openDeployed(deployedStack())
  lambda = new LambdaClient({})
  code = zipSync({ 'index.js': await bundledProbe() })
  const [ring] = await world.store.get([keys.keyRing])
  signingKey = ring?.keys.at(-1)?.ref ?? ''
})
afterAll(() => world.close())

async function bundledProbe(): Promise<Uint8Array> {
  const { outputFiles } = await build({
    entryPoints: ['test/least-privilege/probe.ts'],
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node24',
    write: false,
  })
  const [file] = outputFiles
  if (file === undefined) throw new Error('no probe')
  return file.contents
}

const output = (name: string): string => {
  const value = world.outputs[name]
  if (value === undefined) throw new Error(`no output ${name}`)
  return value
}
const capitalised = (name: string): string => (name[0] ?? '').toUpperCase() + name.slice(1)

/** A function of the test's, under the role of one of the product's. */
async function probeAs(
  name: FunctionName,
): Promise<(asked: readonly Attempt[]) => Promise<readonly boolean[]>> {
  const real = await lambda.send(
    new GetFunctionConfigurationCommand({ FunctionName: output(`Function${capitalised(name)}`) }),
  )
  const FunctionName = `Probe${capitalised(name)}`
  await lambda.send(
    new CreateFunctionCommand({
      FunctionName,
      Role: real.Role,
      Runtime: 'nodejs24.x',
      Handler: 'index.handler',
      Timeout: 60,
      Code: { ZipFile: code },
    }),
  )
  await waitUntilFunctionActiveV2({ client: lambda, maxWaitTime: 30 }, { FunctionName })
  return async asked => {
    const { Payload, FunctionError } = await lambda.send(
      new InvokeCommand({ FunctionName, Payload: Buffer.from(JSON.stringify(asked)) }),
    )
    const answer = Buffer.from(Payload ?? []).toString()
    if (FunctionError) throw new Error(answer)
    return JSON.parse(answer)
  }
}

const itemActions = [
  'BatchGetItem',
  'GetItem',
  'PutItem',
  'UpdateItem',
  'DeleteItem',
  'ConditionCheckItem',
  'Scan',
].map(name => `dynamodb:${name}`)

function onTables(name: FunctionName): readonly Attempt[] {
  return tables.flatMap(table => {
    const use = permissions[name].tables[table]
    const on = output(`Table${capitalised(table)}`)
    const mine: readonly string[] = use?.uses.map(one => actionOf[one]) ?? []
    const declared: readonly Index[] = Object.values(indexes)
    return [
      ...itemActions.map(action => ({ action, on, allowed: mine.includes(action) })),
      { action: 'dynamodb:Query', on, allowed: false },
      ...declared
        .filter(index => index.table === table)
        .map(index => ({
          action: 'dynamodb:Query',
          on,
          part: index.name,
          allowed: use?.indexes?.some(({ name }) => name === index.name) ?? false,
        })),
    ]
  })
}

function onKeysAndSecrets(name: FunctionName): readonly Attempt[] {
  const { secrets, upstreamSecret, statementKey, logKey, wrappingKey } = permissions[name]
  const secret = output('SecretArn')
  const nonceKey = output('NonceKeyArn')
  const webhookKey = output('WebhookKeyArn')
  const [dataKey, wrapping] = [output('DataKeyArn'), output('WrappingKeyArn')]
  const statements = output('StatementKeyArn')
  const [seal, watermark] = [output('SealKeyArn'), output('WatermarkKeyArn')]
  const checkpoints = output('CheckpointKeyArn')
  return [
    { action: 'kms:GenerateMac', on: nonceKey, allowed: secrets.nonce !== undefined },
    { action: 'kms:GenerateMac', on: webhookKey, allowed: secrets.webhook !== undefined },
    { action: 'kms:GenerateMac', on: seal, allowed: secrets.seal !== undefined },
    { action: 'kms:GenerateMac', on: watermark, allowed: secrets.watermark !== undefined },
    { action: 'kms:Sign', on: signingKey, allowed: name === 'token' },
    { action: 'kms:Sign', on: checkpoints, allowed: logKey !== undefined },
    { action: 'kms:GetPublicKey', on: checkpoints, allowed: logKey !== undefined },
    { action: 'kms:Sign', on: statements, allowed: statementKey !== undefined },
    { action: 'kms:GetPublicKey', on: statements, allowed: statementKey !== undefined },
    { action: 'kms:Decrypt', on: dataKey, allowed: false },
    { action: 'kms:Encrypt', on: dataKey, allowed: false },
    { action: 'kms:Decrypt', on: wrapping, allowed: wrappingKey !== undefined },
    { action: 'kms:Encrypt', on: wrapping, allowed: wrappingKey?.wraps ?? false },
    ...[
      nonceKey,
      webhookKey,
      seal,
      watermark,
      dataKey,
      wrapping,
      signingKey,
      statements,
      checkpoints,
    ].flatMap(on =>
      ['kms:DisableKey', 'kms:ScheduleKeyDeletion'].map(action => ({ action, on, allowed: false })),
    ),
    { action: 'secretsmanager:GetSecretValue', on: secret, allowed: upstreamSecret !== undefined },
    { action: 'secretsmanager:PutSecretValue', on: secret, allowed: false },
  ]
}

/** The account's own bus stands for any other. */
const onBuses = (name: FunctionName): readonly Attempt[] => [
  {
    action: 'events:PutEvents',
    on: output('EventBus'),
    allowed: permissions[name].eventBus !== undefined,
  },
  { action: 'events:PutEvents', on: 'default', allowed: false },
]

/** The log is served, and read by the API; the sequencer alone puts; nobody lists the whole, or takes anything away by its name. */
const onBucket = (name: FunctionName): readonly Attempt[] => {
  const on = output('BucketName')
  const { reads = [], puts = [], lists = [] } = permissions[name].objects ?? {}
  const prefixes = [...new Set([...writtenOnce, ...keptNames, ...swapped, 'attr/24000/'])]
  const below = (beginnings: readonly string[], part: string) => beginnings.some(one => part.startsWith(one))
  return [
    { action: 's3:ListBucket', on, allowed: false },
    ...prefixes.flatMap(prefix => {
      const part = `${prefix}probe`
      return [
        { action: 's3:ListBucket', on, part, allowed: below([...reads, ...lists], part) },
        { action: 's3:GetObject', on, part, allowed: below(reads, part) },
        { action: 's3:PutObject', on, part, allowed: below(puts, part) },
        { action: 's3:DeleteObject', on, part, allowed: false },
      ]
    }),
  ]
}

describe.each(functionNames)('the role of %s', name => {
  let tried: (asked: readonly Attempt[]) => Promise<readonly boolean[]>
  beforeAll(async () => {
    tried = await probeAs(name)
  })

  test.each([
    ['tables and indexes', onTables],
    ['keys and secrets', onKeysAndSecrets],
    ['event buses', onBuses],
    ['the bucket', onBucket],
  ])('on %s', async (_, attempts) => {
    const asked = attempts(name)
    const allowed = await tried(asked)
    const shown = (may: (one: Attempt, i: number) => boolean | undefined) =>
      asked.map((one, i) => `${may(one, i) ? 'may' : 'may not'} ${one.action} ${one.on} ${one.part ?? ''}`)
    expect(shown((_, i) => allowed[i])).toEqual(shown(one => one.allowed))
  })
})
