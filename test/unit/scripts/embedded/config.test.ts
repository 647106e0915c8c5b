import { expect, test } from 'vitest'
import { readConfig } from '../../../../scripts/embedded/config.ts'

test.each([
  ['SALLYPORT_LEASE_S', '2', 'is a whole number of seconds, at least 3'],
  ['SALLYPORT_PORT', ' ', 'is a port'],
  ['SALLYPORT_ISSUER', 'https://gate.example:443', 'is an origin'],
  ['SALLYPORT_DEMO', 'yes', 'is 0 (no seeded story) or 1'],
  ['SALLYPORT_UPSTREAM_OPENAI', 'http://127.0.0.1:1', 'ends in /v1'],
  ['SALLYPORT_UPSTREAM_ANTHROPIC', 'http://127.0.0.1:1/v1', 'stands without /v1'],
  ['SALLYPORT_UPSTREAM_OPENAI', 'http://models.example/v1', 'is an https address, except on loopback'],
  ['SALLYPORT_READER_SLOTS', '48', 'is a power of two from 4 to 1024'],
  ['SALLYPORT_READER_SLOTS', '2048', 'is a power of two from 4 to 1024'],
  ['SALLYPORT_RETENTION_DAYS', '183', 'is a number of days, at least 184'],
])('%s=%s is refused by its name, with what it is', (name, value, fault) => {
  expect(() => readConfig({ [name]: value })).toThrow(`${name} ${fault}`)
})
