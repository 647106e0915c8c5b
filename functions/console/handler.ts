import { streaming } from '../lambda.ts'
import { console } from './aws.ts'

/** Streamed, because bytes leave API Gateway as they are only then. */
export const handler = streaming(console)
