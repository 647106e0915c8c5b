import type { Context } from 'aws-lambda'
import { createEventBridgeClient } from '../../shared/adapters/aws/clients.ts'
import { createEventBridgeEvents } from '../../shared/adapters/aws/eventbridge-events.ts'
import { createKmsSecrets } from '../../shared/adapters/aws/kms-secrets.ts'
import { createHttp } from '../../shared/adapters/http.ts'
import { publicLookup } from '../../shared/adapters/public-lookup.ts'
import { environment, world } from '../aws.ts'
import { kms } from '../aws-resource.ts'
import type { Notified } from './app.ts'
import type { NotifierDeps } from './deps.ts'
import { notifyFor } from './run.ts'

const { issuer, macKeys, eventBus } = environment

const deps: NotifierDeps = {
  ...world,
  issuer,
  http: createHttp({ lookup: publicLookup(issuer) }),
  secrets: createKmsSecrets({ ...world, client: kms, macKeys }),
  ...(eventBus && {
    events: createEventBridgeEvents({ ...world, client: createEventBridgeClient(), bus: eventBus }),
  }),
}

/** Its answer is for whoever invokes it by hand; the schedule looks at none. */
export const handler = (_: unknown, context: Context): Promise<Notified> =>
  notifyFor(deps, context.getRemainingTimeInMillis())
