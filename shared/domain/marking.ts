/** Classification markings in free text, by the forms of the CAPCO register (32 CFR 2001.24, DoDM 5200.01 vol. 2). */
import { type Refusal, refuse } from './refusal.ts'

export const levels = ['UNCLASSIFIED', 'CONFIDENTIAL', 'SECRET', 'TOP SECRET'] as const
export type Level = (typeof levels)[number]

/** Banner lines, portion marks, and the words at a line's beginning. A sentence may speak of secrets. */
const markings: readonly (readonly [Exclude<Level, 'UNCLASSIFIED'>, RegExp])[] = [
  ['TOP SECRET', /\(\s*TS\s*(\/\/[^)]*)?\)|\bTOP\s+SECRET\s*\/\/|^\s*TOP\s+SECRET\b/m],
  ['SECRET', /\(\s*S\s*(\/\/[^)]*)?\)|(?<!TOP\s{1,9})\bSECRET\s*\/\/|^\s*SECRET\s*$/m],
  ['CONFIDENTIAL', /\(\s*C\s*(\/\/[^)]*)?\)|\bCONFIDENTIAL\s*\/\/|^\s*CONFIDENTIAL\s*$/m],
]

/** The refusal of a text that carries a marking above the level of the deployment. */
export function judgeText(text: string, field: string, level: Level = 'UNCLASSIFIED'): Refusal | undefined {
  const found = markings.find(
    ([marked, form]) => levels.indexOf(marked) > levels.indexOf(level) && form.test(text),
  )
  if (found === undefined) return undefined
  return refuse(
    'classification_exceeded',
    `It carries a marking of ${found[0]}; here it is ${level} at most.`,
    {
      field,
    },
  )
}
