import * as z from 'zod'
import { forEveryone, type Operation } from '../operation.ts'

const jwk = z
  .object({
    kty: z.enum(['EC', 'OKP']),
    crv: z.string(),
    x: z.string(),
    y: z.string().optional(),
    kid: z.string().meta({ description: 'The RFC 7638 thumbprint.' }),
    alg: z.enum(['ES256', 'ES384', 'Ed25519']),
    use: z.literal('sig'),
  })
  .meta({ id: 'StatementKey' })

export const statementKeyOperations: readonly Operation[] = [
  forEveryone({
    id: 'getStatementKeys',
    method: 'GET',
    path: '/keys',
    tag: 'keys',
    summary: 'The public keys that statements of this deployment are verified with',
    description:
      'A JWK Set (RFC 7517) for attested signatures, certificates of reviews and advisories. Tokens are signed with other keys.',
    answers: { 200: z.object({ keys: z.array(jwk) }).meta({ id: 'StatementKeys' }) },
    async answer({ deps: { statements } }) {
      const { kid, alg, publicJwk } = statements
      return { status: 200, body: { keys: [{ ...publicJwk, kid, alg, use: 'sig' }] }, maxAge: 300 }
    },
  }),
]
