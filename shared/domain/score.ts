/**
 * Scores and thresholds in free text. What a determination rests on stays with the office that made it: here stand that
 * it was made, by whom, and a reference that means something to the office alone. A text that looks like a score is
 * refused. What looks like a date, a section, a case number or a count of people and days is not one.
 */
import { foldText } from './folded-text.ts'
import { type Refusal, refuse } from './refusal.ts'

/**
 * The refusal of a text that looks like a score or a threshold. `names` are those of the records that it is about: a
 * model may be called by a number.
 */
export function judgeScore(text: string, field: string, names: readonly string[] = []): Refusal | undefined {
  return hasScore(withoutNames(text, names)) ? refusal(field) : undefined
}

/** The same of what names a person or a determination, and says nothing: none of the words of a score has a place there. */
export function judgeNamed(text: string, field: string): Refusal | undefined {
  const read = foldText(text).toLowerCase()
  const apart = read.replace(/[\s_-]+/g, ' ')
  return hasScore(text) || outOfPlace.some(form => form.test(read) || form.test(apart))
    ? refusal(field)
    : undefined
}

const refusal = (field: string): Refusal =>
  refuse('score_refused', 'Only who determined it, when, and a reference are kept.', { field })

const withoutNames = (text: string, names: readonly string[]): string =>
  names
    .filter(name => name !== '')
    .map(
      name =>
        new RegExp(
          `(?<![\\p{L}\\p{N}])${name.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')}(?![\\p{L}\\p{N}]|[.,]\\d)`,
          'gu',
        ),
    )
    .reduce((left, whole) => left.replace(whole, ' it '), text)

const digits = String.raw`\d(?:[\d,.]*\d)?`
const small =
  'zero|nought|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen'
const tens = 'twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety'
const word = String.raw`(?:(?:${tens})(?:[\s-]?(?:${small}))?|(?:${small})(?:teen)?(?:\shundred)?|(?:a|one)\shundred|hundred|half)`
const number = `(?:${digits}|${word})`
/** Neither inside a word nor inside a longer number. */
const begins = String.raw`(?<![a-z\d])`
const ends = String.raw`(?![a-z\d])`

/** In a name or a reference: OFR-2026-1e26-FLOP, above-threshold, 9 of 10, 9/10. */
const outOfPlace: readonly RegExp[] = [
  /(?<![a-z\d.])\d+(?:\.\d+)?e[+-]?\d+(?![a-z\d])/,
  /(?<![a-z])(?:[kmgtpezy]|exa|peta|zetta|yotta)?flops?(?![a-z])/,
  /(?<![a-z])(?:sub)?(?:thresholds?|scor(?:e[ds]?|ing)|cut ?offs?|percent\w*|pct|benchmarks?|uplift|accuracy)(?![a-z])/,
  new RegExp(String.raw`${begins}${number}\s(?:out\s)?of\s(?:the\s|all\s)?${number}${ends}`),
  /(?<![\d/])\d{1,3}\/\d{1,3}(?![\d/])/,
]

const percent = String.raw`(?:%|‰|‱|o/oo|per\s?-?\s?cent\w*|pct|pc|percentage|percentile|per\s(?:hundred|thousand|mille?)|prozent|pour\s?cent|por\s?ciento|per\s?cento|bps|basis\spoints?|pp)`

const tasks = 'tasks?|problems?|questions?|trials?|attempts?|challenges?|prompts?|exploits?|tests|runs|games'
const solved =
  'solve[sd]?|solving|answer(?:s|ed)|pass(?:es|ed)|beats?|wins?|won|completes?d?|succeed(?:s|ed)\\sin|fail(?:s|ed)'
/** XCIII; a single letter is none. */
const roman = '(?=[cxliv]{2})(?:xc|xl|l?x{0,3})(?:ix|iv|v?i{0,3})'

