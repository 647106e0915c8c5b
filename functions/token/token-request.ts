import type { SigningKey } from '../../shared/domain/records.ts'
import type { AccessTokenClaims } from '../../shared/oauth/access-token.ts'
import type { Form } from '../../shared/oauth/form.ts'

export interface TokenRequest {
  readonly id: string
  readonly form: Form
  readonly proofs: readonly string[]
  /** Milliseconds: every step judges at the same time. */
  readonly now: number
}

/** What is signed and told, once everything is decided. */
export interface Issuance {
  readonly claims: AccessTokenClaims
  readonly key: SigningKey
  readonly lifetime: number
  /** The version of the approval rules, should it be refused yet. */
  readonly rules: number | undefined
}
