/**
 * Every reason for which Sallyport says no. The union is closed: whoever refuses names one of these, the
 * published list is made from this table, and each has a test that meets it over HTTP.
 */
interface Kind {
  readonly status: number
  readonly title: string
  /** What the one who was refused can do now. */
  readonly next: string
  /** Whether the same request can succeed later without anybody changing a record. */
  readonly retry: boolean
}

const quota = 'See what is left and which limit binds: sallyport quota'
const developer =
  'Ask the partner-admin of your organisation; the developer and the government decide together.'

export const refusals = {
  token_invalid: kind(
    401,
    'The access token is not valid here',
    'Request a token for this resource: sallyport token issue',
    false,
  ),
  token_expired: kind(
    401,
    'The access token has expired',
    'Request a new token and send the request again.',
    true,
  ),
  token_revoked: kind(
    401,
    'The access token was revoked',
    'Request a new token: sallyport token issue',
    false,
  ),
  key_compromised: kind(
    401,
    'The token was signed with a key that is no longer trusted',
    'Request a new token and send the request again.',
    true,
  ),
  proof_invalid: kind(
    401,
    'The DPoP proof is not valid for this request',
    'Make a fresh proof for this method, URL and token (RFC 9449).',
    false,
  ),
  proof_replayed: kind(
    401,
    'The DPoP proof was used before',
    'Make a fresh proof for every attempt, retries included.',
    false,
  ),
  nonce_required: kind(
    401,
    'The DPoP proof needs a current nonce',
    'Put the nonce of the DPoP-Nonce header into a fresh proof and send the request again.',
    true,
  ),

  client_suspended: kind(
    403,
    'The client is suspended',
    'Ask the partner-admin of your organisation.',
    false,
  ),
  client_compromised: kind(
    403,
    'The client was marked compromised, with all its keys and for good',
    'Enrol a new client with a new key: ask the partner-admin of your organisation for a ticket, then sallyport client enroll',
    false,
  ),
  client_expired: kind(
    403,
    'The client was revoked, or its enrolment has ended',
    'Enrol a new client: ask the partner-admin of your organisation for a ticket.',
    false,
  ),
  organisation_suspended: kind(403, 'The organisation is suspended', developer, false),
  person_suspended: kind(
    403,
    'The person is suspended or no longer enrolled',
    'Ask the administrator of your organisation.',
    false,
  ),
  session_ended: kind(401, 'The session has ended', 'Sign in again: sallyport auth login', false),
  partner_suspended: kind(403, 'The partner is suspended', developer, false),
  partner_revoked: kind(
    403,
    'The partner is not, or no longer, a selected partner',
    'The partner-admin can appeal the decision once, by its entry: sallyport inbox',
    false,
  ),
  hold_active: kind(
    403,
    'A hold stops this access',
    'The partner-admin sees it and can appeal it once: sallyport hold list. Where it is not listed, ask whoever placed it.',
    false,
  ),

  agreement_not_effective: kind(
    403,
    'The protected agreement is not in force',
    'Ask the partner-admin; an agreement is in force between its start and its end, once it is signed by all parties.',
    false,
  ),
  agreement_superseded: kind(
    401,
    'The token belongs to an earlier version of the agreement',
    'Request a new token and send the request again.',
    true,
  ),
  consent_missing: kind(
    403,
    'The notices of the agreement were not acknowledged',
    'A partner-admin acknowledges them once, before the first call.',
    false,
  ),
  nationality_excluded: kind(
    403,
    'The agreement does not admit this nationality',
    'The partner-admin attests what is so: sallyport client attributes',
    false,
  ),
  region_excluded: kind(
    403,
    'The agreement does not admit this region',
    'The partner-admin attests what is so: sallyport client attributes',
    false,
  ),
  screening_missing: kind(
    403,
    'The agreement asks for a screening that is in force',
    'The partner-admin attests it, with its reference: sallyport client attributes',
    false,
  ),
  purpose_not_registered: kind(
    403,
    'The agreement does not register this purpose',
    'Request a token for one of the purposes of the agreement.',
    false,
  ),
  capability_withheld: kind(
    403,
    'The agreement withholds a capability that the request uses',
    'Leave the named field out, or ask for a token with the scope if the agreement lists it.',
    false,
  ),

  model_unknown: kind(
    404,
    'There is no such model for this token',
    'List the models you may use: sallyport model list',
    false,
  ),
  model_withdrawn: kind(
    403,
    'The developer has withdrawn the model',
    'Nothing more is served from it here.',
    false,
  ),
  model_killed: kind(
    403,
    'The developer has stopped the model',
    'Wait for the developer; nothing is charged meanwhile.',
    false,
  ),
  grant_missing: kind(
    403,
    'There is no active grant of this model to your organisation',
    `See which you hold: sallyport model list. ${developer}`,
    false,
  ),
  grant_suspended: kind(403, 'The grant is suspended', developer, false),
  grant_expired: kind(403, 'The grant is outside its term', developer, false),
  grant_revoked: kind(
    403,
    'The grant was revoked',
    'The partner-admin can appeal the decision once, by its entry: sallyport inbox',
    false,
  ),
  window_closed: kind(
    403,
    'The model is not open to this kind of organisation now',
    'Partners are admitted once the model is in partner access.',
    false,
  ),

  budget_exhausted: kind(429, 'The tokens of the grant are used up', quota, false),
  pool_exhausted: kind(
    429,
    'The tokens of a budget that the grant shares with others are used up',
    quota,
    false,
  ),
  day_exhausted: kind(
    429,
    'The tokens of this UTC day are used up',
    'Wait until the next UTC day, or ask for less output.',
    true,
  ),
  rate_limited: kind(429, 'Too many requests a minute', 'Wait as long as Retry-After says.', true),
  streams_exhausted: kind(429, 'Too many calls are under way at once', 'Wait until one of them ends.', true),
  meter_closed: kind(
    403,
    'The meter of the grant is closed',
    'A person has to look at why it was closed, and open it again: ask the operator.',
    false,
  ),
  request_exceeds_limit: kind(
    400,
    'The request could never fit into the limit',
    'Ask for less output or send a smaller request.',
    false,
  ),

  path_not_offered: kind(
    404,
    'This path is not offered',
    'Offered are chat completions, responses, embeddings, messages, count_tokens, the lists of models, and /api/v1: see /api/v1/openapi.json.',
    false,
  ),
  field_not_allowed: kind(400, 'A field of the request is not allowed', 'Leave the named field out.', false),
  limit_required: kind(
    400,
    'The request states no output limit',
    'State the output limit of your protocol, for instance max_tokens.',
    false,
  ),
  body_too_large: kind(413, 'The body is too large', 'Send at most 4 MB.', false),
  body_malformed: kind(400, 'The body is not what this path takes', 'Correct what the detail names.', false),

  role_missing: kind(
    403,
    'None of your roles decides on this',
    'Ask somebody of the named role; see what waits on you: sallyport auth status',
    false,
  ),
  approval_required: kind(
    403,
    'This takes the approval of another person',
    'Somebody of the office that the detail names decides: they see what waits on them by sallyport auth status',
    false,
  ),
  own_proposal: kind(
    403,
    'Nobody stands by their own decision, or signs what raises their own rights',
    'Another person of the office does it: they see what waits on them by sallyport auth status',
    false,
  ),
  proposal_stale: kind(
    409,
    'What the proposal is about has changed since it was reviewed',
    'Look at it as it is now and propose it again.',
    false,
  ),
  fresh_sign_in_required: kind(
    401,
    'This needs a sign-in of the last few minutes',
    'Sign in again and repeat it: sallyport auth login --fresh',
    true,
  ),
  state_forbids: kind(
    409,
    'The state it is in does not allow this',
    'Look at its state; the detail names what is possible from there.',
    false,
  ),
  ceiling_exceeded: kind(
    409,
    'The agreement does not cover this much',
    'Stay at or below its ceiling, or agree on a new version of it.',
    false,
  ),
  holds_full: kind(
    409,
    'As many holds are active as there can be',
    'Lift those that are not needed, or place one of a wider scope: sallyport hold list',
    false,
  ),
  ticket_invalid: kind(
    403,
    'The ticket is not one that can be used',
    'Ask the administrator of your organisation for a new one: it is good once, for 15 minutes.',
    false,
  ),
  record_unknown: kind(
    404,
    'There is no such record for you',
    'A record is named by its id, never by its name: list those that you may see, for instance by sallyport partner list',
    false,
  ),
  record_exists: kind(
    409,
    'It is there already',
    'Look at the one that the detail names, and change it or choose another id.',
    false,
  ),
  version_required: kind(
    428,
    'A change says which version it was made for',
    'Send If-Match with the ETag of what you saw.',
    false,
  ),
  version_stale: kind(
    412,
    'It has changed since you saw it',
    'Read it again, look at the change, and send that ETag.',
    false,
  ),
  idempotency_key_required: kind(
    400,
    'What creates something carries an Idempotency-Key',
    'Send a new random key, and the same one when you repeat the request.',
    false,
  ),
  idempotency_key_reused: kind(
    422,
    'The Idempotency-Key was used for another request',
    'Take a new key for each new request.',
    false,
  ),
  classification_exceeded: kind(
    400,
    'The text carries a marking above the level of this deployment',
    'Leave it out; keep such text where it belongs and give a reference.',
    false,
  ),
  score_refused: kind(
    400,
    'The text looks like a score or a threshold, and none is kept here',
    'Leave the numbers out; name the determination by a reference of your office.',
    false,
  ),

  scope_missing: kind(
    403,
    'The token lacks the scope that this resource asks for',
    'Request a token with the named scope.',
    false,
  ),
  entry_deleted: kind(
    410,
    'The body was deleted, and its leaf stays in the tree',
    'A record or a bundle that you kept is verified as before: sallyport verify record --help',
    false,
  ),
  preservations_full: kind(
    409,
    'As many preservation orders stand as there can be',
    'Lift those that are not needed, or place one of a wider query: sallyport preservation list',
    false,
  ),
  entry_unknown: kind(404, 'There is no such entry for you', 'List yours: sallyport log tail', false),

  request_malformed: kind(400, 'This is not an HTTP request', 'Send a request by RFC 9112.', false),
  headers_too_large: kind(
    431,
    'The headers are too large',
    'Send at most 10,240 bytes of request line and headers.',
    false,
  ),
  request_timeout: kind(
    408,
    'The request did not come to its end in time',
    'Send headers within 10 seconds and the whole request within 60.',
    true,
  ),
  overloaded: kind(503, 'Too many large requests come in at once', 'Send it again after Retry-After.', true),
  internal: kind(500, 'The request failed here', 'Send it again; the log names it by its request id.', true),
  stopping: kind(503, 'The server is stopping', 'Send it again after Retry-After.', true),
  reader_slots_exhausted: kind(
    409,
    'No more readers can be told apart in that month',
    'Let a colleague who reads already look it up; for the months to come the operator can raise SALLYPORT_READER_SLOTS.',
    false,
  ),
  exports_exhausted: kind(
    429,
    'So many exports of your organisation are still to be made',
    'Wait until one of them is done: sallyport export list',
    true,
  ),
  export_too_large: kind(
    413,
    'It is more than one export holds',
    'Ask for a shorter time or for less of it, in several exports: sallyport export create',
    false,
  ),
  export_not_ready: kind(
    409,
    'The export is not made yet',
    'Ask again in a few seconds: sallyport export status',
    true,
  ),
  export_unavailable: kind(
    410,
    'The file of this export cannot be fetched, or no longer',
    'Ask for a new one: sallyport export create',
    false,
  ),
  export_expired: kind(
    410,
    'The file of this export was kept for 30 days, which are over',
    'Ask for it again, with the times that sallyport export status tells, which gives the same records: sallyport export create',
    false,
  ),
  countersignature_required: kind(
    409,
    'A copy is given to its reader once they have signed that it is theirs',
    'Sign that it is yours and fetch it, with one command: sallyport export download',
    false,
  ),
  countersignature_invalid: kind(
    400,
    'That is not the signature of this copy by the key of your session',
    'Sign the statement of the export as it is shown, with the key of your session: sallyport export download does so.',
    false,
  ),
  range_required: kind(
    416,
    'A file is fetched in parts of at most 4 MiB',
    'Send Range: bytes=0-4194303 and go on from there; sallyport export download does so.',
    false,
  ),
  epsilon_spent: kind(
    409,
    'The inquiries into this leak, or of this month, have risked as much as they may together',
    'What they have answered stands: sallyport watermark list. A smaller --epsilon may still be within it.',
    false,
  ),
  leak_unreadable: kind(
    422,
    'Nothing was read that could be looked up in the log',
    'Hand in records, rows or lines with the times and the ids that they came with: sallyport watermark trace --help',
    false,
  ),
  trace_too_large: kind(
    413,
    'The leak touches more of the log than one trace looks at',
    'Hand in less of it, of a shorter time: sallyport watermark trace',
    false,
  ),
  query_malformed: kind(
    400,
    'The query is not one',
    'Mend it at the position that is named: sallyport log search --help',
    false,
  ),
  not_in_tree_yet: kind(409, 'The entry has no place in the tree yet', 'Ask again in two seconds.', true),
  record_unavailable: kind(
    503,
    'The call could not be recorded, so it was not made',
    'Send it again after Retry-After.',
    true,
  ),
  store_unavailable: kind(
    503,
    'The state could not be read or changed, so nothing was done',
    'Send it again after Retry-After.',
    true,
  ),
  restoring: kind(
    503,
    'The records were restored, and no workload is admitted until they are looked through',
    'Send it again after Retry-After; the operator of the deployment knows how long it takes.',
    true,
  ),
  signer_unavailable: kind(503, 'A key did not answer', 'Send the request again after Retry-After.', true),
  upstream_refused: kind(
    400,
    'The provider of the model did not take the request',
    'Correct what the detail names.',
    false,
  ),
  upstream_unavailable: kind(
    502,
    'The endpoint of the model could not be reached',
    'Send the request again later.',
    true,
  ),
  upstream_timeout: kind(
    504,
    'The endpoint of the model did not answer in time',
    'Send the request again later.',
    true,
  ),
} as const satisfies Record<string, Kind>

