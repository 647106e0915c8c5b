/** What other parties send to the client: read as far as it goes, whatever it is. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createHttp, discover } from '../../../client/discovery.ts'
import { readIssuer } from '../../../client/issuer.ts'
import { at, readJson, textAt } from '../../../client/json.ts'
import { readTokenRefusal, refusalResponse } from '../../../client/token-refused.ts'

const path = fc.array(fc.oneof(fc.constantFrom('__proto__', 'constructor', 'length', '0'), fc.string()))

test('a path ends in what stands there or in nothing, and finds nothing that was only inherited', () => {
  fc.assert(
    fc.property(fc.anything(), path, (value, path) => {
      const text = textAt(value, ...path)
      expect(text === undefined || text === at(value, ...path)).toBe(true)
      expect(at(value, ...path, '__proto__x')).toBeUndefined()
    }),
  )
  fc.assert(
    fc.property(fc.array(fc.string(), { minLength: 1 }), fc.string(), (path, text) => {
      const value = path.reduceRight<unknown>((inner, name) => ({ [name]: inner }), text)
      expect(textAt(value, ...path)).toBe(text)
    }),
  )
})

const status = fc.integer({ min: 400, max: 599 })
const body = fc.oneof(
  fc.uint8Array().map(bytes => Buffer.from(bytes).toString('latin1')),
  fc.json(),
  fc
    .dictionary(fc.constantFrom('error', 'error_description', 'sallyport'), fc.jsonValue())
    .map(value => JSON.stringify(value)),
)

test('any body of any status is a refusal with a code, and becomes one that both SDKs read', async () => {
  await fc.assert(
    fc.asyncProperty(body, status, async (body, status) => {
      const refused = await readTokenRefusal(new Response(body, { status }))
      expect(refused).toMatchObject({ status, code: expect.any(String), description: expect.any(String) })
      const response = refusalResponse(refused)
      expect([401, 403, 429, ...(status >= 500 ? [status] : [])]).toContain(response.status)
      expect(textAt(await readJson(response), 'error', 'sallyport', 'code')).toBe(refused.code)
    }),
  )
})

test('a body that is no JSON is none', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string(), async text => {
      const value = await readJson(new Response(text))
      if (value !== undefined) expect(JSON.parse(text)).toEqual(value)
    }),
  )
})

test('any answer at the place of the metadata is a gateway’s, or an error that says what to do', async () => {
  const issuer = readIssuer('https://gate.example')
  const metadata = fc
    .dictionary(
      fc.constantFrom('issuer', 'token_endpoint', 'jwks_uri'),
      fc.oneof(fc.constant(issuer.href), fc.jsonValue()),
    )
    .map(value => JSON.stringify(value))
  const type = fc.constantFrom('application/json', 'text/html', 'application/json; charset=x')
  const answered = fc.constantFrom(200, 201, 301, 404, 429, 500)
  await fc.assert(
    fc.asyncProperty(fc.oneof(body, metadata), answered, type, async (body, status, type) => {
      const response = new Response(body, { status, headers: { 'content-type': type } })
      const found = await discover(
        issuer,
        createHttp(issuer, async () => response),
      ).catch(error => error)
      if (found instanceof Error) expect(['DiscoveryFailed', 'TokenRefused']).toContain(found.name)
      else expect(found.issuer).toBe(issuer.href)
    }),
  )
})
