import { world } from '../aws.ts'
import { type Ran, runSweeper } from './run.ts'

/** Its answer is for whoever invokes it by hand; the schedule looks at none. */
export const handler = (): Promise<Ran> => runSweeper(world)
