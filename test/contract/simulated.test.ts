/** The store of the simulation, without its faults, is one more backend: what it proves holds for the others. */
import { Backend } from '../simulation/backend.ts'
import { createDice } from '../simulation/dice.ts'
import { calm } from '../simulation/faults.ts'
import { Scheduler } from '../simulation/scheduler.ts'
import { createStorePort } from '../simulation/store-port.ts'
import { storeContract } from './store.contract.ts'

storeContract('the simulated store', async () => {
  const dice = createDice('contract')
  const scheduler = new Scheduler(dice, 0)
  const backend = new Backend(scheduler, dice)
  const process = { name: 'contract', skew: 0, alive: true }
  const store = createStorePort({
    scheduler,
    backend,
    dice,
    process,
    faults: () => calm,
    cutOff: () => false,
    threw: () => undefined,
    note: () => undefined,
  })
  let closed = false
  const run = async (): Promise<void> => {
    while (!closed) {
      await scheduler.run(() => false)
      await new Promise(setImmediate)
    }
  }
  void run()
  return {
    store,
    close: () => {
      closed = true
    },
  }
})