/** Whatever stands around them. */
const always: readonly RegExp[] = [
  // 87 %, %87, eighty per cent, 90th percentile
  new RegExp(String.raw`\d\s?(?:st|nd|rd|th)?[\s-]?${percent}${ends}`),
  /%\s?\d/,
  new RegExp(String.raw`${begins}${word}(?:th)?[\s-]?${percent}${ends}`),
  // pass@1, top-5 of a benchmark, best of n
  /(?<![a-z])(?:pass|maj|cons|recall|precision|hit|map|ndcg|top|bo)\s?@\s?\d/,
  // 9.3e-1, 1e26, 10^26, 10**26, 3 x 10^25
  /(?<![\w-])\d+(?:[.,]\d+)?\s?e\s?[+-]\s?\d/,
  /(?<![\w.-])\d+(?:[.,]\d+)?e\d+(?:flops?)?(?![\w-])/,
  /\d\s?(?:\^|\*\*)\s?[+-]?\d/,
  new RegExp(String.raw`${begins}${number}\sto\sthe\s(?:power|\d|${tens}|${small})`),
  // 1e26 operations, by whatever number
  new RegExp(String.raw`${begins}${number}\s?(?:[kmgtpezy]|exa|peta|zetta|yotta)?flops?${ends}`),
  // 26 orders of magnitude
  new RegExp(String.raw`${begins}${number}\sorders?\sof\smagnitude`),
  // 43 of 50 tasks, solved 43 problems of 50
  new RegExp(String.raw`${begins}${number}\sof\s(?:the\s|all\s)?${number}\s(?:${tasks})${ends}`),
  new RegExp(
    String.raw`(?<![a-z])(?:${solved})\s(?:\w+\s){0,2}${number}(?:\s(?:${tasks}))?\s(?:out\s)?of\s(?:the\s|all\s)?${number}${ends}`,
  ),
  // at least 87, exceeds 87: and nothing that is counted
  new RegExp(
    String.raw`(?<![a-z])(?:at\s(?:least|most)|(?:more|less|fewer|higher|lower)\sthan|exceed(?:s|ed|ing)?)\s${number}(?=\s?(?:[.,;:!?)](?!\d)|$))`,
  ),
  /\d\s?(?:±|\+\/-|\+-)\s?\d/,
  // 5 sigma, 3x, 10-fold
  new RegExp(String.raw`${begins}${number}[\s-]?(?:sigmas?|σ|fold|std\.?\sdevs?|standard\sdeviations?)`),
  /(?<![\w.-])\d+(?:[.,]\d+)?\s?x(?![\w-])(?!\s?\d)/,
  // 87 out of 100, nine in ten, 87 of 100
  new RegExp(String.raw`${begins}${number}\s(?:out\sof|over)\s(?:an?\s)?${number}${ends}`),
  new RegExp(
    String.raw`${begins}${number}\s(?:per|from|in\severy)\s(?:an?\s)?(?:100|1,?000|hundred|thousand)${ends}(?!\s?(?:days?|hours?|weeks?|months?|minutes?|years?))`,
  ),
  new RegExp(
    String.raw`(?<!\b(?:page|part|sheet|step|volume|copy|annex)\s)${begins}${number}\sof\s(?:an?\s)?(?:100|1,?000|hundred|thousand)${ends}`,
  ),
  new RegExp(
    String.raw`${begins}${number}\sin\s(?:an?\s)?(?:10|100|1,?000|ten|hundred|thousand)${ends}(?!\s?(?:days?|hours?|weeks?|months?|minutes?|years?))`,
  ),
  // zero point nine three
  new RegExp(String.raw`${begins}(?:${small}|${tens}|\d+|oh)\spoint\s(?:${small}|oh|\d)`),
  new RegExp(
    String.raw`(?:^|\s)point\s(?:${small}|oh)${ends}(?!\s(?:of|on|in)\s(?:the|this|that|its|your|our)\s)`,
  ),
  // two thirds, nine-tenths
  new RegExp(
    String.raw`${begins}(?:${small}|\d+)[\s-](?:thirds?|fourths|fifths?|sixths?|sevenths?|eighths?|ninths?|tenths?|hundredths?)${ends}`,
  ),
  // It is nothing but a number, or a range of two.
  /^[^\w§#]*\d{1,3}\W*$|^[^\w§#]*\d{1,3}\s?(?:-|to|\.\.+)\s?\d{1,3}\W*$/,
  new RegExp(String.raw`^\W*${word}\W*$`),
  // 87:100
  /(?<!\d)\d{1,4}(?:[.,]\d+)?\s?:\s?(?:100|1000)(?!\d)/,
]

/** A number near one of these is a score, whatever words are between. */
const measures =
  'percent(?:ages?)?|scor(?:e[ds]?|ing)|subscores?|thresholds?|cut-?\\s?offs?|accurac(?:y|ies)|percentiles?|quantiles?|perplexit(?:y|ies)|ppl|elo|logits?|log-?\\s?(?:prob(?:abilit(?:y|ies)|s)?|odds|likelihoods?|loss(?:es)?)|logprobs?|au(?:ro|pr)?c|auprc|bleu|rouge|benchmarks?|brier|f-?1\\s?(?=[:=])|win-?\\s?rates?|(?:success|solve|pass|error|refusal|hit|attack\\ssuccess)-?\\s?rates?|uplift|(?:risk|capability|danger|hazard|threat|severity|safety)\\s?-?\\s?(?:levels?|tiers?|index|class|ratings?)|asl|csl'

/** Names that evaluations of models go by. */
const benchmarks =
  'mmlu(?:-?\\s?pro)?|gpqa(?:\\s?-?diamond)?|humaneval\\+?|mbpp\\+?|wmdp(?:-?(?:bio|chem|cyber))?|cybench|gsm-?\\s?8k|arc-?\\s?agi(?:-?\\d)?|hellaswag|truthfulqa|bbh|aime|hle|livecodebench|frontiermath|codeforces|(?:lm|chatbot)\\s?arena|harmbench|agentharm|strongreject|osworld|webarena|gaia|tau-?bench|vct|biolp|protocolqa|[a-z]+-?\\s?bench(?:mark)?'

/** Words of every day: only a number that is said of them makes a score. */
const everyday =
  'rating|rated|rank(?:s|ed|ing)?|grade[ds]?|marks?|marked|loss|levels?|tier|probabilit(?:y|ies)|prob|likelihood|confidence|precision|recall|rates?|index|metrics?|measure[ds]?|results?|values?|points?|figure|f-?1|evals?|evaluation|performance|limit|bar|minimum|maximum|average|mean|median|total'
const link = String.raw`(?:\s?(?:[:=~<>≈≥≤]|<=|>=|->|is|was|were|are|be|of|at|to|by|as|with|equals?|above|below|over|under|about|around|exceeds?|reache[ds]|about|a|an|approximately|roughly)){1,4}`

const near: readonly RegExp[] = [
  new RegExp(String.raw`(?<![a-z])(?:${measures}|${benchmarks})(?![a-z])[^.;!?\d]{0,40}\d`),
  new RegExp(String.raw`(?<![a-z])(?:${measures}|${benchmarks})(?:${link}|\s)\s?(?:${word}|${roman})${ends}`),
  new RegExp(
    String.raw`${begins}${number}(?:\s(?:on|in|at|by|for|of|as|its|the|an?|is|was))*[\s-](?:${measures}|${benchmarks}|points?|pts?|marks?|stars?)(?![a-z])`,
  ),
  new RegExp(String.raw`(?<![a-z])(?:${everyday})(?:${link}|\s|-)?\s?${number}${ends}`),
  // 0.93, .93, 0,93, 3.5; spaced, too
  /(?<![\d])\d*[.,]\d+(?![\d])/,
  /\d\s\.\s?\d|(?<!\d)0\s?\.\s?\d/,
  // 87/100
  /\d\s?\/\s?\d/,
  // between 80 and 90
  new RegExp(String.raw`${begins}(?:between|from)\s${number}\s(?:and|to)\s${number}(?=\s?(?:[.,;:!?)]|$))`),
]

function hasScore(text: string): boolean {
  const read = foldText(text)
    .toLowerCase()
    .replace(/[\s_]+/g, ' ')
    .trim()
  if (always.some(form => form.test(read))) return true
  const rest = foldText(text).toLowerCase().replace(/\s+/g, ' ').trim()
  const left = references.reduce((left, [form, instead]) => left.replace(form, instead), rest)
  const bare = left.replace(tokens, token => (isIdentifier(token) ? mask : token)).replaceAll('_', ' ')
  return near.some(form => form.test(bare))
}

/** In place of what is no score. It is no letter, no digit, and it ends what a measure could be said of. */
const mask = ' ; '

const months =
  '(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\\.?'
const year = '(?:19|20)\\d\\d'
const day = '(?:0?[1-9]|[12]\\d|3[01])'
const month = '(?:0?[1-9]|1[0-2])'
const apart = '(?<![\\w.,/-])'
const whole = '(?![\\w/]|[.,-]\\d)'
/** Of what is numbered: no share begins without a digit that counts. */
const numbered = '[1-9]\\d*(?:[.-]\\d+)*[a-z]?(?:\\s?\\([a-z\\d]{1,4}\\))*'
const numberedThings =
  'sections?|secs?\\.?|§+|articles?|arts?\\.?|paragraphs?|paras?\\.?|clauses?|chapters?|annex(?:es)?|appendix|appendices|title|parts?|pages?|pp?\\.|items?|steps?|version|v\\.?|rules?|e\\.?o\\.?|executive\\sorder|order|rfc|nspm|cases?|docket|files?|tickets?|nos?\\.?|nr\\.?|numbers?|refs?\\.?|reference|room|suite|floor|volumes?|vols?\\.?|tables?|incident|memo(?:randum)?|form|cfr|usc|u\\.s\\.c\\.|quarter|phase|day|week'
const kinds =
  '(?:working|business|calendar|full|more|other|different|named|independent|senior|technical|separate)'
const counted =
  'people|persons?|days?|hours?|hrs?|weeks?|months?|years?|minutes?|mins?|seconds?|reviewers?|experts?|members?|staff|models?|offices?|officers?|documents?|pages?|annex(?:es)?|meetings?|sessions?|agenc(?:y|ies)|organisations?|partners?|clients?|copies|signatures?|signatories|calls?|requests?|of\\sus'

/** What is masked before a number is taken for a score, each whole. */
const references: readonly (readonly [RegExp, string])[] = [
  // RFC 3339, and dates as people write them
  [
    new RegExp(
      `${apart}${year}-\\d\\d-\\d\\d(?:[t ]\\d\\d:\\d\\d(?::\\d\\d(?:\\.\\d+)?)?(?:\\s?z|[+-]\\d\\d:?\\d\\d)?)?${whole}`,
      'g',
    ),
    mask,
  ],
  [new RegExp(`${apart}(?:${day}[./]\\s?${month}|${month}/${day})[./]\\s?${year}${whole}`, 'g'), mask],
  [new RegExp(`${apart}${year}/${month}/${day}${whole}`, 'g'), mask],
  [new RegExp(`${apart}${month}[./]${year}${whole}`, 'g'), mask],
  [
    new RegExp(`${apart}${day}(?:st|nd|rd|th)?\\.?(?:\\sof)?\\s${months}(?:,?\\s${year})?${whole}`, 'g'),
    mask,
  ],
  [new RegExp(`(?<![a-z])${months}\\s${day}(?:st|nd|rd|th)?(?:,?\\s${year})?${whole}`, 'g'), mask],
  [new RegExp(`(?<![a-z])${months}\\s${year}${whole}`, 'g'), mask],
  [/(?<![\w.,:])(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d)?(?![\w.,:]?\d)/g, mask],
  [/(?<![\w.,/])24\/7(?![\w/]|[.,]\d)/g, mask],
  // section 3(c), case 12-345, EO 14409
  [
    new RegExp(
      `(?<![a-z])(?:${numberedThings})\\s?#?\\s?${numbered}(?:(?:,\\s?|\\s(?:and|to|or|of)\\s|-)${numbered})*${whole}`,
      'g',
    ),
    mask,
  ],
  // 2 people, 30 days, 3 to 5 working days
  [
    new RegExp(
      `${apart}\\d{1,9}(?:,\\d{3})*(?:\\s?(?:-|to|and|or)\\s?\\d{1,9})?[\\s-](?:${kinds}\\s)?(?:${counted})(?![a-z])`,
      'g',
    ),
    mask,
  ],
  // one meeting, two reviewers
  [new RegExp(`(?<![a-z\\d-])(?:${small})\\s(?:${kinds}\\s)?(?:${counted})(?![a-z])`, 'g'), mask],
  // points 1 to 4 of the memo
  [
    new RegExp(
      `(?<![a-z])points?\\s(?:\\d{1,2}|${small})(?:\\s(?:to|and)\\s(?:\\d{1,2}|${small}))?\\s(?:of|on|in)\\s(?:the|this|that|its)\\s`,
      'g',
    ),
    mask,
  ],
  // tier one office
  [/(?<![a-z])tier\s(?:one|two|three)\s(?=(?:office|agenc|partner|supplier|provider)s?)/g, mask],
  // 555-0142-17, +1 202 555 0142
  [/(?<![\w.,/-])\+?\d{1,4}(?:[ -]\(?\d{2,8}\)?){1,5}(?![\w/]|[.,-]\d)/g, mask],
  // 2026/0001, 2026.0001
  [new RegExp(`${apart}${year}[./]\\d{1,8}${whole}`, 'g'), mask],
  // 1,000,000
  [/(?<![\w.,/-])[1-9]\d{0,2}(?:,\d{3})+(?![\w/]|[.,-]\d)/g, ' 1000 '],
]

const tokens = /[a-z\d][\w./#-]*[a-z\d]/g
const measure = new RegExp(`(?<![a-z])(?:${measures}|${benchmarks}|f)(?![a-z])`)

const saysScore = /^(?:sub)?(?:scor|thresh|accura|percent|mmlu|gpqa|logit)/

/** A name that was given, as offices give them: `ofr-2026-0001`. */
function isIdentifier(token: string): boolean {
  if (!/[a-z]/.test(token) || !/\d/.test(token)) return false
  if (/(?<!\d)0+[.,]\d/.test(token) || /\d\/\d/.test(token.replace(new RegExp(`${year}/\\d`, 'g'), '')))
    return false
  if (token.split(/[-_/]/).some(isDecimal)) return false
  const filed = new RegExp(`^[a-z]{1,12}[-_./]${year}[-_./]\\w+$`).test(token)
  return (filed && !saysScore.test(token)) || !measure.test(token)
}

const isDecimal = (part: string): boolean => {
  const [, before = '', after = ''] = /^(\d*)\.(\d+)$/.exec(part) ?? []
  const isYear = (text: string): boolean => /^(?:19|20)\d\d$/.test(text)
  return after !== '' && !isYear(before) && !isYear(after)
}
