/** Digits as a program reads them off a picture: what looks like one is one where only a digit can stand. Pure. */

/** By what is drawn in nearly the same way. */
const drawnAlike: Readonly<Record<string, string>> = {
  ...{ O: '0', o: '0', Q: '0', D: '0' },
  ...{ l: '1', I: '1', i: '1', '|': '1', '!': '1' },
  ...{ Z: '2', z: '2', S: '5', s: '5', b: '6', G: '6', B: '8', g: '9', q: '9' },
}

/** For a class of a pattern: a digit, or what is taken for one. */
export const digitClass = '0-9OoQDlIi|!ZzSsbGBgq'
/** What a program writes where it cannot read a character. */
export const unreadableClass = '?\\ufffd□*#•'

/** `?` stands for what is none. */
export const asDigits = (text: string): string =>
  text.replace(/[^0-9]/gu, character => drawnAlike[character] ?? '?')

/** `undefined` where a digit of it cannot be read. */
export function asNumber(text: string): number | undefined {
  const digits = asDigits(text)
  return digits.includes('?') ? undefined : Number(digits)
}
