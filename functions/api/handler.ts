import { streaming } from '../lambda.ts'
import { api } from './aws.ts'

/** Streamed, because the bytes of an export leave API Gateway as they are only then. */
export const handler = streaming(api)
