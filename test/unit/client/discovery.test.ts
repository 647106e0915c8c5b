/** Where a client looks for the metadata of its gateway. */
import { expect, test } from 'vitest'
import { createHttp, DiscoveryFailed, discover } from '../../../client/discovery.ts'
import { readIssuer } from '../../../client/issuer.ts'

const served = (issuer: string, metadata: object) => {
  const asked: string[] = []
  const http = createHttp(readIssuer(issuer), async url => {
    asked.push(String(url))
    return Response.json(metadata)
  })
  return { asked, http }
}

test.each(['https://gate.example', 'https://api.example/live', 'https://api.example/a/b'])(
  '%s: below its own path',
  async issuer => {
    const { asked, http } = served(issuer, { issuer, token_endpoint: `${issuer}/oauth/token` })
    expect(await discover(readIssuer(issuer), http)).toMatchObject({ issuer })
    expect(asked).toEqual([`${issuer}/.well-known/oauth-authorization-server`])
  },
)

test('another stage of the same host is another issuer', async () => {
  const { http } = served('https://api.example/live', { issuer: 'https://api.example/test' })
  const found = discover(readIssuer('https://api.example/live'), http)
  await expect(found).rejects.toThrow(DiscoveryFailed)
  await expect(found).rejects.toMatchObject({ code: 'issuer_mismatch' })
})
