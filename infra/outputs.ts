import { CfnOutput } from 'aws-cdk-lib'
import { givenTables, type Parameters } from './parameters.ts'
import type { SallyportStack } from './stack.ts'

/** What scripts and people ask a deployed stack for. The names are relied on; they do not change. */
export function addOutputs(stack: SallyportStack, parameters: Parameters): void {
  const { api, breakGlass, functions, keys, notices, objects, tables, upstreamSecret } = stack
  const { token, gate, api: apiFunction, sweeper, notifier, sequencer, exporter, console } = functions.byName
  const outputs: Readonly<Record<string, string>> = {
    Issuer: api.issuer,
    ApiId: api.rest.restApiId,
    TokenRoleArn: token.role.roleArn,
    SecretArn: upstreamSecret.resource.attrId,
    DataKeyArn: keys.data.keyArn,
    NonceKeyArn: keys.root('nonce').keyArn,
    WebhookKeyArn: keys.root('webhook').keyArn,
    SealKeyArn: keys.root('seal').keyArn,
    WatermarkKeyArn: keys.root('watermark').keyArn,
    CheckpointKeyArn: (keys.checkpoints ?? keys.root('log')).keyArn,
    WrappingKeyArn: keys.wrapping.keyArn,
    StatementKeyArn: keys.statements.keyArn,
    EventBus: notices.bus.eventBusName,
    BucketName: objects.bucket.bucketName,
    TableRegistry: tables.byName.registry.tableName,
    TableMeters: tables.byName.meters.tableName,
    TableSpent: tables.byName.spent.tableName,
    TableEntries: tables.byName.entries.tableName,
    FunctionToken: token.lambda.functionName,
    FunctionGate: gate.lambda.functionName,
    FunctionApi: apiFunction.lambda.functionName,
    FunctionSweeper: sweeper.lambda.functionName,
    FunctionNotifier: notifier.lambda.functionName,
    FunctionSequencer: sequencer.lambda.functionName,
    FunctionExporter: exporter.lambda.functionName,
    FunctionConsole: console.lambda.functionName,
    BreakGlassPolicyArn: breakGlass.policy.managedPolicyArn,
    BreakGlassRoleArn: breakGlass.role?.roleArn ?? 'none',
    DeadLetterQueueUrl: functions.deadLetters.queueUrl,
    RetentionDays: String(parameters.retentionDays),
    RestoredTables: givenTables(parameters).join(' ') || 'none',
    Retained: parameters.retain
      ? 'tables, bucket, keys, upstream secret and logs stay when the stack is destroyed'
      : 'nothing stays when the stack is destroyed: this deployment is to be thrown away',
  }
  for (const [id, value] of Object.entries(outputs)) new CfnOutput(stack, id, { value })
}
