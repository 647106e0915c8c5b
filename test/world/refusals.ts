import { expect } from 'vitest'
import { type RefusalCode, refusals } from '../../shared/domain/refusal.ts'

/** Met in `test/embedded/refusals-of-the-server.test.ts`: they come from what API Gateway is elsewhere, or from an outage. */
export const ofTheServer = [
  'headers_too_large',
  'internal',
  'overloaded',
  'record_unavailable',
  'request_malformed',
  'request_timeout',
  'stopping',
  'store_unavailable',
  'upstream_timeout',
] as const satisfies readonly RefusalCode[]

/** Met in `test/e2e/every-refusal-of-a-decision.test.ts`: they are said to people. */
export const ofDecisions = [
  'approval_required',
  'ceiling_exceeded',
  'classification_exceeded',
  'fresh_sign_in_required',
  'holds_full',
  'idempotency_key_required',
  'idempotency_key_reused',
  'own_proposal',
  'person_suspended',
  'proposal_stale',
  'record_exists',
  'record_unknown',
  'role_missing',
  'score_refused',
  'session_ended',
  'state_forbids',
  'ticket_invalid',
  'version_required',
  'version_stale',
] as const satisfies readonly RefusalCode[]

/**
 * Met in `test/unit/functions/log/` and `test/unit/exporter/`: the one is over once the sequencer has run, and the others
 * take the readers of a month, a month that is past what is kept, a file that is, more orders than anybody places, or a leak.
 */
export const ofTheLog = [
  'countersignature_invalid',
  'countersignature_required',
  'entry_deleted',
  'epsilon_spent',
  'export_expired',
  'export_not_ready',
  'export_too_large',
  'export_unavailable',
  'exports_exhausted',
  'leak_unreadable',
  'not_in_tree_yet',
  'preservations_full',
  'range_required',
  'reader_slots_exhausted',
  'trace_too_large',
] as const satisfies readonly RefusalCode[]

/** Said before anything was read, so without the version of the rules in force. */
const beforeReading = [
  'nonce_required',
  'path_not_offered',
  'proof_invalid',
  'token_expired',
  'token_invalid',
] as const satisfies readonly RefusalCode[]

const isOneOf = (codes: readonly RefusalCode[], code: RefusalCode): boolean => codes.includes(code)

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly code: string
  readonly error: {
    message: string
    code?: string
    type?: string
    sallyport: { code: string; next: string; rules?: number; clause?: string; agreement?: { digest: string } }
  }
}

/** Reads a refusal in the caller's protocol and checks what every one of them has. */
export async function readRefusal(response: Response, code: RefusalCode): Promise<Answer> {
  const body = (await response.json()) as { type?: string; request_id?: string; error: Answer['error'] }
  const { status, headers } = response
  const { error } = body
  expect({ code: error.sallyport?.code, status }).toEqual({ code, status: refusals[code].status })
  // What has to be attested is attested of this client: it is named behind the command.
  const next = String(error.sallyport.next)
  const general = refusals[code].next
  expect(general.endsWith(' client attributes') ? next.replace(/ client_\w+$/, '') : next).toBe(general)
  const { rules, clause, agreement } = error.sallyport
  if (!isOneOf(ofTheServer, code)) expect(rules === undefined).toBe(isOneOf(beforeReading, code))
  expect(agreement === undefined, 'a clause stands in a version').toBe(clause === undefined)
  expect(error.message).toContain(refusals[code].title)
  expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
  expect(headers.get('dpop-nonce')).toBeTruthy()
  expect(headers.get('cache-control')).toBe('no-store')
  if (status === 401) expect(headers.get('www-authenticate')).toMatch(/^DPoP error="[a-z_]+".*algs="ES256/)
  return { status, headers, code, error }
}
