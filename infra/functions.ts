import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Duration, RemovalPolicy } from 'aws-cdk-lib'
import type { IEventBus } from 'aws-cdk-lib/aws-events'
import type { PolicyStatement } from 'aws-cdk-lib/aws-iam'
import type { IBucket } from 'aws-cdk-lib/aws-s3'
import type { CfnSecret } from 'aws-cdk-lib/aws-secretsmanager'
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs'
import { Construct } from 'constructs'
import { macKeyVariable, tableVariable } from '../shared/adapters/aws/environment.ts'
import type { SecretDomain } from '../shared/ports/keys.ts'
import type { Table } from '../shared/ports/store.ts'
import { locksObjects } from './bucket.ts'
import { SallyportFunction, type Size } from './function.ts'
import type { Keys } from './keys.ts'
import { objectStatements } from './object-statements.ts'
import { type Parameters, reservedFor } from './parameters.ts'
import { actionOf, type FunctionName, functionNames, permissionsOn } from './permissions.ts'
import { allow, tableKeyActions, throughService } from './statements.ts'
import type { Tables } from './tables.ts'
import { has } from './targets.ts'

/**
 * The gate may speak for as long as Lambda lets it; the others answer or are ended. The token service may ask a
 * person's provider three times, 5 s each, in a request of API Gateway's 29 s. The notifier ends by itself before the
 * next one starts.
 */
export const sizes: Readonly<Record<FunctionName, Size>> = {
  token: { timeout: 25, memory: 512 },
  gate: { timeout: 900, memory: 1024 },
  api: { timeout: 10, memory: 512 },
  sweeper: { timeout: 300, memory: 512 },
  notifier: { timeout: 60, memory: 512 },
  // It computes: with the memory comes the processor.
  sequencer: { timeout: 60, memory: 1769 },
  // It packs files of gigabytes. One is started each minute, and each has another export.
  exporter: { timeout: 900, memory: 1769 },
  console: { timeout: 15, memory: 512 },
}

/** They are started by a schedule, and nobody waits for their answer. */
export const scheduled: readonly FunctionName[] = ['sweeper', 'notifier', 'sequencer', 'exporter']

/** Their answers go out as they come: the gate's because they take long, the others' because some are bytes. */
export const streamed: readonly FunctionName[] = ['gate', 'api', 'console']

/**
 * What is bound to anything else is not for them: see `EncryptionContext` in `kms-secrets.ts`. What is bound to nothing was
 * not made by the key, and an emulator tells no policy what a request is bound to.
 */
const wrappingContext = { 'kms:EncryptionContext:purpose': 'sallyport-wrap' }

/** They set, or go by, how long the log is kept. */
const keeping: readonly FunctionName[] = ['sequencer', 'api', 'exporter']
/** They bind entries to their readers. */
const showing: readonly FunctionName[] = ['sequencer', 'api', 'exporter']

export interface FunctionsProps {
  readonly parameters: Parameters
  readonly issuer: string
  readonly keys: Keys
  readonly tables: Tables
  readonly objects: Pick<IBucket, 'bucketName' | 'bucketArn'>
  readonly upstreamSecret: CfnSecret
  readonly eventBus: Pick<IEventBus, 'eventBusName' | 'eventBusArn'>
}

/** The functions, each with the rights of its row in `permissions`, and told only of what it has a right to. */
export class Functions extends Construct {
  readonly byName: Readonly<Record<FunctionName, SallyportFunction>>
  /** Runs of a scheduled function that failed three times. */
  readonly deadLetters: Queue
  readonly #props: FunctionsProps

