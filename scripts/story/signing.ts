/** Signing an agreement with a key of one's own: it is made here, and nobody else ever has its private half. */
import { createPrivateKey, type JsonWebKey, randomUUID, sign } from 'node:crypto'
import { generateClientKey, type PrivateJwk } from '../../client/index.ts'
import { textAt } from '../../client/json.ts'
import { type AgreementDocument, digestOf, documentText } from '../../shared/agreements/document.ts'
import { type StatementSigner, signStatement, statementTypes } from '../../shared/agreements/statement.ts'
import type { Stage } from './stage.ts'

/** Registered for them; what they sign with. */
export async function registerSigningKey(stage: Stage, who: string): Promise<StatementSigner> {
  const key = await generateClientKey()
  const signer = signerOf(key)
  const me = await stage.sees(who, '/me')
  const person = textAt(me, 'person', 'id') ?? ''
  const claims = {
    aud: stage.deps.issuer,
    sub: person,
    iat: Math.floor(Date.now() / 1000),
    jti: randomUUID(),
  }
  const { kty, crv, x, y } = key
  await stage.does({
    who,
    what: 'makes a key to sign agreements with, and registers its public half',
    path: `/people/${person}/signing-keys`,
    on: `/people/${person}`,
    body: {
      public_key: { kty, crv, x, ...(y !== undefined && { y }) },
      proof: await signStatement(signer, statementTypes.signatory, JSON.stringify(claims)),
    },
    tells: () => `key ${signer.kid}`,
  })
  return signer
}

function signerOf(key: PrivateJwk): StatementSigner {
  const privateKey = createPrivateKey({ key: key as JsonWebKey, format: 'jwk' })
  return {
    kid: key.kid ?? '',
    alg: 'ES256',
    sign: async input => sign('sha256', input, { key: privateKey, dsaEncoding: 'ieee-p1363' }),
  }
}

/** Over the document as it was read, by the digest that was computed here. */
export async function signedBy(
  signer: StatementSigner,
  document: AgreementDocument,
): Promise<{ readonly digest: string; readonly signature: string }> {
  const text = documentText(document)
  return { digest: digestOf(text), signature: await signStatement(signer, statementTypes.document, text) }
}
