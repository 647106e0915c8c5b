/** What is compared must do the same: shown before anything is measured. */
import { createPublicKey } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { thumbprint } from '../../../shared/oauth/public-jwk.ts'
import { verifyEs256 } from './ecdsa.ts'
import { type Load, makeRequest } from './load.ts'
import { type BenchClient, type Issued, type PrivateJwk, publicPart, resourceOf } from './setting.ts'

/** What a Sallyport puts into its tokens, for the others to put into theirs. */
export async function firstToken(load: Load, client: BenchClient): Promise<Issued> {
  const { body } = await load.ask(makeRequest(load.issuer, client, await load.freshNonce()))
  const { iss, sub, client_id, aud, jti, iat, exp, cnf, scope, ...claims } = decode(body.access_token).payload
  return { scope: String(scope), lifetime: Number(exp) - Number(iat), claims }
}

/** Throws unless the server issues the token that everybody issues. */
export async function checkToken(
  name: string,
  load: Load,
  { client, signingKey, issued }: { client: BenchClient; signingKey: PrivateJwk; issued: Issued },
): Promise<void> {
  const { issuer } = load
  const answer = await load.ask(makeRequest(issuer, client, await load.freshNonce()))
  if (answer.status !== 200) throw new Error(`${name} issues no token: ${JSON.stringify(answer)}`)
  const { header, payload, input, signature } = decode(answer.body.access_token)
  const { id } = client.registered
  const { jti, iat, exp, ...claims } = payload
  const expected = {
    iss: issuer,
    sub: id,
    client_id: id,
    aud: resourceOf(issuer),
    scope: issued.scope,
    cnf: { jkt: thumbprint(client.proofJwk) },
    ...issued.claims,
  }
  const key = publicPart(signingKey)
  const publicKey = createPublicKey({ key: { ...key }, format: 'jwk' })
  const { access_token: _, ...told } = answer.body
  const same =
    isDeepStrictEqual(header, { typ: 'at+jwt', alg: 'ES256', kid: thumbprint(key) }) &&
    isDeepStrictEqual(shapeOf(claims), shapeOf(expected)) &&
    typeof jti === 'string' &&
    jti.length >= 20 &&
    Number(exp) - Number(iat) === issued.lifetime &&
    isDeepStrictEqual(told, { token_type: 'DPoP', expires_in: issued.lifetime, scope: issued.scope }) &&
    verifyEs256(input, signature, publicKey)
  if (!same) throw new Error(`${name} issues another token: ${JSON.stringify({ answer, header, payload })}`)
}

/** Each Sallyport has a grant and an agreement of its own: other ids and another digest, as long as everybody's. */
function shapeOf(claims: Readonly<Record<string, unknown>>): object {
  const { grant, agreement, meters, ...same } = claims
  const own = JSON.stringify({ grant, agreement, meters })
  const masked = own.replace(/(?<=_)[0-9a-z]{26}(?=")|(?<="digest":")[\w-]{43}(?=")/g, id =>
    '.'.repeat(id.length),
  )
  return { ...same, own: masked }
}

/** Throws unless it demands a nonce, and refuses an assertion and a proof that it has taken before. */
export async function checkRefusals(name: string, load: Load, client: BenchClient): Promise<void> {
  const nonce = await load.freshNonce()
  const make = (): ReturnType<typeof makeRequest> => makeRequest(load.issuer, client, nonce)
  const first = make()
  const { status } = await load.ask(first)
  if (status !== 200) throw new Error(`${name} answers a first request with ${status}`)
  const refused = {
    'a replayed assertion': await load.ask({ ...make(), assertion: first.assertion }),
    'a replayed proof': await load.ask({ ...make(), proof: first.proof }),
    'a proof without a nonce': await load.ask(makeRequest(load.issuer, client, undefined)),
  }
  for (const [what, { status, body }] of Object.entries(refused))
    if (status < 400 || status > 401) throw new Error(`${name} takes ${what}: ${JSON.stringify(body)}`)
  const { error } = refused['a proof without a nonce'].body
  if (error !== 'use_dpop_nonce') throw new Error(`${name} demands no nonce, but says ${error}`)
  // So that none of the refusals was for another reason.
  const again = await load.ask(make())
  if (again.status !== 200) throw new Error(`${name} answers a last request with ${again.status}`)
}

function decode(token: unknown) {
  const [header = '', payload = '', signature = ''] = String(token).split('.')
  const object = (part: string): Record<string, unknown> =>
    JSON.parse(Buffer.from(part, 'base64url').toString())
  return {
    header: object(header),
    payload: object(payload),
    input: Buffer.from(`${header}.${payload}`),
    signature: Buffer.from(signature, 'base64url'),
  }
}
