/** Invariant 7. Codes of the closed union are met here over HTTP; the last tests count them. */
import { globSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ClauseKind } from '../../shared/domain/clauses.ts'
import { keys } from '../../shared/domain/keys.ts'
import { freshMeter } from '../../shared/domain/meter.ts'
import type { Eligibility } from '../../shared/domain/records.ts'
import { type RefusalCode, refusals } from '../../shared/domain/refusal.ts'
import { signAccessToken } from '../../shared/oauth/access-token.ts'
import type { Change, Key } from '../../shared/ports/store.ts'
import { told } from '../world/entries.ts'
import { openWorld } from '../world/open.ts'
import { chatBody } from '../world/raw-client.ts'
import { type Answer, ofDecisions, ofTheLog, ofTheServer, readRefusal } from '../world/refusals.ts'
import type { World } from '../world/world.ts'

const met = new Set<string>()
let world: World
let cedar: ReturnType<World['raw']>
let token: string

beforeAll(async () => {
  world = await openWorld()
  cedar = world.raw('cedar')
  token = await cedar.token()
})
afterAll(() => world.close())

const refusal: typeof readRefusal = (response, code) => {
  met.add(code)
  return readRefusal(response, code)
}

/** Changes a record, as governance will, and puts it back. */
async function changed(key: Key, change: Change, during: () => Promise<void>): Promise<void> {
  const { store } = world
  const [before] = await store.get([key])
  await store.write({ kind: 'update', key, change })
  try {
    await during()
  } finally {
    if (before) await store.write({ kind: 'put', key, item: before })
  }
}

const chat = (body: object = {}): Promise<Response> => cedar.chat(body, { token })

describe('the proof and the token', () => {
  test('token_invalid: a bound token sent as Bearer, another issuer’s, none at all', async () => {
    const bearer = await cedar.call('POST', '/openai/v1/chat/completions', {
      token,
      body: chatBody,
      headers: { authorization: `Bearer ${token}` },
    })
    await refusal(bearer, 'token_invalid')
    await refusal(await cedar.chat({}, { token: `${token.slice(0, -4)}AAAA` }), 'token_invalid')
    await refusal(await fetch(`${world.issuer}/openai/v1/models`), 'token_invalid')
  })

  test('proof_invalid: made for another URL', async () => {
    const proof = await cedar.proof('POST', '/openai/v1/other', {}, token)
    const response = await cedar.call('POST', '/openai/v1/chat/completions', { token, proof, body: chatBody })
    await refusal(response, 'proof_invalid')
  })

  test('nonce_required: none, or one of long ago; the answer brings a good one', async () => {
    for (const nonce of [undefined, 'long-ago']) {
      const proof = await cedar.proof('POST', '/openai/v1/chat/completions', { claims: { nonce } }, token)
      const response = await cedar.call('POST', '/openai/v1/chat/completions', {
        token,
        proof,
        body: chatBody,
      })
      const { headers } = await refusal(response, 'nonce_required')
      expect(headers.get('www-authenticate')).toContain('error="use_dpop_nonce"')
      expect((await chat()).status).toBe(200)
    }
  })

  test('proof_replayed: the second time', async () => {
    const proof = await cedar.proof('POST', '/openai/v1/chat/completions', {}, token)
    const options = { token, proof, body: chatBody }
    expect((await cedar.call('POST', '/openai/v1/chat/completions', options)).status).toBe(200)
    await refusal(await cedar.call('POST', '/openai/v1/chat/completions', options), 'proof_replayed')
  })

  test('token_revoked: on the next request, by its owner', async () => {
    const gone = await cedar.token()
    const form = {
      token: gone,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: await cedar.assertion(),
    }
    expect((await cedar.post('/oauth/revoke', form)).status).toBe(200)
    await refusal(await cedar.chat({}, { token: gone }), 'token_revoked')
  })

  test('key_compromised: every token that the key signed', async () => {
    const kid = JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()).kid
    await changed(keys.standing, { set: [[['compromised', kid], Date.now()]] }, async () => {
      await refusal(await chat(), 'key_compromised')
    })
  })
})

