import { abort } from './abort.ts'
import { atOnce } from './at-once.ts'
import type { Bench } from './bench.ts'
import { coldStart } from './cold-start.ts'
import { gate } from './gate.ts'
import { log } from './log.ts'
import { memory } from './memory.ts'
import { meters } from './meters.ts'
import { token } from './token.ts'
import { watermark } from './watermark.ts'

/** In the order in which they run. */
export const benches: readonly Bench[] = [
  token,
  gate,
  meters,
  coldStart,
  atOnce,
  abort,
  memory,
  log,
  watermark,
]
