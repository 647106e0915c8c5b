/**
 * Who signed, and what proves it. `key`: a JWS by a key of the signatory's own, whose payload is the document, byte for
 * byte. `attested`: a statement of this deployment about the person behind the request. Whichever it is, it is looked at
 * here, by keys of the records: nothing that a request says of itself counts.
 */
import canonicalize from 'canonicalize'
import { type Attestation, attestationOf, consentText } from '../../../shared/agreements/attestation.ts'
import { digestOf } from '../../../shared/agreements/document.ts'
import {
  type StatementSigner,
  signStatement,
  statementCap,
  statementTypes,
  verifyStatement,
} from '../../../shared/agreements/statement.ts'
import type { Role } from '../../../shared/domain/parties.ts'
import type { AgreementSignature, AgreementVersion } from '../../../shared/domain/records.ts'
import { type Refusal, refuse } from '../../../shared/domain/refusal.ts'
import { parseCompactJws } from '../../../shared/oauth/compact-jws.ts'
import type { Actor, PlanDeps } from '../engine/plan.ts'
import { documentOf } from './read-agreement.ts'

export type Proven = Pick<AgreementSignature, 'kind' | 'jws' | 'kid' | 'jwk'>

/** What the operation hands over; without a JWS it only asks whether somebody could sign. */
export interface Signing {
  readonly digest: string
  readonly kind: AgreementSignature['kind']
  readonly jws?: string
}

/** Milliseconds from the statement to the decision that carries it. */
const maxAge = 60_000

/** The statement of an attested signature, from who is behind the request. Throws what the signer throws. */
export function attest(
  signer: StatementSigner,
  issuer: string,
  version: AgreementVersion,
  { person, organisation, authTime, acr }: Actor,
  role: Role,
  now: number,
): Promise<string> {
  const claims = attestationOf(
    issuer,
    documentOf(version),
    version.digest,
    {
      organisation: organisation.id,
      person: person.id,
      name: person.name,
      role,
      issuer: person.issuer,
      subject: person.subject,
      authTime,
      ...(acr !== undefined && { acr }),
    },
    now,
  )
  return signStatement(signer, statementTypes.attestation, canonicalize(claims) ?? '')
}

/** Nothing where there is no JWS yet: a dry run signs nothing. */
export function judgeSigned(
  { statements }: PlanDeps,
  { kind, jws }: Signing,
  version: AgreementVersion,
  actor: Actor,
  now: number,
): Proven | undefined | Refusal {
  if (jws === undefined) return undefined
  return kind === 'key' ? byOwnKey(jws, version, actor) : byStatement(statements, jws, version, actor, now)
}

const wrong = (detail: string, next?: string): Refusal =>
  refuse('body_malformed', detail, { field: 'signature', ...(next !== undefined && { next }) })

function byOwnKey(jws: string, version: AgreementVersion, { person }: Actor): Proven | Refusal {
  const kid = parseCompactJws(jws, statementCap)?.header.kid
  if (typeof kid !== 'string')
    return wrong('The signature is no compact JWS over a JSON object, with a kid in its header.')
  const keys = person.signingKeys ?? {}
  const key = Object.hasOwn(keys, kid) ? keys[kid] : undefined
  if (key === undefined)
    return wrong(
      `The key ${kid} is none that you sign with.`,
      `Register it first: sallyport person sign-key add ${person.id}`,
    )
  if (key.endedAt !== undefined) return wrong(`The key ${kid} has ended: nothing is signed with it any more.`)
  if (Object.values(version.signatures).some(one => one.kind === 'key' && one.kid === kid))
    return wrong(`Another party has signed with the key ${kid}.`)
  const verified = verifyStatement(jws, statementTypes.document, key.jwk)
  if (typeof verified === 'string') return wrong(`The signature does not count: ${verified}.`)
  if (!verified.payload.equals(Buffer.from(version.document)))
    return wrong('The signature is over other bytes than those of the document: sign its canonical text.')
  return { kind: 'key', jws, kid, jwk: key.jwk }
}

/** Made by the operation a moment ago; that it is looked at again leaves no way for a statement from elsewhere. */
function byStatement(
  statements: PlanDeps['statements'],
  jws: string,
  version: AgreementVersion,
  { person, organisation }: Actor,
  now: number,
): Proven | Refusal {
  if (statements === undefined) throw new Error('no key of statements is there to verify an attestation with')
  const verified = verifyStatement(jws, statementTypes.attestation, statements.publicJwk)
  if (typeof verified === 'string') return wrong(`The attestation does not count: ${verified}.`)
  const {
    agreement,
    digest,
    version: of,
    organisation: from,
    person: by,
    consent,
    iat,
  } = JSON.parse(verified.payload.toString()) as Partial<Attestation>
  const says =
    agreement === version.agreement &&
    digest === version.digest &&
    of === version.version &&
    from === organisation.id &&
    by === person.id &&
    consent?.digest === digestOf(consentText(documentOf(version)))
  if (!says) return wrong('The attestation is about another signature.')
  if (typeof iat !== 'number' || Math.abs(now - iat * 1000) > maxAge)
    return wrong('The attestation was not made for this request.')
  return { kind: 'attested', jws, kid: verified.kid, jwk: statements.publicJwk }
}
