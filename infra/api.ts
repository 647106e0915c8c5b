import { Aws, Duration, RemovalPolicy } from 'aws-cdk-lib'
import {
  AccessLogFormat,
  type CfnRestApi,
  EndpointAccessMode,
  EndpointType,
  type IResource,
  LambdaIntegration,
  LogGroupLogDestination,
  MethodLoggingLevel,
  ResponseTransferMode,
  RestApi,
  SecurityPolicy,
} from 'aws-cdk-lib/aws-apigateway'
import { LogGroup } from 'aws-cdk-lib/aws-logs'
import { Stack } from 'aws-cdk-lib/core'
import { Construct } from 'constructs'
import type { SallyportFunction } from './function.ts'
import { streamed } from './functions.ts'
import { addGatewayResponses } from './gateway-responses.ts'
import type { Keys } from './keys.ts'
import type { Parameters } from './parameters.ts'
import type { FunctionName } from './permissions.ts'
import { has } from './targets.ts'

const stage = 'live'

/** Which function answers below each path, whatever the method: it refuses by name what it does not offer. */
export const routes: Readonly<Record<string, FunctionName>> = {
  'oauth/{proxy+}': 'token',
  '.well-known/{proxy+}': 'token',
  healthz: 'token',
  'openai/{proxy+}': 'gate',
  'anthropic/{proxy+}': 'gate',
  'api/{proxy+}': 'api',
  'log/{proxy+}': 'console',
}

/**
 * Who asked for what, and what came of it: no query string, no header, no body. Of the ids the first is the one that
 * callers are told by a function; `$context.requestId` is not here, because a caller can choose it.
 */
const accessLog = JSON.stringify({
  request_id: '$context.integration.requestId',
  gateway_request_id: '$context.extendedRequestId',
  time: '$context.requestTimeEpoch',
  address: '$context.identity.sourceIp',
  method: '$context.httpMethod',
  path: '$context.path',
  protocol: '$context.protocol',
  status: '$context.status',
  bytes: '$context.responseLength',
  latency_ms: '$context.responseLatency',
  function_ms: '$context.integrationLatency',
  refused_by_gateway: '$context.error.responseType',
})

export interface ApiProps {
  readonly parameters: Parameters
  readonly keys: Keys
}

/** The REST API. It is version 1, because version 2 does not stream. */
export class Api extends Construct {
  readonly rest: RestApi
  /** What tokens are issued under, and proofs are compared with. */
  readonly issuer: string
  readonly #parameters: Parameters

  constructor(scope: Construct, id: string, { parameters, keys }: ApiProps) {
    super(scope, id)
    this.#parameters = parameters
    const logs = has(parameters.target, 'apiGatewayLogs')
    const access = logs ? this.#logGroup('AccessLog', keys) : undefined
    this.rest = new RestApi(this, 'Rest', {
      // Its metrics go by this name.
      restApiName: Stack.of(this).stackName,
      endpointTypes: [EndpointType.REGIONAL],
      // What is not streamed has its bytes in base64. LocalStack has no wildcard among these, ministack asks for one.
      ...(!has(parameters.target, 'streaming') && { binaryMediaTypes: ['application/octet-stream', '*/*'] }),
      // Beside a domain it would be a second door, without the names that the first one restores.
      disableExecuteApiEndpoint: parameters.domain !== undefined && has(parameters.target, 'edge'),
      // The account's other APIs write their logs under this role too, so it stays when this stack goes.
      ...(logs && parameters.apiGatewayLogRole
        ? { cloudWatchRole: true, cloudWatchRoleRemovalPolicy: RemovalPolicy.RETAIN }
        : { cloudWatchRole: false }),
      deployOptions: {
        stageName: stage,
        dataTraceEnabled: false,
        metricsEnabled: true,
        throttlingRateLimit: parameters.requestsPerSecond,
        throttlingBurstLimit: parameters.requestBurst,
        ...(access && {
          loggingLevel: MethodLoggingLevel.ERROR,
          accessLogDestination: new LogGroupLogDestination(access),
          accessLogFormat: AccessLogFormat.custom(accessLog),
        }),
      },
    })
    // The issuer is what is told of it.
    this.rest.node.tryRemoveChild('Endpoint')
    if (has(parameters.target, 'tlsPolicy'))
      Object.assign(this.rest.node.defaultChild as CfnRestApi, endpointSecurity(parameters))
    if (logs) {
      // API Gateway makes this one by itself, without a key and for ever, unless it is there.
      const name = `API-Gateway-Execution-Logs_${this.rest.restApiId}/${stage}`
      keys.encryptsLogGroup(name)
      this.rest.deploymentStage.node.addDependency(this.#logGroup('ExecutionLog', keys, name))
    }
    addGatewayResponses(this.rest)
    this.issuer = parameters.issuer ?? this.#ownUrl()
  }

  serve(functions: Readonly<Record<FunctionName, SallyportFunction>>): void {
    for (const [path, name] of Object.entries(routes)) {
      const { lambda } = functions[name]
      const streams = streamed.includes(name) && has(this.#parameters.target, 'streaming')
      const integration = new LambdaIntegration(lambda, {
        allowTestInvoke: false,
        ...(streams && { responseTransferMode: ResponseTransferMode.STREAM }),
        ...(streams && name === 'gate' && { timeout: Duration.minutes(15) }),
      })
      this.#resource(path).addMethod('ANY', integration)
    }
  }

  #resource(path: string): IResource {
    return path
      .split('/')
      .reduce<IResource>((at, part) => at.getResource(part) ?? at.addResource(part), this.rest.root)
  }

  #logGroup(id: string, keys: Keys, logGroupName?: string): LogGroup {
    const { retain, logRetentionDays } = this.#parameters
    return new LogGroup(this, id, {
      ...(logGroupName && { logGroupName }),
      encryptionKey: keys.data,
      retention: logRetentionDays,
      removalPolicy: retain ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    })
  }

  #ownUrl(): string {
    const { target, endpoint, domain, cdnDomain } = this.#parameters
    const { restApiId } = this.rest
    const host = cdnDomain ?? domain
    if (host !== undefined && has(target, 'edge')) return `https://${host}`
    if (target === 'aws') return `https://${restApiId}.execute-api.${Aws.REGION}.${Aws.URL_SUFFIX}/${stage}`
    // Both emulators serve it below a path, for those who cannot resolve a host name for each API.
    return `${endpoint ?? emulatorEndpoints[target]}/_aws/execute-api/${restApiId}/${stage}`
  }
}

/** The newer policies ask for a mode of access as well. */
export const endpointSecurity = ({ tlsPolicy }: Pick<Parameters, 'tlsPolicy'>) => ({
  securityPolicy: tlsPolicy,
  ...(tlsPolicy !== SecurityPolicy.TLS_1_2 && { endpointAccessMode: EndpointAccessMode.BASIC }),
})

const emulatorEndpoints = { localstack: 'http://127.0.0.1:4566', ministack: 'https://127.0.0.1:4566' }
