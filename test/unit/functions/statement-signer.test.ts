/** The key of statements: published to everybody, and a cold start does not hang on it. */
import type { APIGatewayProxyEvent } from 'aws-lambda'
import { calculateJwkThumbprint, compactVerify, importJWK } from 'jose'
import { expect, test } from 'vitest'
import type { Context } from '../../../functions/api/operation.ts'
import { statementKeyOperations } from '../../../functions/api/operations/statement-keys.ts'
import { openStatementSigner } from '../../../functions/api/statement-signer.ts'
import { buffered } from '../../../functions/lambda.ts'
import { problem } from '../../../functions/problem.ts'
import { signStatement, statementTypes, verifyStatement } from '../../../shared/agreements/statement.ts'
import { type Signer, SignerUnavailable } from '../../../shared/ports/keys.ts'
import { joseKey, joseSigner } from '../oauth/jose-keys.ts'

const key = await joseKey('ES256')

/** Fails so many times before it answers. */
function holder(failures: number) {
  let asked = 0
  return {
    asked: () => asked,
    open: async (): Promise<Signer> => {
      if (asked++ < failures) throw new SignerUnavailable('KMS: GetPublicKey failed')
      return joseSigner(key)
    },
  }
}

test('a statement verifies with what is published, in another library and in this one', async () => {
  const signer = await openStatementSigner(holder(0).open)
  const [operation] = statementKeyOperations
  const answer = await operation?.answer({ deps: { statements: signer } } as unknown as Context)
  const { status, body, maxAge } = answer as { status: number; body: object; maxAge: number }
  const [published] = (body as { keys: [Record<string, string>] }).keys
  expect([operation?.by, status, maxAge]).toEqual(['everyone', 200, 300])
  expect(Object.keys(published).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'])
  expect(published).toMatchObject({ use: 'sig', alg: 'ES256', kid: await calculateJwkThumbprint(key.jwk) })
  expect(operation?.answers[200]?.safeParse(body).success).toBe(true)

  const jws = await signStatement(signer, statementTypes.review, '{"kept":[]}')
  const verified = await compactVerify(jws, await importJWK(published, 'ES256'))
  expect(Buffer.from(verified.payload).toString()).toBe('{"kept":[]}')
  expect(verifyStatement(jws, statementTypes.review, signer.publicJwk)).toMatchObject({ kid: signer.kid })
})

test('it is asked for once, however many statements are signed', async () => {
  const { open, asked } = holder(0)
  const signer = await openStatementSigner(open)
  await Promise.all([1, 2, 3].map(n => signStatement(signer, statementTypes.advisory, `{"n":${n}}`)))
  expect(asked()).toBe(1)
})

test('where its holder does not answer at first, it opens all the same, and whoever signs asks again', async () => {
  const { open, asked } = holder(2)
  const signer = await openStatementSigner(open)
  expect(asked()).toBe(1)
  await expect(signer.sign(Buffer.from('x'))).rejects.toBeInstanceOf(SignerUnavailable)
  await expect(signer.sign(Buffer.from('x'))).resolves.toHaveLength(64)
  expect([asked(), signer.alg]).toEqual([3, 'ES256'])
})

test('what is only looked up refuses until it is there, and starts one attempt at a time', async () => {
  const { open, asked } = holder(1)
  const signer = await openStatementSigner(open)
  expect(() => signer.kid).toThrow(SignerUnavailable)
  expect(() => signer.publicJwk).toThrow(SignerUnavailable)
  expect(asked()).toBe(2)
  await new Promise(resolve => setImmediate(resolve))
  expect(signer.kid).toBe(await calculateJwkThumbprint(key.jwk))
})

test('a request that needs it meanwhile is refused as signer_unavailable, with a time to come again', async () => {
  const signer = await openStatementSigner(holder(9).open)
  const handle = buffered({
    telemetry: { count() {}, alarm() {}, error() {} },
    refused: (refusal, event) => problem(refusal, event.requestContext.requestId, {}),
    open: async () => async () => {
      const jws = await signStatement(signer, statementTypes.review, '{}')
      return { status: 200, headers: {}, body: jws }
    },
  })
  const context = { awsRequestId: 'r', getRemainingTimeInMillis: () => 10_000 }
  const answer = await handle({ requestContext: {} } as APIGatewayProxyEvent, context as never)
  expect(answer.statusCode).toBe(503)
  expect(JSON.parse(answer.body)).toMatchObject({ code: 'signer_unavailable' })
  expect(Number(answer.headers?.['retry-after'])).toBeGreaterThan(0)
})