describe('the records', () => {
  const { client_id } = { client_id: () => world.partner('cedar').client_id }
  const future = Date.now() + 1e9
  /** As a version with this clause compiles to. Of the workload nothing is attested. */
  const eligible = (eligibility: Eligibility, clause: ClauseKind): Change => ({
    set: [
      [['eligibility'], eligibility],
      [['clauses', clause], `${clause}-1`],
    ],
  })
  const cases: [RefusalCode, () => Key, Change | (() => Change)][] = [
    ['client_suspended', () => keys.client(client_id()), { set: [[['state'], 'suspended']] }],
    ['client_compromised', () => keys.client(client_id()), { set: [[['state'], 'compromised']] }],
    ['client_expired', () => keys.client(client_id()), { set: [[['expiresAt'], 1]] }],
    ['organisation_suspended', () => keys.organisation('cedar'), { set: [[['state'], 'suspended']] }],
    ['partner_suspended', () => keys.organisation('cedar'), { set: [[['partner'], 'suspended']] }],
    ['partner_revoked', () => keys.organisation('cedar'), { set: [[['partner'], 'revoked']] }],
    [
      'hold_active',
      () => keys.standing,
      { set: [[['holds', 'hold_1'], { scope: { organisation: 'cedar' }, reason: 'other', placedAt: 1 }]] },
    ],
    [
      'restoring',
      () => keys.standing,
      { set: [[['restoring'], { since: 1, by: 'operator', entry: 'entry_1' }]] },
    ],
    [
      'agreement_not_effective',
      () => keys.agreement(world.agreement('cedar')),
      { set: [[['state'], 'terminated']] },
    ],
    ['agreement_superseded', () => keys.agreement(world.agreement('cedar')), { set: [[['digest'], 'next']] }],
    ['consent_missing', () => keys.agreement(world.agreement('cedar')), { remove: [['consentedAt']] }],
    [
      'purpose_not_registered',
      () => keys.agreement(world.agreement('cedar')),
      { set: [[['purposes'], ['other']]] },
    ],
    [
      'nationality_excluded',
      () => keys.agreement(world.agreement('cedar')),
      eligible({ nationality: { exclude: ['RU'] } }, 'nationality'),
    ],
    [
      'region_excluded',
      () => keys.agreement(world.agreement('cedar')),
      eligible({ region: { admit: ['US'] } }, 'region'),
    ],
    [
      'screening_missing',
      () => keys.agreement(world.agreement('cedar')),
      eligible({ screening: true }, 'insider-risk'),
    ],
    ['model_withdrawn', () => keys.model('aurora-preview'), { set: [[['state'], 'withdrawn']] }],
    ['model_killed', () => keys.model('aurora-preview'), { set: [[['killed'], true]] }],
    ['window_closed', () => keys.model('aurora-preview'), { set: [[['state'], 'government_window']] }],
    ['grant_missing', () => keys.grant(world.grant('cedar')), { set: [[['state'], 'requested']] }],
    ['grant_suspended', () => keys.grant(world.grant('cedar')), { set: [[['state'], 'suspended']] }],
    ['grant_expired', () => keys.grant(world.grant('cedar')), { set: [[['startsAt'], future]] }],
    ['grant_revoked', () => keys.grant(world.grant('cedar')), { set: [[['state'], 'revoked']] }],
    ['meter_closed', () => keys.meter(world.meterId('cedar')), { set: [[['state'], 'closed']] }],
    ['budget_exhausted', () => keys.meter(world.meterId('cedar')), { set: [[['remaining'], 10]] }],
    [
      'rate_limited',
      () => keys.meter(world.meterId('cedar')),
      () => ({ set: [[['tat'], (Date.now() + 60_000) * 1000]] }),
    ],
    ['streams_exhausted', () => keys.meter(world.meterId('cedar')), { set: [[['limits', 'streams'], 0]] }],
    ['limit_required', () => keys.model('aurora-preview'), { remove: [['tokens', 'defaultOutput']] }],
  ]

  test.each(cases)('%s: in both protocols, on the next request, with an entry', async (code, key, change) => {
    const body = code === 'limit_required' ? { max_tokens: undefined } : {}
    let said: Answer['error']['sallyport'] = { code, next: '' }
    await changed(key(), typeof change === 'function' ? change() : change, async () => {
      const openai = await refusal(await chat(body), code)
      const anthropic = await cedar.messages(body, { token })
      const raw = (await anthropic.clone().json()) as object
      expect(raw).toMatchObject({ type: 'error', request_id: anthropic.headers.get('request-id') })
      await refusal(anthropic, code)
      said = openai.error.sallyport
      if (openai.status === 429) {
        expect(openai.headers.get('x-should-retry')).toBeTruthy()
        expect(Number(openai.headers.get('x-ratelimit-limit-requests'))).toBe(6_000)
        expect(Number(anthropic.headers.get('anthropic-ratelimit-requests-limit'))).toBe(6_000)
      }
      if (code === 'budget_exhausted') {
        expect(openai.error.code).toBe('insufficient_quota')
        expect(openai.headers.get('x-should-retry')).toBe('false')
      }
      if (code === 'rate_limited')
        expect(Number(openai.headers.get('retry-after'))).toBeGreaterThanOrEqual(49)
    })
    const refused = (await world.entries('cedar'))
      .map(({ entry }) => told(entry))
      .filter(one => one.code === code)
    expect(refused.length).toBeGreaterThan(0)
    expect(refused[0]).toMatchObject({
      kind: 'refusal',
      decision: 'refuse',
      clauses: expect.any(Array),
      rules: said.rules,
      ...(said.clause && { clause: said.clause, clause_version: said.agreement?.digest }),
    })
  })

  test('pool_exhausted: the budget that others share is named', async () => {
    const limits = { total: 1_000_000, rpm: 600, burst: 100, streams: 256 }
    const item = { ...freshMeter('pool_valley', limits, Date.now(), 'pool'), remaining: 9 }
    await world.store.write({ kind: 'put', key: keys.meter(item.id), item })
    const shared: Change = { set: [[['meters'], [world.meterId('cedar'), item.id]]] }
    await changed(keys.grant(world.grant('cedar')), shared, async () => {
      const { headers, error } = await refusal(await chat(), 'pool_exhausted')
      expect(error).toMatchObject({ code: 'insufficient_quota', sallyport: { meter: item.id } })
      expect(error.message).toContain('9 of 1000000 of the pool (pool_valley) remain')
      expect(headers.get('x-ratelimit-remaining-tokens')).toBe('9')
    })
  })

  test('day_exhausted: until the next UTC day', async () => {
    const day = Math.floor(Date.now() / 86_400_000)
    await changed(
      keys.meter(world.meterId('cedar')),
      {
        set: [
          [['day'], day],
          [['dayUsed'], 10_000_000],
        ],
      },
      async () => {
        const { headers, error } = await refusal(await chat(), 'day_exhausted')
        expect(error.code).toBe('insufficient_quota')
        expect(Number(headers.get('retry-after'))).toBeLessThanOrEqual(2 * 86_400)
      },
    )
  })

  test('model_unknown: the body asks for another model than the token', async () => {
    await refusal(await chat({ model: 'borealis' }), 'model_unknown')
  })

  test('token_expired', async () => {
    const expired = await expiredToken()
    await refusal(await cedar.chat({}, { token: expired }), 'token_expired')
  })
})

