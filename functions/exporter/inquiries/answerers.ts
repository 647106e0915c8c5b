import { answerAttribution } from '../attribution/answer.ts'
import { answerTrace } from '../trace/answer.ts'
import type { Answerers } from './answer-inquiries.ts'

/** Who answers which kind of inquiry. */
export const answerers: Answerers = { trace: answerTrace, attribution: answerAttribution }
