import { createHash, randomBytes } from 'node:crypto'
import type { APIGatewayProxyEvent } from 'aws-lambda'
import { createToken } from '../../../functions/token/app.ts'
import type { TokenDeps } from '../../../functions/token/token-deps.ts'
import { openSqliteStore } from '../../../shared/adapters/embedded/sqlite-store.ts'
import { indexes, keys, listed } from '../../../shared/domain/keys.ts'
import type { Organisation, Person, Provider } from '../../../shared/domain/parties.ts'
import type { Hold } from '../../../shared/domain/records.ts'
import { identityHash } from '../../../shared/oauth/identity.ts'
import { rotate } from '../../../shared/oauth/key-ring.ts'
import { issueNonce } from '../../../shared/oauth/nonce.ts'
import type { Key, Store } from '../../../shared/ports/store.ts'
import { type JoseKey, joseKey, joseSign, joseSigner } from '../oauth/jose-keys.ts'
import { type FakeProvider, fakeProvider } from './fake-provider.ts'

export const issuer = 'https://gate.example'
export const start = 1_800_000_000_000
export const redirectUri = 'http://127.0.0.1:51234/callback'
export const appState = 'state of the app'
export const codeVerifier = 'v'.repeat(43)
export const sha256 = (text: string): string => createHash('sha256').update(text).digest('base64url')

export const providerRecord: Provider = {
  issuer: 'https://login.example',
  clientId: 'sallyport',
  authentication: 'private_key_jwt',
  phishingResistant: { acr: ['phr'], amr: ['hwk'] },
}
const organisation: Organisation = {
  id: 'organisation_1',
  name: 'Köln <Utilities>',
  state: 'active',
  kind: 'partner',
  partner: 'active',
  provider: providerRecord,
}
const person: Person = {
  id: 'person_1',
  name: 'Ada',
  organisation: organisation.id,
  issuer: providerRecord.issuer,
  subject: 'ada',
  roles: ['partner-admin'],
  state: 'active',
  createdAt: start,
}

export interface Page {
  readonly status: number
  readonly headers: Readonly<Record<string, string | readonly string[]>>
  readonly text: string
  readonly location: URL | undefined
}

export type Parameters = Readonly<Record<string, string | readonly string[] | undefined>>

