import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { modelResource, readIssuer } from '../../../client/issuer.ts'

describe('an issuer', () => {
  it('is https, or http on a loopback host, whatever text is given', () => {
    const schemes = fc.constantFrom('http://', 'https://', 'HTTP://', 'ftp://', 'javascript:', '')
    const hosts = fc.oneof(fc.domain(), fc.ipV4(), fc.constantFrom('127.0.0.1', 'localhost', '[::1]'))
    const text = fc.oneof(
      fc.string(),
      fc.webUrl({ withQueryParameters: true, withFragments: true }),
      fc.tuple(schemes, hosts, fc.string()).map(parts => parts.join('')),
    )
    fc.assert(
      fc.property(text, given => {
        let issuer: ReturnType<typeof readIssuer>
        try {
          issuer = readIssuer(given)
        } catch (error) {
          expect(error).toBeInstanceOf(TypeError)
          return
        }
        const { protocol, hostname, username } = new URL(issuer.href)
        expect(issuer.href).not.toMatch(/[?#]|\/$/)
        expect(username).toBe('')
        expect(issuer.insecure).toBe(protocol === 'http:')
        if (issuer.insecure) expect(hostname).toMatch(/^(localhost|\[::1\]|127\.\d+\.\d+\.\d+)$/)
        else expect(protocol).toBe('https:')
      }),
      { numRuns: 500 },
    )
  })

  it('names a model by one path segment, whatever the body of a request asks for', () => {
    expect(modelResource('https://gate.example', '../api')).toBe('https://gate.example/models/..%2Fapi')
  })
})
