/** A deployment for a look or a test, on an emulator. */
import { dirname, join } from 'node:path'
import { putSecret } from '../../shared/adapters/aws/secret.ts'
import { systemClock } from '../../shared/adapters/world.ts'
import { bundle } from '../bundle.ts'
import { demoApiKeys } from '../demo/upstream.ts'
import { ensureRing } from '../key-ring.ts'
import { type Cdk, cdk } from './cdk.ts'
import { openStack } from './stack.ts'
import { trust } from './trust.ts'

export interface Emulated {
  readonly target: 'localstack' | 'ministack'
  readonly stack: string
  /** As the SDK and the CDK read them: endpoint, credentials, region, certificate. */
  readonly env: Readonly<Record<string, string>>
  /** Seconds. */
  readonly lease?: number
  /** Whether the end of the stack leaves what it leaves on AWS; nothing, unless asked for. */
  readonly retain?: boolean
  readonly log: string
}

/** The account and region that emulators pretend to be. */
const environment = 'aws://000000000000/us-east-1'

/** Deploying again brings the stack up to date. Returns its issuer. */
export async function deployEmulated(emulated: Emulated): Promise<string> {
  const { stack, env } = emulated
  Object.assign(process.env, env)
  if (env.NODE_EXTRA_CA_CERTS !== undefined) trust(env.NODE_EXTRA_CA_CERTS)
  const app = cdkOf(emulated)
  // The CDK asks the app for its stacks even to bootstrap, and the app wants the bundles.
  await bundle(assetsOf(emulated))
  await cdk(app, 'bootstrap', environment, ...outputOf(emulated))
  await cdk(app, 'deploy', stack, '--require-approval', 'never', ...outputOf(emulated))
  const deployment = await openStack(stack)
  try {
    await ensureRing({ ...deployment, clock: systemClock })
    await putSecret(deployment.outputs.SecretArn ?? '', JSON.stringify(demoApiKeys))
    return deployment.issuer
  } finally {
    deployment.close()
  }
}

/** Places of its own, beside its log: several are deployed from one checkout at the same time. */
const assetsOf = ({ log }: Emulated): string => join(dirname(log), 'functions')
const outputOf = ({ log, stack }: Emulated): readonly string[] => [
  '--output',
  join(dirname(log), `${stack}.out`),
]

function cdkOf(emulated: Emulated): Cdk {
  const { target, stack, env, lease = 30, retain = false, log } = emulated
  return {
    log,
    env: { ...env, CDK_VALIDATION: 'false' },
    context: {
      name: stack,
      target,
      endpoint: env.AWS_ENDPOINT_URL ?? '',
      leaseSeconds: String(lease),
      retain: String(retain),
      assets: assetsOf(emulated),
    },
  }
}
