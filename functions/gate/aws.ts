import { createSecretsManagerClient } from '../../shared/adapters/aws/clients.ts'
import { createCredentials } from '../../shared/adapters/aws/secrets-manager-credentials.ts'
import { createHttp } from '../../shared/adapters/http.ts'
import { createAttributionKeys } from '../attribution-keys.ts'
import { environment, world } from '../aws.ts'
import { openObjects } from '../aws-objects.ts'
import { openResource } from '../aws-resource.ts'
import type { Opening } from '../lambda.ts'
import { createGate, refusedByGate } from './app.ts'

const http = createHttp()
const objects = openObjects(environment)
const { upstreamSecret } = environment
if (upstreamSecret === undefined)
  throw new Error('SALLYPORT_UPSTREAM_SECRET is missing in the gate’s environment')
const credential = createCredentials({
  client: createSecretsManagerClient(),
  secretId: upstreamSecret,
  clock: world.clock,
})

/** API Gateway breaks off a streamed reply in which nothing comes for five minutes, and a JSON reply comes all at once. */
const idleMs = { stream: 120_000, json: 280_000 }

export const gate: Opening = {
  telemetry: world.telemetry,
  refused: (refusal, event) => refusedByGate(world, refusal, event),
  open: async () => {
    const resource = await openResource()
    const fingerprinting = { keys: createAttributionKeys(resource), objects }
    const { leaseMs } = environment
    return createGate({ ...resource, fingerprinting, http, credential, idleMs, leaseMs })
  },
}
