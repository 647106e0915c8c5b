/** Files that a partner wrote by hand: read, or refused without a word of what stands in them. */
import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { readProfile } from '../../../client/cli/profile.ts'
import { readKeyFile } from '../../../client/key-file.ts'
import { RecordedTerminal } from './recorded-terminal.ts'

let terminal: RecordedTerminal
beforeAll(() => {
  terminal = new RecordedTerminal()
})

const secret = 'c2VjcmV0'
const field = fc.oneof(fc.constant(secret), fc.constantFrom('EC', 'P-256'), fc.jsonValue())
const key = fc.record(
  { kty: field, crv: field, x: field, y: field, d: fc.constant(secret) },
  { requiredKeys: ['d'] },
)
const partner = fc.record({ id: field, client_id: field, kid: field, key }, { requiredKeys: [] })
const content = fc.oneof(
  key,
  partner,
  fc.record({ issuer: field, partners: fc.oneof(fc.array(partner), fc.jsonValue()) }),
  fc.jsonValue(),
)
const file = fc.oneof(
  content.map(value => JSON.stringify(value)),
  content.map(value => JSON.stringify(value).slice(0, -1)),
  fc.string(),
)

const codes = ['file_malformed', 'key_missing', 'profile_invalid', 'profile_missing']

test.each([
  ['a key file', (path: string) => readKeyFile(path)],
  ['a profile', (path: string) => readProfile(terminal, path, true)],
])('%s', async (_, read) => {
  await fc.assert(
    fc.asyncProperty(file, async text => {
      const path = await terminal.file('any.json', text)
      const result = await read(path).catch(error => error)
      if (!(result instanceof Error)) return
      expect(codes).toContain(
        'further' in result ? (result.further as { code: string }).code : (result as { code?: string }).code,
      )
      expect(result.message).not.toContain(secret)
    }),
    { numRuns: 200 },
  )
})
