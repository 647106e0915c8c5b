/** The texts of agreements as they are shown: documents, who has signed them, and what is exported. */
import * as z from 'zod'
import type { AgreementDocument } from '../../../shared/agreements/document.ts'
import type { AgreementSignature, AgreementVersion } from '../../../shared/domain/records.ts'
import { time } from '../../../shared/domain/time.ts'
import { documentOf } from '../../governance/agreements/read-agreement.ts'
import { instant, showSignature, signature } from './common.ts'

export const kinds = ['engagement', 'access'] as const

export const clauseShown = z
  .object({
    id: z.string(),
    kind: z.string(),
    text: z.string(),
    terms: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'Clause' })

export const documentShown = z
  .object({
    format: z.string(),
    agreement: z.string(),
    version: z.int(),
    kind: z.enum(kinds),
    title: z.string(),
    template: z.string().nullable(),
    made_up: z.boolean().meta({ description: 'A sample text, which binds nobody.' }),
    parties: z.array(
      z.object({
        organisation: z.string(),
        name: z.string(),
        as: z.enum(['developer', 'partner', 'government']),
      }),
    ),
    models: z.array(z.string()),
    starts_at: instant,
    ends_at: instant,
    clauses: z.array(clauseShown),
  })
  .meta({
    id: 'AgreementDocument',
    description: 'What is signed. The SHA-256 of its canonical JSON (RFC 8785), base64url, is its digest.',
  })

export const signatureShown = z
  .object({
    organisation: z.string(),
    kind: z.enum(['key', 'attested']).meta({
      description: 'By a key of the signatory’s own; or this deployment attests who signed.',
    }),
    kid: z.string(),
    by: signature,
    entry: z.string(),
  })
  .meta({ id: 'AgreementSignature' })

export const showSignatures = ({ signatures }: AgreementVersion): z.infer<typeof signatureShown>[] =>
  sortedSignatures(signatures).map(([organisation, { kind, kid, by, entry }]) => ({
    organisation,
    kind,
    kid,
    by: showSignature(by),
    entry,
  }))

/** A map keeps no order of its names. */
const sortedSignatures = (
  signatures: AgreementVersion['signatures'],
): readonly (readonly [string, AgreementSignature])[] =>
  Object.entries(signatures).toSorted(([a], [b]) => (a < b ? -1 : 1))

export const showDocument = (document: AgreementDocument) =>
  document as unknown as z.infer<typeof documentShown>

export const versionShown = z
  .object({
    agreement: z.string(),
    terms_version: z.int(),
    digest: z.string(),
    document: documentShown,
    signatures: z.array(signatureShown),
    drafted_at: instant,
    offered_at: instant.nullable(),
    effective_at: instant.nullable(),
  })
  .meta({ id: 'AgreementVersion' })

export const showVersion = (version: AgreementVersion): z.infer<typeof versionShown> => ({
  agreement: version.agreement,
  terms_version: version.version,
  digest: version.digest,
  document: showDocument(documentOf(version)),
  signatures: showSignatures(version),
  drafted_at: time(version.draftedAt),
  offered_at: version.offeredAt === undefined ? null : time(version.offeredAt),
  effective_at: version.effectiveAt === undefined ? null : time(version.effectiveAt),
})

const jwkShown = z.record(z.string(), z.unknown()).meta({ description: 'A public key (RFC 7517).' })

export const exportShown = z
  .object({
    agreement: z.string(),
    terms_version: z.int(),
    digest: z.string(),
    document: z.string().meta({ description: 'The canonical text: its UTF-8 bytes are what is signed.' }),
    signatures: z.array(
      z.object({
        organisation: z.string(),
        kind: z.enum(['key', 'attested']),
        jws: z.string(),
        kid: z.string(),
        jwk: jwkShown,
      }),
    ),
    statement_keys: z.object({ keys: z.array(jwkShown) }),
  })
  .meta({ id: 'AgreementExport' })

export const showExport = (
  version: AgreementVersion,
  statementKeys: readonly object[],
): z.infer<typeof exportShown> => ({
  agreement: version.agreement,
  terms_version: version.version,
  digest: version.digest,
  document: version.document,
  signatures: sortedSignatures(version.signatures).map(([organisation, { kind, jws, kid, jwk }]) => ({
    organisation,
    kind,
    jws,
    kid,
    jwk: { ...jwk },
  })),
  statement_keys: { keys: statementKeys.map(key => ({ ...key })) },
})

export const differenceShown = z
  .object({
    from: z.string(),
    to: z.string(),
    changes: z.array(z.object({ path: z.string(), from: z.unknown(), to: z.unknown() })),
  })
  .meta({ id: 'AgreementDifference' })
