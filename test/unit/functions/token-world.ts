import type { APIGatewayProxyEvent } from 'aws-lambda'
import { createToken } from '../../../functions/token/app.ts'
import type { TokenDeps } from '../../../functions/token/token-deps.ts'
import { openSqliteStore } from '../../../shared/adapters/embedded/sqlite-store.ts'
import { indexes, keys, type Listed } from '../../../shared/domain/keys.ts'
import type { Agreement, Client, Grant, Model, Organisation } from '../../../shared/domain/records.ts'
import { rotate } from '../../../shared/oauth/key-ring.ts'
import { issueNonce } from '../../../shared/oauth/nonce.ts'
import type { Key, Store } from '../../../shared/ports/store.ts'
import { type JoseKey, joseKey, joseSign, joseSigner } from '../oauth/jose-keys.ts'

export const issuer = 'https://gate.example'
export const start = 1_800_000_000_000
const year = 365 * 86_400_000

export type Answer = {
  readonly status: number
  readonly headers: Readonly<Record<string, string | readonly string[]>>
  readonly body: Record<string, unknown> & {
    readonly error?: string
    readonly error_description?: string
    readonly sallyport?: { readonly code: string; readonly next: string }
  }
}

const organisation: Organisation = {
  id: 'organisation_1',
  name: 'Köln Utilities',
  state: 'active',
  kind: 'partner',
  partner: 'active',
}
const model: Model = {
  id: 'aurora-preview',
  name: 'Aurora',
  developer: 'organisation_2',
  state: 'partner_access',
  killed: false,
  createdAt: start,
  upstreams: {},
  tokens: { overhead: { request: 1, message: 1, tool: 1 }, hiddenOutput: false },
}
const agreement: Agreement = {
  id: 'agreement_1',
  kind: 'access',
  title: 'A sample',
  version: 1,
  state: 'effective',
  digest: 'digest-1',
  developer: 'organisation_2',
  counterparty: organisation.id,
  governments: [],
  models: [model.id, 'borealis'],
  startsAt: start - year,
  endsAt: start + year,
  purposes: ['defence'],
  capabilities: ['infer', 'tools'],
  clauses: { quota: 'c1', purpose: 'c2', capabilities: 'c3', 'retention-notice': 'c4' },
  consentedAt: start,
}
const grant: Grant = {
  id: 'grant_1',
  organisation: organisation.id,
  model: model.id,
  agreement: agreement.id,
  state: 'active',
  startsAt: start - year,
  expiresAt: start + year,
  meters: ['meter_1'],
}

