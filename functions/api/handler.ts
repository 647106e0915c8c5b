import { world } from '../aws.ts'
import { openResource } from '../aws-resource.ts'
import { buffered } from '../lambda.ts'
import { createApi, refusedByApi } from './app.ts'

export const handler = buffered({
  telemetry: world.telemetry,
  refused: (refusal, event) => refusedByApi(world, refusal, event),
  open: async () => createApi(await openResource()),
})
