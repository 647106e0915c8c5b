import { expect, test } from 'vitest'
import { formatJson, formatJsonl } from '../../../client/cli/output.ts'
import { longText, shortText } from '../../../functions/api/shapes/common.ts'

const hostile = 'a\u001b]0;title\u0007\u009b2J\u202eb\nc'

test('JSON for a terminal holds no control of its own, and is the same value', () => {
  for (const text of [formatJson({ n: hostile }), formatJsonl([{ n: hostile }])]) {
    expect([...text].filter(one => /[\p{Cc}\u202a-\u202e\u2066-\u2069]/u.test(one) && one !== '\n')).toEqual(
      [],
    )
    expect(JSON.parse(text)).toEqual({ n: hostile })
  }
})

test('a name with a control character is refused, and a reason may have lines', () => {
  for (const bad of ['a\u001b[2Jb', 'a\u009b2J', 'a\u0000', 'a\u007f']) {
    expect(shortText.safeParse(bad).success).toBe(false)
    expect(longText.safeParse(bad).success).toBe(false)
  }
  expect(shortText.safeParse('a\nb').success).toBe(false)
  expect(longText.safeParse('one\n\ttwo').success).toBe(true)
  expect(shortText.safeParse('Köln & Söhne, 京都').success).toBe(true)
})

test.each([
  ['a line', 'Halcyon\nCedar', 'one line'],
  ['a tab', 'Halcyon\tCedar', 'one line'],
  ['a direction', 'Cedar\u202ekcolB', 'U+202E'],
  ['an isolate', 'Cedar \u2066Labs\u2069', 'U+2066'],
  ['a zero-width space', 'Ce\u200bdar', 'U+200B'],
  ['a word joiner', 'Ce\u2060dar', 'U+2060'],
  ['a joiner of letters that do not join', 'Ce\u200ddar', 'U+200D'],
  ['a byte order mark', 'Ce\ufeffdar', 'U+FEFF'],
  ['a soft hyphen', 'Ce\u00addar', 'U+00AD'],
  ['a letter of a tag', 'Cedar\u{e0041}', 'U+E0041'],
  ['a filler', 'Cedar\u3164', 'U+3164'],
  ['a line separator', 'Cedar\u2028Labs', 'U+2028'],
  ['half a surrogate pair', 'Cedar\ud800', 'U+D800'],
])('a name with %s is refused, and the refusal says which character it is', (_, name, what) => {
  const { error } = shortText.safeParse(name)
  expect(error?.issues[0]?.message).toContain(what)
  if (what !== 'one line') expect(longText.safeParse(name).error?.issues[0]?.message).toContain(what)
})

test.each(['علی\u200cرضا', 'क्\u200dष', 'Grüße ❤\ufe0f', '株式会社', 'Ибрагим', 'e\u0301', 'שלום'])(
  'a name as people write it is taken: %s',
  name => {
    expect(shortText.safeParse(name).success).toBe(true)
  },
)
