import { generateKeyPair } from 'oauth4webapi'
import {
  beginSignIn,
  type PersonSession,
  type SignInBegun,
  type SignInOptions,
} from '../../../client/index.ts'
import type { FakeGateway } from './fake-gateway.ts'

export const redirectUri = 'http://127.0.0.1:9/callback'

export const beginAt = async (
  { issuer }: FakeGateway,
  options: Partial<SignInOptions> = {},
): Promise<SignInBegun> =>
  beginSignIn({
    issuer,
    app: 'sallyport-cli',
    redirectUri,
    proofKey: await generateKeyPair('ES256', { extractable: true }),
    ...options,
  })

/** The browser's part, where the gateway sends it straight back. */
export async function visit(url: string): Promise<string> {
  const response = await fetch(url, { redirect: 'manual' })
  return response.headers.get('location') ?? ''
}

export async function signInAt(
  server: FakeGateway,
  options: Partial<SignInOptions> = {},
): Promise<PersonSession> {
  const begun = await beginAt(server, options)
  return begun.finish(await visit(begun.url))
}
