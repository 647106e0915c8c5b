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