  constructor(scope: Construct, id: string, props: FunctionsProps) {
    super(scope, id)
    this.#props = props
    this.deadLetters = new Queue(this, 'DeadLetters', {
      encryption: QueueEncryption.KMS,
      encryptionMasterKey: props.keys.data,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
      // A missed run holds nothing: the next does the same work.
      removalPolicy: RemovalPolicy.DESTROY,
    })
    this.byName = Object.fromEntries(functionNames.map(name => [name, this.#make(name)])) as Record<
      FunctionName,
      SallyportFunction
    >
  }

  #make(name: FunctionName): SallyportFunction {
    const { parameters, keys } = this.#props
    const bundle = join(parameters.assets, name)
    if (!existsSync(bundle)) throw new Error(`${bundle} is missing; make it with: npm run bundle`)
    return new SallyportFunction(this, name, {
      parameters,
      size: sizes[name],
      bundle,
      handler:
        streamed.includes(name) && !has(parameters.target, 'streaming')
          ? 'buffered.handler'
          : 'index.handler',
      environment: this.#environment(name),
      statements: [
        ...this.#statements(name),
        ...(scheduled.includes(name) ? this.#deadLetterStatements() : []),
      ],
      reserved: reservedFor(parameters, name),
      logKey: keys.data,
      // The others are asked by API Gateway, which waits for the answer.
      ...(scheduled.includes(name) && { deadLetters: this.deadLetters }),
    })
  }

  #environment(name: FunctionName): Record<string, string> {
    const { parameters, issuer, tables, keys, objects, upstreamSecret, eventBus } = this.#props
    const allowed = permissionsOn(parameters.target)[name]
    const named = (Object.keys(allowed.tables) as Table[]).map(table => [
      tableVariable(table),
      tables.byName[table].tableName,
    ])
    const roots = (Object.keys(allowed.secrets) as SecretDomain[]).map(domain => [
      macKeyVariable(domain),
      keys.root(domain).keyArn,
    ])
    return {
      ...Object.fromEntries([...named, ...roots]),
      SALLYPORT_ISSUER: issuer,
      ...(allowed.wrappingKey && { SALLYPORT_WRAPPING_KEY: keys.wrapping.keyArn }),
      ...(allowed.upstreamSecret && { SALLYPORT_UPSTREAM_SECRET: upstreamSecret.attrId }),
      ...(allowed.statementKey && { SALLYPORT_STATEMENT_KEY: keys.statements.keyArn }),
      ...(allowed.eventBus && { SALLYPORT_EVENT_BUS: eventBus.eventBusName }),
      ...(allowed.objects && { SALLYPORT_BUCKET: objects.bucketName }),
      ...(allowed.objects?.keeps && locksObjects(parameters) && { SALLYPORT_OBJECT_LOCK: 'compliance' }),
      ...(allowed.logKey && keys.checkpoints && { SALLYPORT_LOG_KEY: keys.checkpoints.keyArn }),
      ...(keeping.includes(name) && { SALLYPORT_RETENTION_DAYS: String(parameters.retentionDays) }),
      ...(showing.includes(name) && {
        SALLYPORT_READER_SLOTS: String(parameters.readerSlots),
        ...(parameters.witnesses && { SALLYPORT_WITNESSES: parameters.witnesses }),
      }),
      ...(name === 'gate' && { SALLYPORT_LEASE_S: String(parameters.leaseSeconds) }),
      ...(parameters.fips && { AWS_USE_FIPS_ENDPOINT: 'true' }),
    }
  }

  #statements(name: FunctionName): readonly PolicyStatement[] {
    const { parameters, keys, tables, objects, upstreamSecret, eventBus } = this.#props
    const allowed = permissionsOn(parameters.target)[name]
    const statements = Object.entries(allowed.tables).flatMap(([table, { uses, indexes = [] }]) => {
      const { tableArn } = tables.byName[table as Table]
      const items = allow(
        uses.map(use => actionOf[use]),
        [tableArn],
      )
      if (indexes.length === 0) return [items]
      return [
        items,
        allow(
          ['dynamodb:Query'],
          indexes.map(index => `${tableArn}/index/${index.name}`),
        ),
      ]
    })
    for (const domain of Object.keys(allowed.secrets) as SecretDomain[])
      statements.push(allow(['kms:GenerateMac'], [keys.root(domain).keyArn]))
    if (allowed.wrappingKey) {
      const { wraps } = allowed.wrappingKey
      const actions = [...(wraps ? ['kms:Encrypt'] : []), 'kms:Decrypt']
      statements.push(allow(actions, [keys.wrapping.keyArn], { StringEqualsIfExists: wrappingContext }))
    }
    if (allowed.statementKey)
      statements.push(allow(['kms:Sign', 'kms:GetPublicKey'], [keys.statements.keyArn]))
    if (allowed.logKey && keys.checkpoints)
      statements.push(allow(['kms:Sign', 'kms:GetPublicKey'], [keys.checkpoints.keyArn]))
    if (Object.keys(allowed.tables).length > 0) statements.push(this.#dataKey('dynamodb', tableKeyActions))
    if (allowed.objects) {
      const { objects: uses } = allowed
      statements.push(
        ...objectStatements(uses, objects.bucketArn, locksObjects(parameters)),
        this.#dataKey('s3', ['kms:Decrypt', ...(uses.puts ? ['kms:GenerateDataKey'] : [])]),
      )
    }
    const { entriesStreamArn } = tables
    if (allowed.entriesStream && entriesStreamArn !== undefined)
      statements.push(
        allow(
          ['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator'],
          [entriesStreamArn],
        ),
        // A list has no stream's own name.
        allow(['dynamodb:ListStreams'], [`${tables.byName.entries.tableArn}/stream/*`]),
      )
    if (allowed.upstreamSecret)
      statements.push(
        allow(['secretsmanager:GetSecretValue'], [upstreamSecret.attrId]),
        this.#dataKey('secretsmanager', ['kms:Decrypt']),
      )
    if (allowed.eventBus) statements.push(allow(['events:PutEvents'], [eventBus.eventBusArn]))
    return statements
  }

  #deadLetterStatements(): readonly PolicyStatement[] {
    return [
      allow(['sqs:SendMessage'], [this.deadLetters.queueArn]),
      this.#dataKey('sqs', ['kms:Decrypt', 'kms:GenerateDataKey']),
    ]
  }

  #dataKey(service: string, actions: readonly string[]): PolicyStatement {
    return throughService(this.#props.keys.data, service, actions)
  }
}
