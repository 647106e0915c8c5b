/** Who of those who had a record is named by the marks of a leak, and how sure that is. Pure. */
import { type CodeVerdict, traceCode } from './code.ts'
import { type DigitsVerdict, traceDigits } from './digits.ts'
import type { Candidate, Reading, Records } from './reading.ts'

export interface MarksVerdict {
  readonly digits: DigitsVerdict
  readonly code: CodeVerdict
}

/**
 * `epsilon` is the probability that may be risked that anybody innocent is named, by either layer: each may risk half. A
 * candidate whose slot is plain, or who had none while the records were made, has nothing to be compared and is not
 * tested. The candidates are all who can have leaked, not those who are suspected: the bounds are for as many as there are.
 */
export function traceMarks(
  readings: readonly Reading[],
  records: Records,
  candidates: readonly Candidate[],
  epsilon: number,
): MarksVerdict {
  return {
    digits: traceDigits(readings, records, candidates, epsilon / 2),
    code: traceCode(readings, records, candidates, epsilon / 2),
  }
}
