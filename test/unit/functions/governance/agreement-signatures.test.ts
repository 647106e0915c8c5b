/** What proves who signed: an attestation of this deployment, or a JWS by a key of the signatory's own. */
import { beforeEach, describe, expect, test } from 'vitest'
import { decide } from '../../../../functions/governance/engine/decide.ts'
import { type Attestation, attestationOf } from '../../../../shared/agreements/attestation.ts'
import { digestOf } from '../../../../shared/agreements/document.ts'
import { statementTypes, verifyStatement } from '../../../../shared/agreements/statement.ts'
import { keys } from '../../../../shared/domain/keys.ts'
import { type AgreementWorld, agreementWorld, issuer, memorySigner } from './agreement-world.ts'
import { applied, start, told } from './grant-world.ts'

let world: AgreementWorld
let id: string
let digest: string
beforeEach(async () => {
  world = await agreementWorld()
  id = await world.offered()
  digest = (await world.agreementOf(id)).digest
})

const signatureOf = async (organisation: string) => {
  const signature = (await world.versionOf(digest)).signatures[organisation]
  if (signature === undefined) throw new Error(`${organisation} has not signed`)
  return signature
}

describe('an attested signature', () => {
  const claimsOf = (jws: string): Attestation => {
    const verified = verifyStatement(jws, statementTypes.attestation, world.statements.publicJwk)
    if (typeof verified === 'string') throw new Error(verified)
    return JSON.parse(verified.payload.toString()) as Attestation
  }

  test('states who signed what, how they had signed in, and what they said', async () => {
    const answer = await world.sign('pat', id)
    const { kind, jws, kid, by, entry } = await signatureOf('cedar')
    expect([kind, kid, by.person]).toEqual(['attested', world.statements.kid, 'pat'])
    const claims = claimsOf(jws)
    expect(claims).toMatchObject({
      iss: issuer,
      iat: start / 1000,
      agreement: id,
      version: 1,
      digest,
      organisation: 'cedar',
      person: 'pat',
      role: 'partner-admin',
      signed_in: { issuer: 'https://id.example', subject: 'pat', auth_time: start / 1000 - 1, acr: null },
    })
    expect(claims.consent.digest).toBe(digestOf(claims.consent.text))
    // The log holds it too.
    expect(entry).toBe((applied(answer).body as { entry: string }).entry)
    expect((await world.entryOf(answer)).params).toEqual({ digest, kind: 'attested', jws })
  })

  test('where the key does not answer, nothing is signed', async () => {
    world.loseSigner()
    expect(told(await world.sign('pat', id))).toBe('signer_unavailable')
    expect((await world.versionOf(digest)).signatures).toEqual({})
  })

  test('nothing is attested of somebody who could not sign', async () => {
    world.loseSigner()
    expect(told(await world.sign('uma', id))).toBe('role_missing')
  })

  /** As though an operation had handed over whatever somebody sent. */
  const handedOver = async (jws: string, who = 'pat') =>
    told(await world.decide(who, 'agreement.sign', id, { digest, kind: 'attested', jws }))
  const statement = async (change: Partial<Attestation>, signer = world.statements) => {
    const other = await fitting()
    return world.signed(signer, statementTypes.attestation, JSON.stringify({ ...other, ...change }))
  }
  /** One that counts. */
  async function fitting(): Promise<Attestation> {
    const version = await world.versionOf(digest)
    const signatory = {
      organisation: 'cedar',
      person: 'pat',
      name: 'pat',
      role: 'partner-admin',
      issuer: 'https://id.example',
      subject: 'pat',
      authTime: start,
    }
    return attestationOf(issuer, JSON.parse(version.document), digest, signatory, world.now())
  }

  test('of this deployment, about this signature, counts', async () => {
    expect(await handedOver(await statement({}))).toBe('applied')
  })

  test.each([
    ['about another agreement', { agreement: 'agreement_1' }],
    ['about another digest', { digest: 'other' }],
    ['about another version', { version: 2 }],
    ['about another organisation', { organisation: 'halcyon' }],
    ['about another person', { person: 'dana' }],
    ['with another consent', { consent: { text: 'Yes.', digest: digestOf('Yes.') } }],
    ['of another day', { iat: start / 1000 - 86_400 }],
  ])('%s does not', async (_, change) => {
    expect(await handedOver(await statement(change))).toBe('body_malformed signature')
    expect((await world.versionOf(digest)).signatures).toEqual({})
  })

  test('by another deployment’s key does not', async () => {
    expect(await handedOver(await statement({}, memorySigner()))).toBe('body_malformed signature')
  })

  test('a statement of another type by this very key does not', async () => {
    const claims = JSON.stringify(await fitting())
    for (const type of [statementTypes.review, statementTypes.advisory, statementTypes.document])
      expect(await handedOver(await world.signed(world.statements, type, claims))).toBe(
        'body_malformed signature',
      )
  })

  test('a decision without any JWS writes nothing', async () => {
    const action = { name: 'agreement.sign' as const, id, params: { digest, kind: 'attested' } }
    const reason = { code: 'request' as const, text: 'x' }
    await expect(
      decide(world.deps, await world.actor('pat'), { action, reason, request: 'r' }),
    ).rejects.toThrow('without its JWS')
    expect((await world.versionOf(digest)).signatures).toEqual({})
  })
})

