/**
 * A text as a reader takes it in: what only looks different, or cannot be seen, does not hide what it says. For judging
 * alone; what a person wrote is kept and shown as they wrote it.
 */

/** Letters of other scripts that are drawn as Latin ones are (a part of Unicode TR 39's confusables). */
const lookalikes: ReadonlyMap<string, string> = new Map(
  Object.entries({
    а: 'a',
    е: 'e',
    і: 'i',
    ј: 'j',
    о: 'o',
    р: 'p',
    с: 'c',
    ѕ: 's',
    у: 'y',
    х: 'x',
    ԁ: 'd',
    һ: 'h',
    ӏ: 'l',
    А: 'A',
    В: 'B',
    Е: 'E',
    І: 'I',
    Ј: 'J',
    К: 'K',
    М: 'M',
    Н: 'H',
    О: 'O',
    Р: 'P',
    С: 'C',
    Ѕ: 'S',
    Т: 'T',
    У: 'Y',
    Х: 'X',
    α: 'a',
    ο: 'o',
    ρ: 'p',
    ι: 'i',
    ν: 'v',
    Α: 'A',
    Β: 'B',
    Ε: 'E',
    Ζ: 'Z',
    Η: 'H',
    Ι: 'I',
    Κ: 'K',
    Μ: 'M',
    Ν: 'N',
    Ο: 'O',
    Ρ: 'P',
    Τ: 'T',
    Υ: 'Y',
    Χ: 'X',
    // What stands for a fraction, a decimal, a share.
    '⁄': '/',
    '∕': '/',
    '÷': '/',
    '·': '.',
    '٫': '.',
    '٬': ',',
    '٪': '%',
    '−': '-',
    '×': 'x',
    '∶': ':',
  }),
)

/**
 * NFKD without marks; without what is not drawn (default ignorable: zero-width characters, soft hyphens, directions,
 * fillers) and other control characters than white space; every decimal digit and every dash as ASCII has it.
 */
export const foldText = (text: string): string =>
  text
    // 10²⁶ is no 1026.
    .replace(/[⁰¹²³⁴-⁹]+/g, exponent => `^${exponent}`)
    .normalize('NFKD')
    .replace(/[\p{Default_Ignorable_Code_Point}\p{M}\p{Cf}]/gu, '')
    .replace(/[\v\f\u0085\u2028\u2029]/g, '\n')
    .replace(/[^\P{Cc}\t\n\r]/gu, '')
    .replace(/[^\P{Nd}0-9]/gu, digit => String(digitValue(digit)))
    .replace(/\p{Pd}/gu, '-')
    .replace(/\p{Zs}/gu, ' ')
    .replace(/[^\p{ASCII}]/gu, character => lookalikes.get(character) ?? character)

/** Unicode has the ten digits of a script in a row, from zero (section 4.6): rows that touch are ten each. */
function digitValue(digit: string): number {
  const code = digit.codePointAt(0) ?? 0
  let first = code
  while (/\p{Nd}/u.test(String.fromCodePoint(first - 1))) first -= 1
  return (code - first) % 10
}