/** A deployment where one person of one organisation can sign in, at a time that stands still. */
export async function signInWorld(replace: (store: Store) => Partial<TokenDeps> = () => ({})) {
  const store = openSqliteStore(':memory:', Object.values(indexes))
  const signing = await joseKey()
  const appKey = await joseKey()
  let now = start
  let serial = 0
  const sleepers = new Set<() => void>()
  const provider: FakeProvider = await fakeProvider({
    record: providerRecord,
    relyingParty: signing.jwk,
    seconds: () => Math.floor(now / 1000),
    onHang: () => {
      for (const wake of sleepers) wake()
    },
  })

  const put = async <R extends object>(key: Key<R>, item: R) => {
    await store.write({ kind: 'put', key, item })
  }
  const records = {
    organisation: (change: object = {}) => {
      const each = { ...organisation, ...change } as Organisation
      return put(keys.organisation(each.id), { ...each, ...listed('organisation', each.id, each.id), rev: 1 })
    },
    person: (change: Partial<Person> = {}) => {
      const each = { ...person, ...change }
      return put(keys.person(each.id), { ...each, ...listed('person', each.organisation, each.id), rev: 1 })
    },
    identity: (id = person.id, subject = person.subject, at = providerRecord.issuer) =>
      put(keys.identity(identityHash(at, subject)), { person: id }),
    standing: (holds: Record<string, Hold> = {}, compromised: Record<string, number> = {}) =>
      put(keys.standing, { holds, compromised }),
  }
  for (const write of Object.values(records)) await write()
  const { kid, alg, jwk } = signing
  await put(keys.keyRing, rotate({ version: 0, keys: [] }, { kid, alg, jwk, ref: 'signing' }, start))

  const nonceKey = Buffer.alloc(32, 3)
  const errors: unknown[] = []
  const handler = createToken({
    store,
    signers: async () => joseSigner(signing),
    nonceKey,
    issuer,
    clock: {
      now: () => now,
      /** Time passes only where the provider lets us wait. */
      sleep: (_, signal) =>
        new Promise(resolve => {
          sleepers.add(resolve)
          signal?.addEventListener('abort', () => resolve())
        }),
    },
    random: { bytes: n => randomBytes(n) },
    telemetry: { count() {}, alarm() {}, error: (...all) => void errors.push(all) },
    providerFetch: provider.fetch,
    ...replace(store),
  })

  async function send(event: Partial<APIGatewayProxyEvent>) {
    const requestContext = { requestId: `request-${++serial}`, identity: { sourceIp: '192.0.2.1' } }
    return handler(
      { body: null, isBase64Encoded: false, requestContext, ...event } as APIGatewayProxyEvent,
      new AbortController().signal,
    )
  }
  async function page(event: Partial<APIGatewayProxyEvent>): Promise<Page> {
    const { status, headers, body } = await send(event)
    const { location } = headers
    return {
      status,
      headers,
      text: String(body),
      location: typeof location === 'string' ? new URL(location) : undefined,
    }
  }
  const query = (parameters: Parameters) =>
    Object.fromEntries(
      Object.entries(parameters).flatMap(([name, value]) =>
        value === undefined ? [] : [[name, typeof value === 'string' ? [value] : [...value]]],
      ),
    )

  const request: Record<string, string> = {
    response_type: 'code',
    client_id: 'sallyport-cli',
    redirect_uri: redirectUri,
    state: appState,
    code_challenge: sha256(codeVerifier),
    code_challenge_method: 'S256',
    dpop_jkt: appKey.kid,
    organisation: organisation.id,
  }
  const ask = (change: Parameters = {}) =>
    page({
      path: '/oauth/authorize',
      httpMethod: 'GET',
      multiValueQueryStringParameters: query({ ...request, ...change }),
    })
  const post = (body: string, headers: Record<string, string[]> = {}) =>
    page({
      path: '/oauth/authorize',
      httpMethod: 'POST',
      body,
      multiValueHeaders: { 'content-type': ['application/x-www-form-urlencoded'], ...headers },
    })

  /** Reads the page, and sends its form as a browser would. */
  async function begin(change: Parameters = {}, headers: Record<string, string[]> = {}) {
    const shown = await ask(change)
    const sent = await post(formOf(shown.text).toString(), headers)
    const cookie = String(sent.headers['set-cookie'] ?? '').split(';')[0] ?? ''
    return { ...sent, cookie }
  }
  const comeBack = (parameters: Parameters, cookie: string) =>
    page({
      path: '/oauth/callback',
      httpMethod: 'GET',
      multiValueQueryStringParameters: query(parameters),
      multiValueHeaders: { cookie: [`other=1; ${cookie}`] },
    })

  /** From the app to the provider and back to the app, as the fake provider answers. */
  async function goThrough(claims: object = {}, change: Parameters = {}) {
    const { location, cookie } = await begin(change)
    if (location === undefined) throw new Error('nobody was sent to the provider')
    return comeBack(provider.answer(location, claims), cookie)
  }
  async function code(change: Parameters = {}): Promise<string> {
    const { location } = await goThrough({}, change)
    const found = location?.searchParams.get('code')
    if (!found) throw new Error(`no code: ${location}`)
    return found
  }

  const proof = (claims: object = {}, key: JoseKey = appKey) =>
    joseSign(
      key,
      { typ: 'dpop+jwt', jwk: key.jwk },
      {
        jti: `proof-${++serial}`,
        htm: 'POST',
        htu: `${issuer}/oauth/token`,
        iat: Math.floor(now / 1000),
        nonce: issueNonce(nonceKey, now),
        ...claims,
      },
    )
  async function form(path: string, fields: Parameters, dpop: readonly string[] = []) {
    const body = new URLSearchParams()
    for (const [name, values] of Object.entries(query(fields)))
      for (const value of values as string[]) body.append(name, value)
    const {
      status,
      headers,
      body: text,
    } = await send({
      path,
      httpMethod: 'POST',
      body: body.toString(),
      multiValueHeaders: {
        'content-type': ['application/x-www-form-urlencoded'],
        ...(dpop.length > 0 && { dpop: [...dpop] }),
      },
    })
    return { status, headers, body: JSON.parse(String(text)) }
  }
  const redeem = async (sent: string, change: Parameters = {}, dpop?: string) =>
    form(
      '/oauth/token',
      {
        grant_type: 'authorization_code',
        client_id: 'sallyport-cli',
        redirect_uri: redirectUri,
        code_verifier: codeVerifier,
        code: sent,
        ...change,
      },
      [dpop ?? (await proof())],
    )
  const refresh = async (token: string, change: Parameters = {}, dpop?: string) =>
    form(
      '/oauth/token',
      { grant_type: 'refresh_token', client_id: 'sallyport-cli', refresh_token: token, ...change },
      [dpop ?? (await proof())],
    )

  return {
    store: store as Store,
    signing,
    provider,
    records,
    errors,
    request,
    page,
    ask,
    post,
    begin,
    comeBack,
    goThrough,
    code,
    proof,
    redeem,
    refresh,
    revoke: (token: string, change: Parameters = {}) =>
      form('/oauth/revoke', { client_id: 'sallyport-cli', token, ...change }),
    /** A session, with its tokens. */
    signIn: async () => (await redeem(await code())).body,
    session: async (token: string) => {
      const id = /^rt_(.*)\./.exec(token)?.[1] ?? ''
      return (await store.get([keys.session(id)]))[0]
    },
    pass: (ms: number) => {
      now += ms
    },
    entries: async (of = organisation.id) => {
      const found = await store.query({
        index: indexes.byOrganisation,
        partition: of,
        order: 'asc',
        limit: 100,
      })
      const bodies = []
      for (const key of found.keys) {
        const [entry] = await store.get([keys.entry(key.pk)])
        bodies.push(JSON.parse(entry?.body ?? 'null'))
      }
      return bodies
    },
    count: async (table: 'session') => {
      const found = await store.query({ index: indexes.byRecord, partition: table, order: 'asc', limit: 100 })
      return found.keys.length
    },
  }
}

export type SignInWorld = Awaited<ReturnType<typeof signInWorld>>

/** The fields of the one form on a page. */
export function formOf(html: string): URLSearchParams {
  const fields = new URLSearchParams()
  for (const [, name, value] of html.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)">/g))
    fields.append(text(name), text(value))
  return fields
}

const text = (escaped = ''): string =>
  escaped.replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)))

/** Status, error, and our own code where it says more. */
export const told = ({
  status,
  body,
}: {
  status: number
  body: { error?: string; sallyport?: { code: string; next: string } }
}) => [status, body.error, body.sallyport?.code === body.error ? undefined : body.sallyport?.code]

/** What an app is told in its redirect. */
export const toldApp = ({ status, location }: Page) => [
  status,
  location?.searchParams.get('error'),
  location?.searchParams.get('error_description'),
]
