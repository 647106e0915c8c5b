import { buffered } from '../lambda.ts'
import { console } from './aws.ts'

/** For a target whose API Gateway does not stream. */
export const handler = buffered(console)
