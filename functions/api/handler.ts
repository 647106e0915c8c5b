import { openKmsSigner } from '../../shared/adapters/aws/kms-signer.ts'
import { environment, world } from '../aws.ts'
import { kms, openResource } from '../aws-resource.ts'
import { buffered } from '../lambda.ts'
import { createApi, refusedByApi } from './app.ts'
import { openStatementSigner } from './statement-signer.ts'

const { statementKey } = environment
if (statementKey === undefined) throw new Error('SALLYPORT_STATEMENT_KEY is missing in the API’s environment')

export const handler = buffered({
  telemetry: world.telemetry,
  refused: (refusal, event) => refusedByApi(world, refusal, event),
  open: async () => {
    // Both at once, so that the one costs a first request no more time than the other does.
    const [resource, statements] = await Promise.all([
      openResource(),
      openStatementSigner(() => openKmsSigner(kms, statementKey, world)),
    ])
    return createApi({ ...resource, statements })
  },
})
