import { inject } from 'vitest'
import type { Wiring } from '../../scripts/embedded/sallyport.ts'
import type { Instance } from '../../scripts/localstack/instance.ts'
import type { Deployed } from './deployed.ts'
import { openEmbedded } from './embedded.ts'
import type { World } from './world.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Put there by the set-up of a project whose tests run against a deployed stack. */
    readonly deployed?: Deployed
    /** The LocalStack that it is deployed to, for tests that look at its processes. */
    readonly localstack?: Instance
  }
}

/** For tests of a deployed stack alone. Throws where the project deploys none. */
export function deployedStack(): Deployed {
  const deployed = inject('deployed')
  if (deployed === undefined) throw new Error('this test needs a deployed stack')
  return deployed
}

/** On whatever the project runs its tests. `wiring` is for one in this process. */
export async function openWorld(wiring: Wiring = {}): Promise<World> {
  const deployed = inject('deployed')
  if (deployed !== undefined) return (await import('./deployed.ts')).openDeployed(deployed)
  // As short as a deployed one can be, so that the same waits suffice.
  return openEmbedded({ config: { leaseMs: 10_000 }, wiring })
}
