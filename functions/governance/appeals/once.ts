/** A decision can be appealed once by whoever it is about, and an answer to it has its time. */
import { hash } from 'node:crypto'
import { randomId } from '../../../shared/domain/id.ts'

/**
 * An answer is due within it. A constant and no rule: those that owe the answer could stretch a rule, and what a partner
 * was promised when it appealed must not change afterwards.
 */
export const answerDays = 10

export const answerMs = answerDays * 86_400_000

/**
 * The same for the same decision about the same organisation: that makes it once, whoever of it asks, and a repeated
 * request finds what it has made. A hold can hit several, and each of them appeals for itself.
 */
export const appealId = (entry: string, organisation: string): string =>
  randomId('appeal', hash('sha256', `appeal ${entry} ${organisation}`, 'buffer').subarray(0, 16))
