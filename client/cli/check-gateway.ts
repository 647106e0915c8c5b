/** What a setup needs of the gateway. Nothing here asks a model, so that nothing costs tokens. */
import type { AuthorizationServer } from 'oauth4webapi'
import { createHttp, discover } from '../discovery.ts'
import { type Gateway, type Quota, TokenRefused, type TokenResponse } from '../index.ts'
import { readIssuer } from '../issuer.ts'
import { at, readJson, textAt } from '../json.ts'
import type { Finding } from './checkup.ts'
import type { Cli } from './cli.ts'
import { failureAnswered } from './curl.ts'
import { exit, Failure, failureOf, statusExit } from './failure.ts'

/** Milliseconds for one answer. */
const patience = 10_000

export interface Reached {
  readonly issuer: string
  /** Milliseconds that the clock here is ahead of the gateway's; `undefined` where it tells no time. */
  readonly ahead: number | undefined
}

const metadataPath = '/.well-known/oauth-authorization-server'

export async function reach({ fetch, terminal }: Cli, issuer: string): Promise<Finding<Reached>> {
  const asked = terminal.now()
  const response = await fetch(issuer + metadataPath, {
    signal: AbortSignal.timeout(patience),
    redirect: 'manual',
    cache: 'no-store',
  })
  const took = terminal.now() - asked
  await response.body?.cancel()
  const told = Date.parse(response.headers.get('date') ?? '')
  // A cache passes the origin's time on, and says how long ago that was (RFC 9111 §4.2.3). Whole seconds:
  // the middle of one is the best guess.
  const there = told + Number(response.headers.get('age') ?? 0) * 1000 + 500
  const ahead = Number.isNaN(there) ? undefined : asked + took / 2 - there
  return { found: { issuer, ahead }, detail: `${issuer} answers, in ${Math.round(took)} ms` }
}

/** What is signed more than 10 s ahead of the gateway is refused. Milliseconds. */
const tolerance = { failed: 10_000, warning: 5_000 }

export function judgeClock({ ahead }: Reached): Finding {
  const next = 'Set the clock of this machine by NTP.'
  if (ahead === undefined) return { detail: 'the gateway tells no time to compare with' }
  const off = `${(Math.abs(ahead) / 1000).toFixed(1)} s ${ahead > 0 ? 'ahead of' : 'behind'} the gateway's`
  if (Math.abs(ahead) > tolerance.failed)
    throw new Failure(exit.failed, `The clock here is ${off}.`, { code: 'clock_skewed', next })
  if (Math.abs(ahead) > tolerance.warning) return { detail: `the clock here is ${off}`, next }
  return { detail: "agrees with the gateway's" }
}

/** `algorithm` is that of the client's key. */
export async function readMetadata(
  { fetch }: Cli,
  { issuer }: Reached,
  algorithm: string,
): Promise<Finding<AuthorizationServer>> {
  const given = readIssuer(issuer)
  const found = await discover(given, createHttp(given, fetch))
  const taken = found.token_endpoint_auth_signing_alg_values_supported
  if (taken && !taken.includes(algorithm))
    throw new Failure(
      exit.failed,
      `The gateway takes ${taken.join(', ')}, and the key is for ${algorithm}.`,
      {
        code: 'algorithm_unsupported',
        next: 'Register a key that it takes.',
      },
    )
  return { found, detail: `of this issuer, takes ${algorithm}` }
}

export async function readKeys({ fetch }: Cli, metadata: AuthorizationServer): Promise<Finding> {
  const url = metadata.jwks_uri ?? `${metadata.issuer}/.well-known/jwks.json`
  const response = await fetch(url, { signal: AbortSignal.timeout(patience), redirect: 'manual' })
  const keys = at(await readJson(response), 'keys')
  if (Array.isArray(keys) && keys.length > 0)
    return { detail: keys.map(key => textAt(key, 'alg') ?? textAt(key, 'kty')).join(', ') }
  throw new Failure(exit.failed, `There are no keys at ${url} (${response.status}).`, {
    code: 'keys_missing',
    next: 'Tell the operator of the gateway: nobody can verify its tokens.',
  })
}

export async function issueToken(
  gateway: Gateway,
  resource: string | undefined,
): Promise<Finding<TokenResponse>> {
  const found = await gateway.token({ resource }).catch((error: unknown) => {
    // OAuth's own error too, where Sallyport's code is another.
    if (!(error instanceof TokenRefused) || error.error === error.code) throw error
    throw new Failure(failureOf(error).exit, `${error.message} (${error.error})`, error)
  })
  return { found, detail: `${found.expires_in} s, scope: ${found.scope}` }
}

export async function readQuota(gateway: Gateway, model: string | undefined): Promise<Finding> {
  const rows = await gateway.quota(model)
  if (rows.length === 0)
    throw new Failure(exit.failed, `Your organisation holds no grant${model ? ` of ${model}` : ''}.`, {
      code: 'grant_missing',
      next: 'List the models you may use: sallyport model list',
    })
  const obstacle = ({ state, refused, binding }: Quota) =>
    state === 'open' ? (refused?.code ?? binding) : state
  const closed = rows.find(row => obstacle(row) !== null)
  if (closed)
    return {
      detail: `${budget(closed)}: ${obstacle(closed)}`,
      next: 'See all limits: sallyport quota',
    }
  const left = rows.map(row => `${budget(row)}: ${row.remaining.toLocaleString('en-US')} tokens left`)
  return { detail: left.join(', ') }
}

const budget = ({ model, shared }: Quota): string => (shared ? `${model} (${shared})` : model)

/** What the gate lists under both protocols: a model can be there under one alone. */
export async function listModels(gateway: Gateway, model: string | undefined): Promise<Finding> {
  const ids = new Set<string>()
  for (const url of [`${gateway.openai}/models`, `${gateway.anthropic}/v1/models`]) {
    const response = await gateway.fetch(url, { signal: AbortSignal.timeout(patience) })
    if (!response.ok) throw await failureAnswered(response, statusExit(response.status))
    const data = at(await readJson(response), 'data')
    for (const one of Array.isArray(data) ? data : []) ids.add(textAt(one, 'id') ?? '')
  }
  if (model === undefined ? ids.size > 0 : ids.has(model)) return { detail: [...ids].join(', ') }
  throw new Failure(exit.failed, `${model ?? 'No model'} is not open to you now.`, {
    code: 'model_unknown',
    next: 'See which models are: sallyport model list',
  })
}
