/**
 * Whether an agreement was signed by its parties, told from its files alone: the document as it was signed, a signature
 * of each party, and the keys that verify them. Pure; nobody is asked.
 */
import { consentText } from '../../shared/agreements/attestation.ts'
import { type AgreementDocument, digestOf } from '../../shared/agreements/document.ts'
import { statementCap, statementTypes, verifyStatement } from '../../shared/agreements/statement.ts'
import { parseCompactJws } from '../../shared/oauth/compact-jws.ts'
import { algorithms, curves, readPublicJwk, thumbprint } from '../../shared/oauth/public-jwk.ts'
import { at, textAt } from '../json.ts'
import { parseDocument } from './agreement-text.ts'

export interface Key {
  readonly jwk: NonNullable<ReturnType<typeof readPublicJwk>>
  /** RFC 7638 thumbprint. */
  readonly kid: string
  /** Whose own it is, and then it signs agreements for them alone; absent: it signs what a gateway states. */
  readonly organisation?: string
}

/** What one party has signed with. */
export type Signed =
  | { readonly organisation: string; readonly kind: 'key'; readonly kid: string }
  | {
      readonly organisation: string
      readonly kind: 'attested'
      readonly kid: string
      /** The gateway that states it. */
      readonly issuer: string
      readonly name: string
      readonly role: string
      /** RFC 3339. */
      readonly at: string
      readonly signedInAt: string
      readonly consent: string
    }

export interface Files {
  /** The exact bytes. */
  readonly document: Uint8Array
  /** Compact JWS by organisation, each as its file holds it. */
  readonly signatures: ReadonlyMap<string, string>
  readonly keys: readonly Key[]
}

export interface Verification {
  readonly digest: string
  readonly document?: AgreementDocument
  readonly signed: readonly Signed[]
  /** What is wrong, each as a sentence that names its file; empty: all of it was verified. */
  readonly faults: readonly string[]
}

/** `expected`: the digest that the document should have, as it was told by another way. */
export function verifyFiles({ document: bytes, signatures, keys }: Files, expected?: string): Verification {
  const digest = digestOf(bytes)
  const pinned =
    expected === undefined || expected === digest
      ? []
      : [`agreement.json: its digest is ${digest}, not ${expected}.`]
  const document = parseDocument(bytes)
  if (typeof document === 'string')
    return { digest, signed: [], faults: [...pinned, `agreement.json: ${document}.`] }
  const parties = document.parties.map(({ organisation }) => organisation)
  const found = parties.map(party =>
    verifyParty({ party, document, bytes, digest }, signatures.get(party), keys),
  )
  const strangers = [...signatures.keys()].filter(one => !parties.includes(one))
  return {
    digest,
    document,
    signed: found.filter(one => typeof one !== 'string'),
    faults: [
      ...pinned,
      ...found.filter(one => typeof one === 'string'),
      ...strangers.map(one => `${one}.jws: ${one} is no party of this agreement.`),
    ],
  }
}

interface Signing {
  readonly party: string
  readonly document: AgreementDocument
  readonly bytes: Uint8Array
  readonly digest: string
}

function verifyParty(signing: Signing, jws: string | undefined, keys: readonly Key[]): Signed | string {
  const { party } = signing
  if (jws === undefined) return `${party}.jws: it is missing: ${party} has not signed this version.`
  const header = parseCompactJws(jws, statementCap)?.header
  if (header === undefined) return `${party}.jws: it is no compact JWS over a JSON object.`
  const told =
    header.typ === statementTypes.attestation ? attested(signing, jws, keys) : owned(signing, jws, keys)
  return typeof told === 'string' ? `${party}.jws: ${told}.` : told
}

