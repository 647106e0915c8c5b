import { world } from '../aws.ts'
import { openResource } from '../aws-resource.ts'
import { buffered } from '../lambda.ts'
import { createApi } from './app.ts'

export const handler = buffered({
  telemetry: world.telemetry,
  open: async () => createApi(await openResource()),
})
