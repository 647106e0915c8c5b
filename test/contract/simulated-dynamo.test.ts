/** The adapter on the simulated DynamoDB, without its faults: it decides as DynamoDB does, through an emulator too. */
import { afterAll, beforeAll, describe } from 'vitest'
import { createDynamoStore } from '../../shared/adapters/aws/dynamo-store.ts'
import { indexes } from '../../shared/domain/keys.ts'
import { Backend } from '../simulation/backend.ts'
import { createDice } from '../simulation/dice.ts'
import { createSimulatedClient } from '../simulation/dynamo-client.ts'
import { tables } from '../simulation/dynamo-request.ts'
import { DynamoService } from '../simulation/dynamo-service.ts'
import { calm } from '../simulation/faults.ts'
import { Scheduler } from '../simulation/scheduler.ts'
import { type OpenedStore, storeContract } from './store.contract.ts'
import { decisionContract } from './store-decisions.contract.ts'

async function open(): Promise<OpenedStore> {
  const dice = createDice('contract')
  const scheduler = new Scheduler(dice, 0)
  const faults = () => calm
  const service = new DynamoService({ scheduler, backend: new Backend(scheduler, dice), faults })
  const process = { name: 'contract', skew: 0, alive: true }
  const client = createSimulatedClient({
    scheduler,
    service,
    dice,
    process,
    faults,
    cutOff: () => false,
    threw: () => undefined,
    note: () => undefined,
  })
  const clock = {
    now: () => scheduler.now,
    sleep: (ms: number, signal?: AbortSignal) =>
      new Promise<void>(resolve => {
        const cancel = scheduler.after(ms, resolve)
        signal?.addEventListener('abort', () => {
          cancel()
          resolve()
        })
      }),
  }
  let closed = false
  const run = async (): Promise<void> => {
    while (!closed) {
      await scheduler.run(() => false)
      await new Promise(setImmediate)
    }
  }
  void run()
  return {
    store: createDynamoStore({
      client,
      tables,
      clock,
      random: dice,
      indexes: Object.values(indexes),
    }),
    close: () => {
      closed = true
    },
  }
}

storeContract('the adapter on the simulated DynamoDB', open)

describe('the adapter on the simulated DynamoDB', () => {
  let opened: OpenedStore
  beforeAll(async () => {
    opened = await open()
  })
  afterAll(() => opened.close())
  decisionContract(() => opened.store, 1_000)
})