/** Signed by the deployment's own key, for a time that has passed. */
async function expiredToken(): Promise<string> {
  const [ring] = await world.store.get([keys.keyRing])
  const key = ring?.keys.at(-1)
  if (!key) throw new Error('no key')
  const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
  const signer = await world.signer(key)
  return signAccessToken({ ...claims, iat: claims.iat - 600, exp: claims.iat - 300 }, signer)
}

describe('the request', () => {
  test('path_not_offered: by name, never passed through', async () => {
    const before = (await world.stats()).finished
    for (const path of ['/openai/v1/files', '/openai/v1/chat/completions/x', '/anthropic/v1/complete'])
      await refusal(await cedar.call('POST', path, { token, body: chatBody }), 'path_not_offered')
    expect((await world.stats()).finished).toBe(before)
  })

  test('field_not_allowed: naming the field', async () => {
    const { error } = await refusal(await chat({ previous_response_id: 'r' }), 'field_not_allowed')
    expect(error).toMatchObject({ param: 'previous_response_id' })
  })

  test('capability_withheld: naming field and clause', async () => {
    const { error } = await refusal(await chat({ logprobs: true }), 'capability_withheld')
    expect(error).toMatchObject({ param: 'logprobs', sallyport: { clause: 'capabilities-1' } })
    const [agreement] = await world.store.get([keys.agreement(world.agreement('cedar'))])
    expect(error.sallyport.agreement).toEqual({ id: agreement?.id, digest: agreement?.digest })
  })

  test('body_malformed: naming the field, or JSON', async () => {
    const { error } = await refusal(await chat({ messages: 7 }), 'body_malformed')
    expect(error).toMatchObject({ param: 'messages' })
    const response = await cedar.call('POST', '/openai/v1/chat/completions', { token, body: '{"model":' })
    await refusal(response, 'body_malformed')
  })

  test('body_too_large', async () => {
    const content = 'x'.repeat(4 << 20)
    await refusal(await chat({ messages: [{ role: 'user', content }] }), 'body_too_large')
  })

  test('request_exceeds_limit: it could never fit', async () => {
    await refusal(await chat({ max_tokens: 60_000_000 }), 'request_exceeds_limit')
  })
})

