import { Duration, RemovalPolicy } from 'aws-cdk-lib'
import { ManagedPolicy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import type { IKey } from 'aws-cdk-lib/aws-kms'
import {
  Architecture,
  Code,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
} from 'aws-cdk-lib/aws-lambda'
import { LogGroup } from 'aws-cdk-lib/aws-logs'
import type { IQueue } from 'aws-cdk-lib/aws-sqs'
import { Construct } from 'constructs'
import type { Parameters } from './parameters.ts'
import { has } from './targets.ts'

/** Seconds and MB. */
export interface Size {
  readonly timeout: number
  readonly memory: number
}

export interface SallyportFunctionProps {
  readonly parameters: Pick<Parameters, 'target' | 'retain' | 'logRetentionDays'>
  readonly size: Size
  /** The folder of its bundle. */
  readonly bundle: string
  /** The bundle's file and what it exports. */
  readonly handler: string
  readonly environment: Readonly<Record<string, string>>
  /** All that its role may do, but for its own log. */
  readonly statements: readonly PolicyStatement[]
  readonly reserved: number | undefined
  readonly logKey: IKey
  /** Takes what could not be done of what was asked for without waiting. */
  readonly deadLetters?: IQueue
}

/**
 * A function with a log group and a role of its own. The role is complete here: nothing that the function is connected
 * to later adds a right. There is no X-Ray: it would keep addresses and paths beyond our key and retention, and it
 * takes a right to every resource.
 */
export class SallyportFunction extends Construct {
  readonly role: Role
  readonly lambda: LambdaFunction
  /** Instances that are kept for it and are its most; absent where it takes from what the account has left. */
  readonly reserved: number | undefined

  constructor(scope: Construct, id: string, props: SallyportFunctionProps) {
    super(scope, id)
    const { parameters, deadLetters } = props
    this.reserved = props.reserved
    const logGroup = new LogGroup(this, 'Log', {
      encryptionKey: props.logKey,
      retention: parameters.logRetentionDays,
      removalPolicy: parameters.retain ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    })
    this.role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') })
    const policy = new ManagedPolicy(this, 'Policy', {
      description: `What the function ${id} may do`,
      roles: [this.role],
      statements: [
        new PolicyStatement({
          actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
          resources: [logGroup.logGroupArn],
        }),
        ...props.statements,
      ],
    })
    this.lambda = new LambdaFunction(this, 'Function', {
      runtime: Runtime.NODEJS_24_X,
      architecture: has(parameters.target, 'arm64') ? Architecture.ARM_64 : hostArchitecture(),
      code: Code.fromAsset(props.bundle),
      handler: props.handler,
      timeout: Duration.seconds(props.size.timeout),
      memorySize: props.size.memory,
      environment: { ...props.environment },
      role: this.role.withoutPolicyUpdates(),
      logGroup,
      // Lines that are JSON already are written past the console, so they are kept as they are: metrics are read off them.
      loggingFormat: LoggingFormat.JSON,
      ...(props.reserved !== undefined && { reservedConcurrentExecutions: props.reserved }),
      ...(deadLetters && {
        deadLetterQueue: deadLetters,
        retryAttempts: 2,
        maxEventAge: Duration.minutes(5),
      }),
    })
    // Lambda asks for the right to the dead letters when it is made, and the first request asks for all others.
    this.lambda.node.addDependency(policy)
  }
}

const hostArchitecture = (): Architecture =>
  process.arch === 'arm64' ? Architecture.ARM_64 : Architecture.X86_64
