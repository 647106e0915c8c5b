import { buffered } from '../lambda.ts'
import { api } from './aws.ts'

/** For a target whose API Gateway does not stream. */
export const handler = buffered(api)