/** A deployment with one partner, one client and one model, in memory, at a time that stands still. */
export async function tokenWorld(replace: (store: Store) => Partial<TokenDeps> = () => ({})) {
  const sqlite = openSqliteStore(':memory:', Object.values(indexes))
  const signing = await joseKey()
  const clientKey = await joseKey()
  const proofKey = await joseKey()
  const client: Client = {
    id: 'client_1',
    name: 'batch',
    organisation: organisation.id,
    kind: 'workload',
    state: 'active',
    expiresAt: start + year,
    keys: [{ kid: clientKey.kid, alg: clientKey.alg, jwk: clientKey.jwk }],
  }
  const ring = rotate(
    { version: 0, keys: [] },
    { kid: signing.kid, alg: signing.alg, jwk: signing.jwk, ref: 'signing' },
    start,
  )

  const put = async <R extends object>(key: Key<R>, item: R) => {
    await sqlite.write({ kind: 'put', key, item })
  }
  const listed = (record: Listed['record'], id: string): Listed => ({
    record,
    owner: organisation.id,
    listed: `${record}#${id}`,
  })
  const records = {
    client: (change: Partial<Client> = {}) => {
      const each = { ...client, ...change }
      return put(keys.client(each.id), { ...each, ...listed('client', each.id), rev: 1 })
    },
    organisation: (change: object = {}) =>
      put(keys.organisation(organisation.id), {
        ...organisation,
        ...change,
        ...listed('organisation', organisation.id),
        rev: 1,
      }),
    model: (change: Partial<Model> = {}) => {
      const each = { ...model, ...change }
      return put(keys.model(each.id), { ...each, ...listed('model', each.id), rev: 1 })
    },
    agreement: (change: Partial<Agreement> = {}) =>
      put(keys.agreement(agreement.id), {
        ...agreement,
        ...change,
        ...listed('agreement', agreement.id),
        rev: 1,
      }),
    grant: (change: Partial<Grant> = {}) => {
      const each = { ...grant, ...change }
      return put(keys.grant(each.id), { ...each, ...listed('grant', each.id), rev: 1 })
    },
    standing: (holds: object = {}, compromised: Record<string, number> = {}) =>
      put(keys.standing, { holds: { ...holds }, compromised }),
  }
  await put(keys.keyRing, ring)
  for (const write of Object.values(records)) await write()

  let now = start
  let serial = 0
  const nonceKey = Buffer.alloc(32, 3)
  const errors: string[] = []
  const deps: TokenDeps = {
    store: sqlite,
    signers: async () => joseSigner(signing),
    nonceKey,
    issuer,
    clock: { now: () => now, sleep: async () => {} },
    random: { bytes: n => Buffer.alloc(n, ++serial) },
    telemetry: { count() {}, alarm() {}, error: message => void errors.push(message) },
    ...replace(sqlite),
  }
  const handler = createToken(deps)

  async function send(event: Partial<APIGatewayProxyEvent>): Promise<Answer> {
    const requestId = `request-${++serial}`
    const reply = await handler(
      { body: null, isBase64Encoded: false, requestContext: { requestId }, ...event } as APIGatewayProxyEvent,
      new AbortController().signal,
    )
    return { ...reply, body: JSON.parse(String(reply.body)) }
  }

  const seconds = () => Math.floor(now / 1000)
  const assertion = (claims: object = {}, key: JoseKey = clientKey) =>
    joseSign(
      key,
      { kid: key.kid },
      {
        iss: client.id,
        sub: client.id,
        aud: issuer,
        iat: seconds(),
        exp: seconds() + 60,
        jti: `assertion-with-serial-${++serial}`,
        ...claims,
      },
    )
  const proof = (claims: object = {}, key: JoseKey = proofKey) =>
    joseSign(
      key,
      { typ: 'dpop+jwt', jwk: key.jwk },
      {
        jti: `proof-${++serial}`,
        htm: 'POST',
        htu: `${issuer}/oauth/token`,
        iat: seconds(),
        nonce: issueNonce(nonceKey, now),
        ...claims,
      },
    )

  async function post(path: string, form: object, headers: Record<string, string[]> = {}): Promise<Answer> {
    const fields = {
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      ...('client_assertion' in form ? {} : { client_assertion: await assertion() }),
      ...form,
    }
    return send({
      path,
      httpMethod: 'POST',
      body: new URLSearchParams(fields as Record<string, string>).toString(),
      multiValueHeaders: { 'content-type': ['application/x-www-form-urlencoded'], ...headers },
    })
  }

  return {
    client,
    clientKey,
    proofKey,
    signing,
    records,
    errors,
    assertion,
    proof,
    send,
    put,
    store: sqlite as Store,
    get: (path: string) => send({ path, httpMethod: 'GET' }),
    token: async (form: object = {}, proofs?: string[]) =>
      post(
        '/oauth/token',
        { grant_type: 'client_credentials', ...form },
        { dpop: proofs ?? [await proof()] },
      ),
    revoke: (form: object) => post('/oauth/revoke', form),
    pass: (ms: number) => {
      now += ms
    },
    /** What the log says of the partner, in the order of the ids. */
    entries: async () => {
      const page = await sqlite.query({
        index: indexes.byOrganisation,
        partition: organisation.id,
        order: 'asc',
        limit: 100,
      })
      const entries = []
      for (const key of page.keys) {
        const [entry] = await sqlite.get([keys.entry(key.pk)])
        entries.push(JSON.parse(entry?.body ?? 'null'))
      }
      return entries
    },
  }
}

export type TokenWorld = Awaited<ReturnType<typeof tokenWorld>>

/** Status, error, description and our own code. */
/** The last is the code of the closed union, where OAuth's own does not say it all. Each has its next step. */
export function told({ status, body }: Answer) {
  const { error, error_description, sallyport } = body
  if (error !== undefined && !sallyport?.next) throw new Error(`${error} names no next step`)
  return [status, error, error_description, sallyport?.code === error ? undefined : sallyport?.code]
}
