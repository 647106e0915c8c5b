/** The bucket of a deployed function. */
import { createS3Client } from '../shared/adapters/aws/clients.ts'
import type { Environment } from '../shared/adapters/aws/environment.ts'
import { createS3Objects } from '../shared/adapters/aws/s3-objects.ts'
import { systemClock, systemRandom } from '../shared/adapters/world.ts'
import type { Objects, RemovableObjects } from '../shared/ports/objects.ts'

/** Throws where the stack has not told the function of its bucket. */
export const openObjects = (environment: Environment): Objects => openRemovableObjects(environment)

/** For the exporter: no other role has the right that this takes. Throws as `openObjects` does. */
export function openRemovableObjects({ bucket, locksObjects }: Environment): RemovableObjects {
  if (bucket === undefined) throw new Error('SALLYPORT_BUCKET is missing in the function’s environment')
  return createS3Objects({
    client: createS3Client(),
    bucket,
    locks: locksObjects,
    clock: systemClock,
    random: systemRandom,
  })
}
