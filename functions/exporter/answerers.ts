import { answerAttribution } from './attribution.ts'
import type { Answerers } from './inquiries.ts'
import { answerTrace } from './trace/answer.ts'

/** Who answers which kind of inquiry. */
export const answerers: Answerers = { trace: answerTrace, attribution: answerAttribution }
