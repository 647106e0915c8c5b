import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type RefusalCode, refusals, refuse } from '../../../shared/domain/refusal.ts'
import { challenge, oauthError } from '../../../shared/oauth/challenge.ts'

test('a challenge is one header of quoted texts, and nothing that a caller sent stands in it', () => {
  const code = fc.constantFrom(...(Object.keys(refusals) as RefusalCode[]))
  fc.assert(
    fc.property(code, fc.string({ unit: 'binary' }), (code, detail) => {
      const { 'www-authenticate': header, ...others } = challenge(refuse(code, detail))
      expect(others).toEqual({})
      expect(header).toBe(challenge(refuse(code, 'another'))['www-authenticate'])
      if (header === undefined) expect(oauthError(refuse(code, detail))).toBeUndefined()
      else expect(header).toMatch(/^DPoP [a-z_]+="[^"\\\r\n]+"(, [a-z_]+="[^"\\\r\n]+")*$/)
    }),
  )
})
