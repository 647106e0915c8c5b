import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { EventSplitter, readEvent } from '../../../shared/upstream/sse.ts'

const split = (...chunks: string[]): string[] => {
  const splitter = new EventSplitter()
  return chunks.flatMap(chunk =>
    splitter.push(Buffer.from(chunk)).map(event => Buffer.from(event).toString()),
  )
}

describe('events', () => {
  test.each([
    ['LF', 'data: a\n\n', 'data: b\n\n'],
    ['CRLF', 'data: a\r\n\r\n', 'data: b\r\n\r\n'],
    ['CR', 'data: a\r\r', 'data: b\r\r'],
  ])('end at the first blank line, with lines in %s', (_, a, b) => {
    expect(split(a + b)).toEqual([a, b])
  })

  test('that are not whole yet wait for their end', () => {
    expect(split('data: a', '\n', '\ndata')).toEqual(['data: a\n\n'])
  })

  test('that end nowhere are an error, not a growing buffer', () => {
    const splitter = new EventSplitter()
    const push = () => splitter.push(new Uint8Array(1 << 16).fill(97))
    expect(() => {
      for (let i = 0; i <= 256; i++) push()
    }).toThrow(RangeError)
  })

  test('lose and invent no byte, however the stream is cut', () => {
    const bytes = fc.array(fc.constantFrom('a', ':', '\n', '\r', '\r\n', '\n\n', 'é'), { maxLength: 40 })
    fc.assert(
      fc.property(bytes, fc.array(fc.nat(8), { minLength: 1 }), (parts, sizes) => {
        const whole = Buffer.from(parts.join(''))
        const splitter = new EventSplitter()
        const out: Uint8Array[] = []
        for (let at = 0, i = 0; at < whole.length; i++) {
          const size = (sizes[i % sizes.length] ?? 0) + 1
          out.push(...splitter.push(whole.subarray(at, at + size)))
          at += size
        }
        expect(Buffer.concat([...out, ...splitter.end()]).subarray(0, whole.length)).toEqual(whole)
      }),
    )
  })

  test('are the same however the stream is cut between its characters', () => {
    const event = fc.array(fc.constantFrom('data: x', 'event: y', ': z'), { minLength: 1, maxLength: 3 })
    fc.assert(
      fc.property(fc.array(event, { maxLength: 5 }), fc.nat(9), (events, size) => {
        const texts = events.map(lines => `${lines.join('\n')}\n\n`)
        const whole = texts.join('')
        const chunks = whole.match(new RegExp(`[^]{1,${size + 1}}`, 'g')) ?? []
        expect(split(...chunks)).toEqual(texts)
      }),
    )
  })
})

test('an event has a name and its data lines, joined', () => {
  const read = (text: string) => readEvent(Buffer.from(text))
  expect(read('data: {"a":1}\n\n')).toEqual({ name: undefined, data: '{"a":1}' })
  expect(read('event: x\r\ndata:1\r\ndata: 2\r\ndata\r\n: no\r\n\r\n')).toEqual({ name: 'x', data: '1\n2\n' })
  expect(read('data: [DONE]\rid: 1\n\n')).toEqual({ name: undefined, data: '[DONE]' })
  expect(read('\ufeffevent:error\ndata: {}\n\n')).toEqual({ name: 'error', data: '{}' })
  expect(read(': comment\n\n')).toEqual({ name: undefined, data: '' })
})