describe('a signature by a key of one’s own', () => {
  const documentOf = async (): Promise<string> => (await world.versionOf(digest)).document
  const { document: type } = statementTypes

  test('is over the document, byte for byte, and the log keeps it by the digest', async () => {
    const key = await world.signingKey('pat')
    const jws = await world.signed(key, type, await documentOf())
    const answer = await world.sign('pat', id, { signature: jws })
    const signature = await signatureOf('cedar')
    expect(signature).toMatchObject({ kind: 'key', jws, kid: key.kid, jwk: key.publicJwk })
    const [head, , tail] = jws.split('.')
    expect((await world.entryOf(answer)).params).toEqual({ digest, kind: 'key', jws: `${head}..${tail}` })
  })

  test('does not count over other bytes: not one space more', async () => {
    const key = await world.signingKey('pat')
    const document = await documentOf()
    const parsed = JSON.parse(document)
    for (const other of [
      `${document} `,
      ` ${document}`,
      JSON.stringify(parsed, null, 1),
      JSON.stringify({ ...parsed, title: `${parsed.title}.` }),
    ])
      expect(told(await world.sign('pat', id, { signature: await world.signed(key, type, other) }))).toBe(
        'body_malformed signature',
      )
    expect((await world.versionOf(digest)).signatures).toEqual({})
  })

  test('does not count by a key that is not registered, is another’s, or has ended', async () => {
    const document = await documentOf()
    const stranger = memorySigner()
    const refused = async (who: string, key = stranger, of = type) =>
      told(await world.sign(who, id, { signature: await world.signed(key, of, document) }))
    expect(await refused('pat')).toBe('body_malformed signature')
    const danas = await world.signingKey('dana')
    expect(await refused('pat', danas)).toBe('body_malformed signature')
    const own = await world.signingKey('pat')
    await world.store.write({
      kind: 'update',
      key: keys.person('pat'),
      change: { set: [[['signingKeys', own.kid, 'endedAt'], start]] },
    })
    expect(await refused('pat', own)).toBe('body_malformed signature')
  })

  test('does not count as what it is not: another type, a changed signature, a foreign kid', async () => {
    const key = await world.signingKey('pat')
    const document = await documentOf()
    const good = await world.signed(key, type, document)
    const [head, body, tail = ''] = good.split('.')
    const flipped = `${tail[0] === 'A' ? 'B' : 'A'}${tail.slice(1)}`
    const stranger = memorySigner()
    const claimed = await world.signed({ ...stranger, kid: key.kid }, type, document)
    for (const jws of [
      await world.signed(key, statementTypes.attestation, document),
      `${head}.${body}.${flipped}`,
      `${head}..${tail}`,
      claimed,
      'not-a-jws',
    ])
      expect(told(await world.sign('pat', id, { signature: jws }))).toBe('body_malformed signature')
    expect(told(await world.sign('pat', id, { signature: good }))).not.toContain('malformed')
  })

  test('works where the deployment’s own key does not answer', async () => {
    const key = await world.signingKey('pat')
    world.loseSigner()
    applied(await world.sign('pat', id, { signature: await world.signed(key, type, await documentOf()) }))
    expect((await signatureOf('cedar')).kind).toBe('key')
  })
})

describe('what is exported', () => {
  test('is verified by itself: the bytes, the signatures, the keys', async () => {
    const key = await world.signingKey('dana')
    const jws = await world.signed(key, statementTypes.document, (await world.versionOf(digest)).document)
    applied(await world.sign('dana', id, { signature: jws }))
    applied(await world.sign('pat', id))
    const { body } = applied(await world.call('pat', 'exportAgreement', { path: { agreement: id } }))
    const exported = body as {
      document: string
      digest: string
      signatures: { organisation: string; kind: string; jws: string; jwk: never }[]
      statement_keys: { keys: { kid: string }[] }
    }
    expect(digestOf(exported.document)).toBe(exported.digest)
    expect(exported.signatures.map(({ organisation, kind }) => [organisation, kind])).toEqual([
      ['cedar', 'attested'],
      ['halcyon', 'key'],
    ])
    const [attested, own] = exported.signatures
    if (!attested || !own) throw new Error('both have signed')
    const verified = verifyStatement(own.jws, statementTypes.document, own.jwk)
    expect(typeof verified === 'string' ? verified : verified.payload.toString()).toBe(exported.document)
    expect(typeof verifyStatement(attested.jws, statementTypes.attestation, attested.jwk)).toBe('object')
    expect(exported.statement_keys.keys.map(({ kid }) => kid)).toEqual([world.statements.kid])
  })

  test('not to whoever does not see it', async () => {
    for (const who of ['rita', 'elsa', 'zoe'])
      expect(told(await world.call(who, 'exportAgreement', { path: { agreement: id } }))).toBe(
        'record_unknown',
      )
  })
})
