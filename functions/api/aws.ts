import { openKmsSigner } from '../../shared/adapters/aws/kms-signer.ts'
import { parseWitnessList } from '../../shared/tlog/witness-list.ts'
import { environment, world } from '../aws.ts'
import { openObjects } from '../aws-objects.ts'
import { kms, openResource } from '../aws-resource.ts'
import type { Opening } from '../lambda.ts'
import { openLogView } from '../log/open.ts'
import { createApi, refusedByApi } from './app.ts'
import { openStatementSigner } from './statement-signer.ts'

const { readerSlots, statementKey, witnesses } = environment
if (statementKey === undefined) throw new Error('SALLYPORT_STATEMENT_KEY is missing in the API’s environment')

const objects = openObjects(environment)

export const api: Opening = {
  telemetry: world.telemetry,
  refused: (refusal, event) => refusedByApi(world, refusal, event),
  open: async () => {
    // Both at once, so that the one costs a first request no more time than the other does.
    const [resource, statements] = await Promise.all([
      openResource(),
      openStatementSigner(() => openKmsSigner(kms, statementKey, world)),
    ])
    const log = await openLogView({
      ...resource,
      objects,
      slots: readerSlots,
      witnesses: await parseWitnessList(witnesses),
    })
    return createApi({ ...resource, statements, log })
  },
}
