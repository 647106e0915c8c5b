/** The store and the objects of the simulation, without their faults, are more backends: what they prove holds for the others. */
import { createS3Objects } from '../../shared/adapters/aws/s3-objects.ts'
import { Backend } from '../simulation/backend.ts'
import { createDice } from '../simulation/dice.ts'
import { calm } from '../simulation/faults.ts'
import { Bucket } from '../simulation/log/bucket.ts'
import { createObjectsPort } from '../simulation/log/objects-port.ts'
import { createSimulatedS3 } from '../simulation/log/s3-client.ts'
import { Scheduler } from '../simulation/scheduler.ts'
import { createStorePort } from '../simulation/store-port.ts'
import { createVirtualClock } from '../simulation/virtual-clock.ts'
import { objectsContract } from './objects.contract.ts'
import { storeContract } from './store.contract.ts'

/** A way that nothing goes wrong on, for as long as it is open. */
function openWay() {
  const dice = createDice('contract')
  const scheduler = new Scheduler(dice, 0)
  const process = { name: 'contract', skew: 0, alive: true }
  let closed = false
  const run = async (): Promise<void> => {
    while (!closed) {
      await scheduler.run(() => false)
      await new Promise(setImmediate)
    }
  }
  void run()
  const way = {
    scheduler,
    dice,
    process,
    faults: () => calm,
    cutOff: () => false,
    threw: () => undefined,
    note: () => undefined,
  }
  const close = (): void => {
    closed = true
  }
  return { way, close }
}

storeContract('the simulated store', async () => {
  const { way, close } = openWay()
  return { store: createStorePort({ ...way, backend: new Backend(way.scheduler, way.dice) }), close }
})

objectsContract('the simulated objects', async () => {
  const { way, close } = openWay()
  return { objects: createObjectsPort({ ...way, bucket: new Bucket() }), close }
})

objectsContract('the adapter on the simulated S3', async () => {
  const { way, close } = openWay()
  const client = createSimulatedS3({ ...way, bucket: new Bucket() })
  const clock = createVirtualClock(way.scheduler, way.process)
  return { objects: createS3Objects({ client, bucket: 'log', clock, random: way.dice }), close }
})
