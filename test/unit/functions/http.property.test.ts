import type { APIGatewayProxyEvent } from 'aws-lambda'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { headerValues } from '../../../functions/http.ts'

const name = fc.oneof(
  fc.constantFrom('dpop', 'DPoP', 'DPOP', 'dpop_', '__proto__', 'constructor'),
  fc.string(),
)
const lines = fc.array(fc.tuple(name, fc.string()))

test('every value of a header is found, in whatever case its name was sent, and none of another', () => {
  fc.assert(
    fc.property(lines, lines => {
      const multiValueHeaders: Record<string, string[]> = Object.create(null)
      for (const [name, value] of lines) {
        multiValueHeaders[name] ??= []
        multiValueHeaders[name].push(value)
      }
      const headers = Object.fromEntries(lines)
      const event = { headers, multiValueHeaders } as unknown as APIGatewayProxyEvent
      const sent = lines.filter(([name]) => name.toLowerCase() === 'dpop').map(([, value]) => value)
      expect([...headerValues(event, 'dpop')].sort()).toEqual(sent.sort())
    }),
  )
})

test('where the gateway shows single values only, those count; an event may show none', () => {
  fc.assert(
    fc.property(fc.option(fc.dictionary(name, fc.string(), { noNullPrototype: false })), headers => {
      const sent = Object.entries(headers ?? {}).filter(([name]) => name.toLowerCase() === 'dpop')
      const event = { headers, multiValueHeaders: null } as unknown as APIGatewayProxyEvent
      expect(headerValues(event, 'dpop')).toEqual(sent.map(([, value]) => value))
    }),
  )
})
