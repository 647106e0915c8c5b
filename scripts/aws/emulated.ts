/** A deployment for a look or a test, on an emulator: nothing of it is kept. */
import { putSecret } from '../../shared/adapters/aws/secret.ts'
import { systemClock } from '../../shared/adapters/embedded/world.ts'
import { bundle } from '../bundle.ts'
import { demoApiKeys } from '../demo/upstream.ts'
import { ensureRing } from '../key-ring.ts'
import { type Cdk, cdk } from './cdk.ts'
import { openStack } from './stack.ts'

export interface Emulated {
  readonly target: 'localstack' | 'ministack'
  readonly stack: string
  /** As the SDK and the CDK read them: endpoint, credentials, region, certificate. */
  readonly env: Readonly<Record<string, string>>
  /** Seconds. */
  readonly lease?: number
  readonly log: string
}

/** The account and region that emulators pretend to be. */
const environment = 'aws://000000000000/us-east-1'

/** Deploying again brings the stack up to date. Returns its issuer. */
export async function deployEmulated(emulated: Emulated): Promise<string> {
  const { stack, env } = emulated
  Object.assign(process.env, env)
  const app = cdkOf(emulated)
  await Promise.all([bundle(), cdk(app, 'bootstrap', environment)])
  await cdk(app, 'deploy', stack, '--require-approval', 'never')
  const deployment = await openStack(stack)
  try {
    await ensureRing({ ...deployment, clock: systemClock })
    await putSecret(deployment.outputs.SecretArn ?? '', JSON.stringify(demoApiKeys))
    return deployment.issuer
  } finally {
    deployment.close()
  }
}

export const destroyEmulated = (emulated: Emulated): Promise<void> =>
  cdk(cdkOf(emulated), 'destroy', emulated.stack, '--force')

const cdkOf = ({ target, stack, env, lease = 30, log }: Emulated): Cdk => ({
  log,
  env: { ...env, CDK_VALIDATION: 'false' },
  context: {
    name: stack,
    target,
    endpoint: env.AWS_ENDPOINT_URL ?? '',
    leaseSeconds: String(lease),
    retain: 'false',
  },
})
