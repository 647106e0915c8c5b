import { emfTelemetry } from '../../shared/adapters/aws/emf-telemetry.ts'
import { readEnvironment } from '../../shared/adapters/aws/environment.ts'
import { systemClock } from '../../shared/adapters/world.ts'
import { openObjects } from '../aws-objects.ts'
import type { Opening } from '../lambda.ts'
import { createConsole, refusedByConsole } from './app.ts'

const environment = readEnvironment(process.env)
const telemetry = emfTelemetry(systemClock, environment.functionName, line => process.stdout.write(line))
const objects = openObjects(environment)

/** It has no table and no key: its world is the bucket. */
export const console: Opening = {
  telemetry,
  refused: refusedByConsole,
  open: async () => createConsole({ objects, telemetry }),
}