export type RefusalCode = keyof typeof refusals

/** What a refusal rests on. */
export interface Grounds {
  /** The clause of the agreement that asks for it. */
  readonly clause?: string
  /** The version of the agreement that the clause stands in. */
  readonly agreement?: AgreementVersion
  /** The version of the approval rules in force; absent where they had not been read yet. */
  readonly rules?: number
}

export interface AgreementVersion {
  readonly id: string
  readonly digest: string
}

/** What had been read about what is in force when something was refused. Nothing is read for its sake. */
export interface InForce {
  readonly rules?: number | undefined
  readonly agreement?: AgreementVersion | undefined
}

/** With what was in force, unless they say it already: whoever was closer to the decision knew better. */
export function grounded<G extends Grounds>(grounds: G, { rules, agreement }: InForce): G {
  const { id, digest } = agreement ?? {}
  return {
    ...(rules !== undefined && { rules }),
    ...(grounds.clause && id !== undefined && digest !== undefined && { agreement: { id, digest } }),
    ...grounds,
  }
}

/** What is told beside the code. No secret, and nothing that the caller may not see. */
export interface RefusalFacts extends Grounds {
  /** One sentence: what exactly was wrong with this request. */
  readonly detail: string
  /** The request's field, by its path in the body: `messages[2].content`. */
  readonly field?: string
  /** The meter that binds. */
  readonly meter?: string
  /** Of a text that was read: where in it, in characters from 0. */
  readonly position?: { readonly at: number; readonly length: number }
  /** What can be done now, where it is more exact than what is said of the code. */
  readonly next?: string
  /** Seconds until it can succeed. */
  readonly retryAfter?: number
}