/** By a key of the party's own, over these very bytes. */
function owned({ party, bytes }: Signing, jws: string, keys: readonly Key[]): Signed | string {
  const key = keyOf(jws, keys)
  if (typeof key === 'string') return key
  // Every party signs the same bytes: only the key tells whose signature it is.
  if (key.organisation !== party)
    return key.organisation === undefined
      ? `nothing says that its key is one of ${party}`
      : `its key is one of ${key.organisation}, not of ${party}`
  const verified = verifyStatement(jws, statementTypes.document, key.jwk)
  if (typeof verified === 'string') return verified
  return verified.payload.equals(bytes)
    ? { organisation: party, kind: 'key', kid: key.kid }
    : 'it is over another text than agreement.json'
}

/** By a gateway, which says who signed this document. */
function attested({ party, document, digest }: Signing, jws: string, keys: readonly Key[]): Signed | string {
  const key = keyOf(jws, keys)
  if (typeof key === 'string') return key
  if (key.organisation !== undefined)
    return `it is a statement of a gateway, and its key is one of ${key.organisation}`
  const verified = verifyStatement(jws, statementTypes.attestation, key.jwk)
  if (typeof verified === 'string') return verified
  const claims: unknown = JSON.parse(verified.payload.toString('utf8'))
  const consent = textAt(claims, 'consent', 'text') ?? ''
  const wrong = [
    ['digest', digest],
    ['agreement', document.agreement],
    ['version', document.version],
    ['organisation', party],
  ].find(([name, value]) => at(claims, String(name)) !== value)
  if (wrong) return `it states another ${wrong[0]} than that of agreement.json`
  if (consent !== consentText(document) || textAt(claims, 'consent', 'digest') !== digestOf(consent))
    return 'it states consent to something else'
  return {
    organisation: party,
    kind: 'attested',
    kid: key.kid,
    issuer: textAt(claims, 'iss') ?? '',
    name: textAt(claims, 'name') ?? '',
    role: textAt(claims, 'role') ?? '',
    at: timeOf(at(claims, 'iat')),
    signedInAt: textAt(claims, 'signed_in', 'issuer') ?? '',
    consent,
  }
}

/** One that two hold proves of neither that it was they who signed. */
function keyOf(jws: string, keys: readonly Key[]): Key | string {
  const kid = parseCompactJws(jws, statementCap)?.header.kid
  const named = keys.filter(one => one.kid === kid)
  const [first] = named
  if (first === undefined) return `its key ${String(kid)} is not among the keys`
  const holders = [...new Set(named.map(({ organisation }) => organisation ?? 'a gateway'))]
  return holders.length > 1 ? `its key ${first.kid} is one of ${holders.join(' and of ')} alike` : first
}

/** Seconds since the epoch as RFC 3339; what is no time is said as it is. */
function timeOf(seconds: unknown): string {
  const date = new Date(typeof seconds === 'number' ? seconds * 1000 : Number.NaN)
  return Number.isNaN(date.getTime()) ? String(seconds) : date.toISOString()
}

/**
 * The keys of a JWK set (RFC 7517 §5), or of one JWK, or what is wrong with it as the end of a sentence. A kid that is
 * not the thumbprint of its key is an error: nothing else ties both together.
 */
export function readKeys(value: unknown): readonly Key[] | string {
  const list = at(value, 'keys') ?? [value]
  if (!Array.isArray(list)) return 'it is no JWK set'
  const keys = list.map(readKey)
  return keys.find(one => typeof one === 'string') ?? keys.filter(one => typeof one !== 'string')
}

function readKey(value: unknown, i: number): Key | string {
  const alg = algorithms.find(one => curves[one].crv === textAt(value, 'crv'))
  const jwk = alg && readPublicJwk(value, alg)
  if (jwk === undefined) return `its key ${i + 1} is no public JWK of P-256, P-384 or Ed25519`
  const kid = thumbprint(jwk)
  const stated = at(value, 'kid')
  if (stated !== undefined && stated !== kid)
    return `the kid of its key ${i + 1} is not the thumbprint of that key`
  const organisation = at(value, 'organisation')
  if (organisation === undefined) return { jwk, kid }
  return typeof organisation === 'string' && organisation !== ''
    ? { jwk, kid, organisation }
    : `its key ${i + 1} does not say clearly whose it is`
}
