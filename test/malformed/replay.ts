/** The bytes of a kept request, with credentials of a partner in place of the placeholders. */
import {
  createHash,
  createPrivateKey,
  generateKeyPairSync,
  type KeyObject,
  randomUUID,
  sign,
} from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { World } from '../world/world.ts'
import type { Malformed, Mangling } from './malformed.ts'

export type Kept = Pick<Malformed, 'request' | 'token' | 'proof' | 'assertion'>

/** Fresh credentials each time. */
export type BytesOf = (kept: Kept) => Promise<Buffer>

type Fields = Readonly<Record<string, unknown>>

export async function openReplay(world: World): Promise<BytesOf> {
  const { issuer } = world
  const { client_id, key, kid } = world.partner('cedar')
  const clientKey = createPrivateKey({ format: 'jwk', key: { ...key } })
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const jwk = publicKey.export({ format: 'jwk' })
  const hash = (text: string): string => createHash('sha256').update(text).digest('base64url')
  const now = (): number => Math.floor(Date.now() / 1000)
  const nonce = async (): Promise<string> =>
    (await fetch(`${issuer}/openai/v1/models`)).headers.get('dpop-nonce') ?? ''

  const makeAssertion = (mangling?: Mangling): string =>
    makeJwt(
      { alg: 'ES256', kid },
      { iss: client_id, sub: client_id, aud: issuer, iat: now(), exp: now() + 60, jti: randomUUID() },
      placed(mangling),
      signedBy(clientKey),
    )
  const makeProof = async (htm: string, path: string, token?: string, mangling?: Mangling): Promise<string> =>
    makeJwt(
      { alg: 'ES256', typ: 'dpop+jwt', jwk },
      {
        htm,
        htu: issuer + path,
        iat: now(),
        jti: randomUUID(),
        nonce: await nonce(),
        ...(token && { ath: hash(token) }),
      },
      placed(mangling),
      signedBy(privateKey),
    )
  const placed = (mangling: Mangling = {}): Mangling =>
    JSON.parse(JSON.stringify(mangling), (_, value) =>
      typeof value === 'string'
        ? repeated(value).replaceAll('{{issuer}}', issuer).replaceAll('{{client}}', client_id)
        : value,
    )

  async function issue(resource: object): Promise<string> {
    const response = await fetch(`${issuer}/oauth/token`, {
      method: 'POST',
      headers: { dpop: await makeProof('POST', '/oauth/token') },
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: makeAssertion(),
        ...resource,
      }),
    })
    if (response.ok) return ((await response.json()) as { access_token: string }).access_token
    // What was sent before may have used up the client's rate.
    if (response.status !== 429) throw new Error(`no token: ${await response.text()}`)
    await sleep(1000 * Number(response.headers.get('retry-after')))
    return issue(resource)
  }
  const tokens = { model: await issue({}), api: await issue({ resource: `${issuer}/api` }) }

  return async ({ request, token, proof, assertion }) => {
    const [method = '', target = ''] = request.split(' ', 2)
    const path = target.split('?', 1)[0] ?? ''
    const usual = path.startsWith('/api/') ? tokens.api : tokens.model
    const bearing = path.startsWith('/oauth/') ? undefined : usual
    const values = {
      '{{token}}': token ? mangledToken(tokens.model, placed(token)) : tokens.model,
      '{{api_token}}': tokens.api,
      ...(request.includes('{{proof}}') && {
        '{{proof}}': await makeProof(method, repeated(path), bearing, proof),
      }),
      '{{assertion}}': encodeURIComponent(makeAssertion(assertion)),
    }
    const text = Object.entries(values).reduce(
      (text, [name, value]) => text.replaceAll(name, () => value),
      repeated(request),
    )
    const length = text.length - (text.indexOf('\r\n\r\n') + 4)
    return Buffer.from(text.replace('{{length}}', String(length)), 'latin1')
  }
}

const repeated = (text: string): string =>
  text.replace(/<<(.+?)\*(\d+)>>/gs, (_, what: string, times: string) => what.repeat(Number(times)))

function makeJwt(
  usualHeader: Fields,
  usualClaims: Fields,
  { header, claims, without = [], fromNow = {}, rawHeader, rawPayload, as = '{h}.{p}.{s}' }: Mangling,
  signature: (input: string) => string,
): string {
  const shifted = Object.entries(fromNow).map(([name, seconds]) => [
    name,
    Math.floor(Date.now() / 1000) + seconds,
  ])
  const kept = (fields: Fields): string =>
    JSON.stringify(Object.fromEntries(Object.entries(fields).filter(([name]) => !without.includes(name))))
  const h = encode(rawHeader ?? kept({ ...usualHeader, ...header }))
  const p = encode(rawPayload ?? kept({ ...usualClaims, ...claims, ...Object.fromEntries(shifted) }))
  return as
    .replaceAll('{h}', h)
    .replaceAll('{p}', p)
    .replaceAll('{s}', signature(`${h}.${p}`))
}

const signedBy =
  (key: KeyObject) =>
  (input: string): string =>
    sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')

/** Nobody but the deployment can sign it: it keeps its signature. */
function mangledToken(token: string, mangling: Mangling): string {
  const [header = '', payload = '', signature = ''] = token.split('.')
  return makeJwt(decode(header), decode(payload), mangling, () => signature)
}

const encode = (text: string): string => Buffer.from(text).toString('base64url')
const decode = (part: string): Fields => JSON.parse(Buffer.from(part, 'base64url').toString())
