import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Refusal } from '../../../shared/domain/refusal.ts'
import { parseJson } from '../../../shared/upstream/json.ts'

const parse = (text: string) => parseJson(Buffer.from(text))
const detail = (text: string): string | undefined => {
  const parsed = parse(text)
  return parsed instanceof Refusal ? parsed.facts.detail : undefined
}

test('what JSON.parse makes of a text without doubled keys is what comes out, however it is spaced', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), fc.constantFrom(undefined, 1, '\t'), (value, space) => {
      const text = JSON.stringify(value, undefined, space)
      fc.pre(!text.includes('__proto__'))
      expect(parse(text)).toEqual({ value: JSON.parse(text) })
    }),
  )
})

test.each(['{"a":{"__proto__":1}}', '{"a":[1e999]}', '{"a":-1e999}'])(
  '%s is refused: it would be another text when it is sent on',
  text => {
    expect(parse(text)).toMatchObject({ code: 'body_malformed' })
  },
)

test('any bytes are parsed or refused', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array(),
        fc.string().map(text => Buffer.from(text)),
      ),
      bytes => {
        const parsed = parseJson(bytes)
        if (parsed instanceof Refusal) expect(parsed.code).toBe('body_malformed')
      },
    ),
  )
})

test('a key that stands twice in any object is found, whatever surrounds it and however it is escaped', () => {
  const key = fc.string({ maxLength: 5 })
  // That name is refused by itself, wherever it stands.
  const value = fc.jsonValue().filter(one => !JSON.stringify(one).includes('"__proto__"'))
  fc.assert(
    fc.property(key, value, value, fc.boolean(), (name, a, b, escaped) => {
      const plain = JSON.stringify(name)
      const other = escaped
        ? `"${[...name].map(c => (c.length === 1 ? `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}` : c)).join('')}"`
        : plain
      const text = `[{"x${plain.slice(1)}: ${JSON.stringify(a)}, ${plain} : 1, ${other}\n:${JSON.stringify(b)}}]`
      expect(detail(text)).toMatch(/twice/)
    }),
  )
})

describe('it is refused', () => {
  test.each([
    ['{"a":1,"a":1}', /"a" twice/],
    [`${'['.repeat(65)}${']'.repeat(65)}`, /deeper than 64/],
    [`${'{"a":'.repeat(65)}1${'}'.repeat(65)}`, /deeper than 64/],
    [
      JSON.stringify(Object.fromEntries(Array.from({ length: 20_002 }, (_, i) => [`k${i}`, i]))),
      /more than 20000 values/,
    ],
    ['{"a":', /not JSON/],
    ['', /not JSON/],
  ])('%.30s', (text, why) => {
    expect(detail(text)).toMatch(why)
  })

  test('when it is not UTF-8', () => {
    expect(parseJson(Uint8Array.of(0x22, 0xff, 0x22))).toMatchObject({ code: 'body_malformed' })
  })

  test('not at the limits themselves, and not for the same key in two objects or in a value', () => {
    expect(detail(`${'['.repeat(64)}${']'.repeat(64)}`)).toBeUndefined()
    expect(detail('[{"a":1},{"a":{"a":"a\\":"}}]')).toBeUndefined()
  })

  test('a nesting of a million levels costs no stack', () => {
    expect(detail('['.repeat(1_000_000) + ']'.repeat(1_000_000))).toMatch(/deeper/)
  })
})
