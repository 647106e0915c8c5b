import type { Context } from 'aws-lambda'
import { createKmsSecrets } from '../../shared/adapters/aws/kms-secrets.ts'
import { parseWitnessList } from '../../shared/tlog/witness-list.ts'
import { environment, world } from '../aws.ts'
import { openRemovableObjects } from '../aws-objects.ts'
import { kms } from '../aws-resource.ts'
import { openLogView } from '../log/open.ts'
import type { ExporterDeps } from './deps.ts'
import { type Exported, runExporter } from './run.ts'

const { issuer, macKeys, wrappingKey, readerSlots, retentionMs, witnesses: named } = environment

let opened: Promise<ExporterDeps> | undefined

async function open(): Promise<ExporterDeps> {
  const objects = openRemovableObjects(environment)
  const secrets = createKmsSecrets({ ...world, client: kms, macKeys, wrappingKey })
  const witnesses = await parseWitnessList(named)
  const log = await openLogView({ ...world, objects, secrets, issuer, slots: readerSlots, witnesses })
  return { ...world, objects, secrets, log, witnesses, retentionMs, lagMs }
}

/** Global indexes follow their table within far less. Milliseconds. */
const lagMs = 5_000

/** To put the last of what was begun, before the function ends. Milliseconds. */
const marginMs = 120_000

/** Its answer is for whoever invokes it by hand; the schedule looks at none. */
export async function handler(_: unknown, context: Context): Promise<Exported> {
  opened ??= open().catch((error: unknown) => {
    opened = undefined
    throw error
  })
  const deps = await opened
  return runExporter(deps, context.getRemainingTimeInMillis() - marginMs)
}
