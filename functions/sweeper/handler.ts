import { world } from '../aws.ts'
import { type Swept, sweep } from './app.ts'

/** Its answer is for whoever invokes it by hand; the schedule looks at none. */
export const handler = (): Promise<Swept> => sweep(world)
