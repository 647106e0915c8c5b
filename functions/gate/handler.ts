import { streaming } from '../lambda.ts'
import { gate } from './aws.ts'

export const handler = streaming(gate)