/** A decision, not an exception: functions return it. */
export class Refusal {
  readonly code: RefusalCode
  readonly facts: RefusalFacts

  constructor(code: RefusalCode, facts: RefusalFacts) {
    this.code = code
    this.facts = facts
  }

  get kind(): Kind {
    return refusals[this.code]
  }

  get next(): string {
    return this.facts.next ?? this.kind.next
  }

  get grounds(): Grounds {
    const { clause, agreement, rules } = this.facts
    return {
      ...(clause && { clause }),
      ...(agreement && { agreement }),
      ...(rules !== undefined && { rules }),
    }
  }

  /** The same, with what was in force when it was made. */
  under(inForce: InForce): Refusal {
    return new Refusal(this.code, grounded(this.facts, inForce))
  }
}

export const refuse = (
  code: RefusalCode,
  detail: string,
  facts: Omit<RefusalFacts, 'detail'> = {},
): Refusal => new Refusal(code, { detail, ...facts })

/** How the command line calls the nouns that it lists. */
const listed = {
  agreement: 'agreement',
  appeal: 'appeal',
  attribution: 'attribute',
  case: 'case',
  client: 'client',
  evidence: 'export evidence',
  export: 'export',
  finding: 'finding',
  grant: 'grant',
  hold: 'hold',
  model: 'model',
  organisation: 'org',
  partner: 'partner',
  person: 'person',
  preservation: 'preservation',
  proposal: 'proposal',
  review: 'review',
  trace: 'watermark',
} as const

export type ListedNoun = keyof typeof listed
export const isListed = (noun: string): noun is ListedNoun => Object.hasOwn(listed, noun)

/** In the same words whether there is none or it is not theirs to see, or they would tell. */
export const unknownRecord = (
  noun: ListedNoun,
  id: string,
  facts: Omit<RefusalFacts, 'detail'> = {},
): Refusal =>
  refuse('record_unknown', `There is no ${noun} ${id} for you.`, {
    next: `A record is named by its id, never by its name: sallyport ${listed[noun]} list`,
    ...facts,
  })

/** How a partner appeals a decision, by the entry that records it. */
export const appealCommand = (entry: string): string => `sallyport partner appeal ${entry} --text '…'`

function kind(status: number, title: string, next: string, retry: boolean): Kind {
  return { status, title, next, retry }
}
