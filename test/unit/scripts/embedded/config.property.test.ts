import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readConfig } from '../../../../scripts/embedded/config.ts'

const names = [
  'SALLYPORT_DATA',
  'SALLYPORT_PORT',
  'SALLYPORT_ISSUER',
  'SALLYPORT_UPSTREAM_OPENAI',
  'SALLYPORT_UPSTREAM_ANTHROPIC',
  'SALLYPORT_DEMO',
  'SALLYPORT_DEMO_UPSTREAM_PORT',
  'SALLYPORT_LEASE_S',
]
const value = fc.oneof(
  fc.string(),
  fc.constantFrom(
    '',
    ' ',
    '0',
    '1',
    '65535',
    '65536',
    '-1',
    '1e3',
    '0x50',
    '٣',
    'http://127.0.0.1:1',
    'http://127.0.0.1:1/v1',
    'https://a',
  ),
  fc.webUrl({ withQueryParameters: true, withFragments: true }),
)

test('an environment is one to start with, or an error names each wrong variable and no right one', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...names), value), env => {
      const alone = (name: string): boolean => {
        try {
          return readConfig({ [name]: env[name] }) !== undefined
        } catch {
          return false
        }
      }
      const wrong = Object.keys(env).filter(name => !alone(name))
      try {
        const config = readConfig(env)
        expect(wrong).toEqual([])
        for (const port of [config.port, config.demoUpstreamPort]) expect(port === (port & 0xffff)).toBe(true)
        expect(config.leaseMs).toBeGreaterThanOrEqual(3_000)
      } catch (error) {
        if (wrong.length === 0) throw error
        expect([...String(error).matchAll(/^ {2}(SALLYPORT_\w+) /gm)].map(([, name]) => name).sort()).toEqual(
          wrong.sort(),
        )
      }
    }),
    { numRuns: 300 },
  )
})

test('a variable that is not known is named, whatever its value', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[A-Z]{1,10}$/), fc.string({ minLength: 1 }), (suffix, value) => {
      const name = `SALLYPORT_X${suffix}`
      expect(() => readConfig({ [name]: value })).toThrow(`${name} is no variable of Sallyport`)
    }),
  )
})
