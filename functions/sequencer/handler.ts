import type { Context } from 'aws-lambda'
import { createKmsSecrets } from '../../shared/adapters/aws/kms-secrets.ts'
import { openKmsSigner } from '../../shared/adapters/aws/kms-signer.ts'
import { openDerivedSigner } from '../../shared/adapters/derived-signer.ts'
import { createHttp } from '../../shared/adapters/http.ts'
import { parseWitnessList } from '../../shared/tlog/witness-list.ts'
import { environment, world } from '../aws.ts'
import { openObjects } from '../aws-objects.ts'
import { kms } from '../aws-resource.ts'
import { createEpochs } from '../log-epoch.ts'
import { createSequencer, type Sequencer } from './app.ts'
import { tellBehind } from './behind.ts'
import { openLogKey } from './log-key.ts'
import { type Sequenced, sequenceFor } from './run.ts'
import { type WitnessingDeps, witnessPublished } from './witnessed.ts'

const { issuer, macKeys, logKey, readerSlots, retentionMs } = environment
const { telemetry } = world
const objects = openObjects(environment)
const secrets = createKmsSecrets({ ...world, client: kms, macKeys })

let opened: Promise<Opened> | undefined

interface Opened {
  readonly sequencer: Sequencer
  readonly witnessing: WitnessingDeps
}

async function open(): Promise<Opened> {
  const signer = await (logKey === undefined ? openDerivedSigner(secrets) : openKmsSigner(kms, logKey, world))
  const key = await openLogKey(objects, issuer, signer)
  const epochs = createEpochs({ ...world, secrets, origin: key.origin, slots: readerSlots })
  const witnesses = await parseWitnessList(environment.witnesses)
  const shared = { ...world, objects, http: createHttp(), logKey: key }
  return {
    sequencer: createSequencer({ ...shared, secrets, epochs, retentionMs }),
    witnessing: { ...shared, witnesses },
  }
}

/**
 * Records of the stream say only that there is something to do. Its answer is for whoever invokes it by hand. What
 * fails is tried again by whatever started it.
 */
export async function handler(event: unknown, context: Context): Promise<Sequenced> {
  if (isScheduled(event)) await tellBehind(world)
  opened ??= open().catch((error: unknown) => {
    opened = undefined
    throw error
  })
  const { sequencer, witnessing } = await opened
  const done = await sequenceFor(sequencer, world.clock, context.getRemainingTimeInMillis() - marginMs)
  // Told once by whoever halted it; as long as it stands still, every run says so.
  if (done.halted) telemetry.alarm('log_halted', { size: done.size })
  // Entries have their places by now. What fails here is tried again after the next batch, or within a minute.
  await witnessPublished(witnessing).catch((error: unknown) =>
    telemetry.error('witnesses could not be asked', error),
  )
  return done
}

/** To ask witnesses, and to answer. Milliseconds. */
const marginMs = 8_000

/** Once a minute, and not for every batch of the stream. */
const isScheduled = (event: unknown): boolean =>
  typeof event === 'object' && event !== null && !Object.hasOwn(event, 'Records')
