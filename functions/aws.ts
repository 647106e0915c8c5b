/** The world of a deployed function. What stands here is made while its instance starts, which costs no request. */
import { createDynamoClient } from '../shared/adapters/aws/clients.ts'
import { createDynamoStore } from '../shared/adapters/aws/dynamo-store.ts'
import { emfTelemetry } from '../shared/adapters/aws/emf-telemetry.ts'
import { readEnvironment } from '../shared/adapters/aws/environment.ts'
import { systemClock, systemRandom } from '../shared/adapters/world.ts'
import { longTexts } from '../shared/domain/keys.ts'

export const environment = readEnvironment(process.env)

const clock = systemClock
const random = systemRandom

export const world = {
  clock,
  random,
  telemetry: emfTelemetry(clock, environment.functionName, line => process.stdout.write(line)),
  store: createDynamoStore({
    client: createDynamoClient(),
    tables: environment.tables,
    clock,
    random,
    packed: longTexts,
  }),
}
