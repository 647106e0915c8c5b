/** An agreement of three parties and its signatures, for tests of what the client makes of them. */
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { attestationOf } from '../../../shared/agreements/attestation.ts'
import {
  type AgreementDocument,
  digestOf,
  documentFormat,
  documentText,
} from '../../../shared/agreements/document.ts'
import {
  type StatementSigner,
  type StatementType,
  signStatement,
  statementTypes,
} from '../../../shared/agreements/statement.ts'
import { curves, readPublicJwk, thumbprint } from '../../../shared/oauth/public-jwk.ts'
import type { PublicJwk, SigningAlgorithm } from '../../../shared/ports/keys.ts'

export interface TestKey {
  readonly signer: StatementSigner
  readonly publicJwk: PublicJwk
  readonly privateKey: KeyObject
  readonly jwk: Readonly<Record<string, unknown>>
}

export function makeKey(alg: SigningAlgorithm = 'ES256'): TestKey {
  const { privateKey } =
    alg === 'Ed25519'
      ? generateKeyPairSync('ed25519')
      : generateKeyPairSync('ec', { namedCurve: curves[alg].crv })
  const jwk = { ...privateKey.export({ format: 'jwk' }) }
  const { d: _, ...open } = jwk
  const publicJwk = readPublicJwk(open, alg)
  if (publicJwk === undefined) throw new Error('no key')
  const signer: StatementSigner = {
    kid: thumbprint(publicJwk),
    alg,
    sign: async bytes => sign(curves[alg].digest, bytes, { key: privateKey, dsaEncoding: 'ieee-p1363' }),
  }
  return { signer, publicJwk, privateKey, jwk }
}

export const agreementId = 'agreement_5aesfvr6ahgd79gey2aj1jye76'

export const documentOf = (changes: Partial<AgreementDocument> = {}): AgreementDocument => ({
  format: documentFormat,
  agreement: agreementId,
  version: 1,
  kind: 'access',
  title: 'Access to Aurora',
  template: null,
  made_up: true,
  parties: [
    { organisation: 'halcyon', name: 'Halcyon Research', as: 'developer' },
    { organisation: 'cedar', name: 'Cedar County Hospital', as: 'partner' },
    { organisation: 'ofr', name: 'Office of Frontier Review', as: 'government' },
  ],
  models: ['aurora-preview'],
  starts_at: '2026-11-27T00:00:07.000Z',
  ends_at: '2027-11-27T00:00:00.000Z',
  clauses: [
    {
      id: 'quota-1',
      kind: 'quota',
      text: 'No grant is given more.\nNor two.',
      terms: {
        total: 100_000_000,
        rpm: 60,
        burst: 10,
        streams: 4,
        pool: { total: 200_000_000, rpm: 9, burst: 9, streams: 9 },
      },
    },
    {
      id: 'notice-1',
      kind: 'retention-notice',
      text: 'Metadata is kept.',
      terms: { days: 365, notice: 'Who calls is recorded for 365 days.' },
    },
    { id: 'free-1', kind: 'non-licensing', text: 'Nothing here is a licence.', terms: {} },
  ],
  ...changes,
})

/** Of Priya of cedar, as a gateway states it. */
export const attest = (
  key: TestKey,
  document: AgreementDocument,
  changes: object = {},
  type: StatementType = statementTypes.attestation,
): Promise<string> => {
  const claims = attestationOf(
    'https://gateway.example',
    document,
    digestOf(documentText(document)),
    {
      organisation: 'cedar',
      person: 'person_1',
      name: 'Priya Nair',
      role: 'partner-admin',
      issuer: 'https://id.example',
      subject: 'priya',
      authTime: Date.parse('2026-11-27T08:00:00Z'),
    },
    Date.parse('2026-11-27T09:00:00Z'),
  )
  return signStatement(key.signer, type, JSON.stringify({ ...claims, ...changes }))
}

export const signDocument = (
  key: TestKey,
  document: AgreementDocument,
  type: StatementType = statementTypes.document,
): Promise<string> => signStatement(key.signer, type, documentText(document))

/** halcyon and ofr by keys of their own, cedar attested by the gateway. */
export async function makeParts(document = documentOf()) {
  const keys = { gateway: makeKey(), halcyon: makeKey(), ofr: makeKey('Ed25519') }
  const signatures = {
    halcyon: await signDocument(keys.halcyon, document),
    cedar: await attest(keys.gateway, document),
    ofr: await signDocument(keys.ofr, document),
  }
  const jwks = {
    keys: [
      { ...keys.gateway.publicJwk, kid: keys.gateway.signer.kid },
      { ...keys.halcyon.publicJwk, kid: keys.halcyon.signer.kid, organisation: 'halcyon' },
      { ...keys.ofr.publicJwk, kid: keys.ofr.signer.kid, organisation: 'ofr' },
    ],
  }
  return { document, text: documentText(document), keys, signatures, jwks }
}

/** As the gateway answers for an export. */
export const exportOf = ({ document, text, keys, signatures }: Awaited<ReturnType<typeof makeParts>>) => ({
  agreement: document.agreement,
  terms_version: document.version,
  digest: digestOf(text),
  document: text,
  signatures: Object.entries(signatures).map(([organisation, jws]) => {
    const key = organisation === 'cedar' ? keys.gateway : organisation === 'ofr' ? keys.ofr : keys.halcyon
    return {
      organisation,
      kind: organisation === 'cedar' ? 'attested' : 'key',
      jws,
      kid: key.signer.kid,
      jwk: key.publicJwk,
    }
  }),
  statement_keys: { keys: [{ ...keys.gateway.publicJwk, kid: keys.gateway.signer.kid }] },
})
