/** Classification markings in free text, by the forms of the CAPCO register (32 CFR 2001.24, DoDM 5200.01 vol. 2). */
import { foldText } from './folded-text.ts'
import { type Refusal, refuse } from './refusal.ts'

export const levels = ['UNCLASSIFIED', 'CONFIDENTIAL', 'SECRET', 'TOP SECRET'] as const
export type Level = (typeof levels)[number]

/** What limits who may be shown it: beside a level it makes a banner, whatever stands between. */
const caveat = '(?:NOFORN|NF|ORCON|RELIDO|REL\\s+TO|FGI|SI|TK|HCS|SCI|SAP|EYES\\s+ONLY)'
/** What is numbered by letters: `section 3 (C)`. */
const lettered =
  '(?:options?|sections?|sec\\.|clauses?|paragraphs?|para\\.|items?|annex|articles?|art\\.|parts?|titles?|points?|steps?|groups?|teams?|phases?|plans?|sizes?|vitamins?|§)'

const forms = (words: string, letters: string): readonly RegExp[] => [
  // (S//NF), [S/NF]; and (S) alone, where it is no letter of a list
  new RegExp(String.raw`(?<!\w)[([{]\s*${letters}\s*(?:\/|\\|-|,)[^)\]}]*[)\]}]`),
  new RegExp(
    String.raw`(?<!\w)(?<!\b(?i:${lettered})\s{0,3}[\d.]{0,9}\s{0,3})[([{]\s*${letters}\s*[)\]}](?!\s*(?:19|20)\d\d)`,
  ),
  // S//NF, SECRET//NF, secret//nf
  new RegExp(String.raw`(?<![\w/])${letters}\s*//\s*[A-Z]`),
  new RegExp(String.raw`(?<!\bTOP[\s_-]{1,9})\b${words}\s*//`, 'i'),
  new RegExp(String.raw`(?<!\bTOP[\s_-]{1,9})\b${words}\s*[/\\,|-]*\s*${caveat}\b`),
  new RegExp(String.raw`\bclassif(?:ication|ied)(?:\s+(?:as|level))?\s*[:=-]\s*${words}\b`, 'i'),
  // A line of its own, however it is dressed.
  new RegExp(String.raw`^[^\p{L}\p{N}\n]*(?:(?:NATO|COSMIC)\s+)?${words}[^\p{L}\p{N}\n]*$`, 'mu'),
]

/** Banner lines, portion marks, and the words at a line's beginning. A sentence may speak of secrets. */
const markings: readonly (readonly [Exclude<Level, 'UNCLASSIFIED'>, readonly RegExp[]])[] = [
  ['TOP SECRET', [...forms(String.raw`TOP[\s_-]*SECRET`, 'TS'), /^\s*TOP\s+SECRET\b/m]],
  ['SECRET', forms('SECRET', 'S')],
  ['CONFIDENTIAL', forms('CONFIDENTIAL', 'C')],
]

/** The refusal of a text that carries a marking above the level of the deployment. */
export function judgeText(text: string, field: string, level: Level = 'UNCLASSIFIED'): Refusal | undefined {
  const read = foldText(text)
  const found = markings.find(
    ([marked, all]) => levels.indexOf(marked) > levels.indexOf(level) && all.some(form => form.test(read)),
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
