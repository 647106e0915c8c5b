/** What a restore of the log works on: a data folder that nobody serves meanwhile, or a deployed stack. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { verifierKeyObject } from '../../functions/log-origin.ts'
import { openLogKey } from '../../functions/sequencer/log-key.ts'
import { openFileObjects } from '../../shared/adapters/embedded/file-objects.ts'
import { openFileSigner } from '../../shared/adapters/embedded/file-signer.ts'
import { openLocalSecrets } from '../../shared/adapters/embedded/local-secrets.ts'
import { systemClock, systemRandom } from '../../shared/adapters/world.ts'
import type { Signer } from '../../shared/ports/keys.ts'
import type { Objects } from '../../shared/ports/objects.ts'
import type { Table } from '../../shared/ports/store.ts'
import type { OpenStack } from '../aws/stack.ts'
import { type Deployment, openDeployment } from '../deployment.ts'
import { readConfig } from '../embedded/config.ts'
import { lockFolder } from '../embedded/lock.ts'
import type { RestoreDeps } from './look.ts'

export interface OpenLog {
  readonly deps: RestoreDeps
  readonly operator: string
  close(): void
}

const dayMs = 86_400_000

export async function openLog(
  stack: string | undefined,
  restored: Partial<Record<Table, string>>,
): Promise<OpenLog> {
  if (stack === undefined) return openFolder()
  const deployment = await openDeployment(stack, restored)
  return closedOnError(deployment, () => onStack(deployment as OpenStack))
}

async function openFolder(): Promise<OpenLog> {
  const { data, retentionMs, issuer = '' } = readConfig(process.env)
  const deployment = await openDeployment(undefined)
  return closedOnError(deployment, async () => {
    const operator = await deployment.operator()
    const lock = lockFolder(data)
    const keyFile = join(data, 'keys', 'log.json')
    const roots = join(data, 'keys', 'roots')
    // Opening them would make new ones, with which nothing that is there can be read.
    for (const name of [keyFile, join(roots, 'seal.key'), join(roots, 'watermark.key')])
      if (!existsSync(name)) throw new Error(`${name} is not there: the keys belong to the copy as well.`)
    const objects = readOnly(await openFileObjects(join(data, 'bucket')))
    const signer = await openFileSigner(keyFile, 'Ed25519')
    const secrets = await openLocalSecrets(roots, systemRandom)
    const deps = { objects, secrets, retentionMs, ...(await shared(deployment, objects, issuer, signer)) }
    return {
      deps,
      operator,
      close() {
        deployment.close()
        lock.release()
      },
    }
  })
}

async function onStack(deployment: OpenStack): Promise<OpenLog> {
  // Asked before anything else: where nobody can say who acts, nobody does.
  const operator = await deployment.operator()
  const { output, issuer } = deployment
  // The SDK takes longer to load than an embedded command to run.
  const [{ createKmsClient, createS3Client }, { createKmsSecrets }, { createS3Objects }] = await Promise.all([
    import('../../shared/adapters/aws/clients.ts'),
    import('../../shared/adapters/aws/kms-secrets.ts'),
    import('../../shared/adapters/aws/s3-objects.ts'),
  ])
  const [{ openKmsSigner }, { openDerivedSigner }] = await Promise.all([
    import('../../shared/adapters/aws/kms-signer.ts'),
    import('../../shared/adapters/derived-signer.ts'),
  ])
  const pace = { clock: systemClock, random: systemRandom }
  const kms = createKmsClient()
  const checkpoints = output('CheckpointKeyArn')
  const macKeys = { seal: output('SealKeyArn'), watermark: output('WatermarkKeyArn'), log: checkpoints }
  const secrets = createKmsSecrets({ ...pace, client: kms, macKeys })
  const objects = readOnly(
    createS3Objects({ ...pace, client: createS3Client(), bucket: output('BucketName') }),
  )
  // Where KMS has no such keys, this is the root that one is derived from.
  const signer = await openKmsSigner(kms, checkpoints, pace).catch((error: unknown) =>
    openDerivedSigner(secrets).catch(() => {
      throw error
    }),
  )
  const retentionMs = Number(output('RetentionDays')) * dayMs
  const deps = { objects, secrets, retentionMs, ...(await shared(deployment, objects, issuer, signer)) }
  return {
    deps,
    operator,
    close() {
      deployment.close()
      kms.destroy()
    },
  }
}

async function shared({ store }: Deployment, objects: Objects, issuer: string, signer: Signer) {
  if ((await objects.get(verifierKeyObject)) === undefined)
    throw new Error('no log was ever begun: its key is not published.')
  return { store, clock: systemClock, logKey: await openLogKey(objects, issuer, signer) }
}

/** A restore writes the table alone: what everybody has seen is what it goes by. */
const readOnly = (objects: Objects): Objects => ({
  get: key => objects.get(key),
  list: (prefix, after) => objects.list(prefix, after),
  put: async () => ({ ok: false }),
})

async function closedOnError<T>({ close }: Pick<Deployment, 'close'>, open: () => Promise<T>): Promise<T> {
  try {
    return await open()
  } catch (error) {
    close()
    throw error
  }
}
