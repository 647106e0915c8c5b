/** What kinds of entries there are, and the words of the log that are a closed list. */
import type { Ending } from '../entries/call.ts'
import type { Step } from '../entries/decision.ts'

export const entryTypes = [
  'access',
  'decision',
  'token',
  'session',
  'system',
  'read',
  'export',
  'inquiry',
  'epoch',
] as const
export type EntryType = (typeof entryTypes)[number]

/** Each kind belongs to one type. */
export const typeOfKind = {
  intent: 'access',
  outcome: 'access',
  refusal: 'access',
  decision: 'decision',
  issuance: 'token',
  token_refusal: 'token',
  revocation: 'token',
  sign_in: 'session',
  sign_in_refusal: 'session',
  notice: 'session',
  session_end: 'session',
  finding_raised: 'system',
  founding: 'system',
  hand_off_receipt: 'system',
  recount: 'system',
  reminder: 'system',
  reopening: 'system',
  webhook_disabled: 'system',
  month_deleted: 'system',
  log_restored: 'system',
  log_read: 'read',
  export_granted: 'export',
  export_made: 'export',
  export_failed: 'export',
  export_countersigned: 'export',
  export_downloaded: 'export',
  leak_trace_asked: 'inquiry',
  leak_traced: 'inquiry',
  attribution_asked: 'inquiry',
  attributed: 'inquiry',
  inquiry_failed: 'inquiry',
  epoch_commitment: 'epoch',
} as const satisfies Record<string, EntryType>
export type EntryKind = keyof typeof typeOfKind

export const isEntryKind = (kind: string): kind is EntryKind => Object.hasOwn(typeOfKind, kind)

/** What `type:` takes. */
export const typeWords: readonly string[] = [
  ...entryTypes,
  ...Object.keys(typeOfKind).filter(kind => kind !== 'decision'),
]

const decisions: Readonly<Record<Step | 'allow' | 'refuse', true>> = {
  allow: true,
  refuse: true,
  proposed: true,
  approved: true,
  applied: true,
  declined: true,
  withdrawn: true,
  timed_out: true,
  stale: true,
  ratified: true,
  concurred: true,
  missed: true,
  lapsed: true,
}
export const decisionWords: readonly string[] = Object.keys(decisions)

/** Of a call that has no outcome yet. */
export const openEnding = 'open'

const endings: Readonly<Record<Ending | typeof openEnding, true>> = {
  completed: true,
  client_gone: true,
  cut: true,
  upstream_refused: true,
  upstream_failed: true,
  refused: true,
  estimated: true,
  abandoned: true,
  open: true,
}
export const endingWords: readonly string[] = Object.keys(endings)