describe('the upstream', () => {
  test('upstream_unavailable: it is not there, or does not take our key', async () => {
    const gone = { set: [[['upstreams', 'openai', 'url'], 'http://127.0.0.1:9/v1']] } as const
    await changed(keys.model('aurora-preview'), gone, async () => {
      await refusal(await chat(), 'upstream_unavailable')
    })
    const wrong = { set: [[['upstreams', 'openai', 'credential'], 'anthropic']] } as const
    await changed(keys.model('aurora-preview'), wrong, async () => {
      await refusal(await chat(), 'upstream_unavailable')
    })
  })
})

test('upstream_refused: the provider does not take the request', async () => {
  await world.script({ fail: { status: 400, times: 1 } })
  await refusal(await chat(), 'upstream_refused')
})

describe('the token service', () => {
  test('signer_unavailable: no token, 503, and an entry', async () => {
    const [ring] = await world.store.get([keys.keyRing])
    const [key] = ring?.keys ?? []
    if (!key) throw new Error('no key')
    await changed(
      keys.keyRing,
      { set: [[['keys'], [{ ...key, ref: `missing/${'x'.repeat(300)}` }]]] },
      async () => {
        const response = await cedar.tokenRequest()
        expect(response.status).toBe(503)
        expect(response.headers.get('retry-after')).toBe('1')
        expect(await response.json()).toMatchObject({
          error: 'temporarily_unavailable',
          sallyport: { code: 'signer_unavailable', next: refusals.signer_unavailable.next },
        })
      },
    )
    const entries = (await world.entries('cedar')).map(({ entry }) => told(entry))
    expect(entries).toContainEqual(
      expect.objectContaining({ kind: 'token_refusal', code: 'signer_unavailable' }),
    )
    met.add('signer_unavailable')
  })
})

describe('the API', () => {
  async function problem(path: string, code: RefusalCode, scope?: string): Promise<Record<string, unknown>> {
    const own = await cedar.token({ resource: `${world.issuer}/api`, ...(scope && { scope }) })
    const response = await cedar.call('GET', path, { token: own })
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    const body = (await response.json()) as Record<string, unknown>
    const { status, title, next } = refusals[code]
    expect(response.status).toBe(status)
    expect(body).toMatchObject({
      status,
      code,
      title,
      next,
      request_id: response.headers.get('x-request-id'),
      rules: expect.any(Number),
    })
    met.add(code)
    return body
  }

  test('scope_missing', () => problem('/api/v1/entries', 'scope_missing', 'quota:read'))
  test('entry_unknown', () => problem('/api/v1/entries/entry_none', 'entry_unknown'))
  test('path_not_offered', () => problem('/api/v1/nothing', 'path_not_offered'))
  test('body_malformed names the parameter', async () => {
    const body = await problem('/api/v1/entries?limit=0', 'body_malformed')
    expect(body).toMatchObject({ errors: [{ path: 'limit' }] })
  })
  test('query_malformed names the place in the query, and what to write there', async () => {
    const own = await cedar.token({ resource: `${world.issuer}/api` })
    const response = await cedar.call(
      'GET',
      `/api/v1/entries?q=${encodeURIComponent('type:access modle:x')}`,
      {
        token: own,
      },
    )
    expect([response.status, await response.json()]).toMatchObject([
      400,
      { code: 'query_malformed', next: expect.stringContaining('model'), errors: [{ path: 'q' }] },
    ])
    met.add('query_malformed')
  })
  test('a name where an id is asked for: the record is unknown, not the path', async () => {
    const own = await cedar.token({ resource: `${world.issuer}/api` })
    // Of a character that no id has, and that stands in a path as it is: gateways decode the others, each in its own way.
    const response = await cedar.call('GET', '/api/v1/entries/Cedar,Medical', { token: own })
    expect([response.status, await response.json()]).toMatchObject([
      404,
      { code: 'record_unknown', next: refusals.record_unknown.next },
    ])
  })
  test('a token for a model is not one for the API', async () => {
    const response = await cedar.call('GET', '/api/v1/me', { token })
    expect(response.status).toBe(401)
    expect(await response.json()).toMatchObject({ code: 'token_invalid', error: 'invalid_token' })
  })
})

test('every code of the union was met, but for those of a server and a store, of decisions and of the log', () => {
  expect(
    Object.keys(refusals)
      .filter(code => !met.has(code))
      .sort(),
  ).toEqual([...ofTheServer, ...ofDecisions, ...ofTheLog].sort())
})

test.each(ofTheLog)('%s is met where the list says', code => {
  const files = globSync('test/unit/{functions/log,exporter}/*.test.ts')
  const isExpected = (file: string): boolean => readFileSync(file, 'utf8').includes(`'${code}'`)
  expect(files.filter(isExpected)).not.toEqual([])
})
