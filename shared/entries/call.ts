import { createHash } from 'node:crypto'
import type { Reserved } from '../domain/meter.ts'
import type { Protocol } from '../domain/records.ts'
import type { Refusal, RefusalCode } from '../domain/refusal.ts'
import type { Entry } from './entry.ts'
import { entryId, openShard, outcomeId } from './id.ts'
import type { NamedEntry } from './put.ts'
import { makeEntry, status } from './record.ts'

/** OCSF API Activity (6003), "Create", with the profiles for AI operations and for access control. */
const inference = { classUid: 6003, activityId: 1, profiles: ['ai_operation', 'security_control'] } as const
const action = { allowed: 1, denied: 2 } as const

/** Who calls what: told by every entry of a call. */
export interface CallFacts {
  /** The request's id. */
  readonly request: string
  readonly address: string
  readonly protocol: Protocol
  /** `chat.completions` */
  readonly operation: string
  readonly organisation: string
  readonly client: string
  readonly clientName?: string
  readonly operator?: string
  readonly tokenId: string
  /** Thumbprint of the key that the token is bound to and the proof was made with. */
  readonly key: string
  readonly model: string
  readonly developer?: string
  readonly grant: string
  readonly agreement: { readonly id: string; readonly digest: string }
  readonly purpose: string
  readonly clauses: readonly string[]
}

/** How a call ended. `estimated` and `abandoned` are said by whoever found it without an outcome. */
export type Ending =
  | 'completed'
  | 'client_gone'
  | 'cut'
  | 'upstream_refused'
  | 'upstream_failed'
  | 'refused'
  | 'estimated'
  | 'abandoned'

export interface OutcomeFacts {
  readonly ending: Ending
  /** Tokens: what every meter of the call is charged. */
  readonly charge: number
  readonly meters: readonly Reserved[]
  /** What the provider said, if it did. */
  readonly usage?: { readonly input: number; readonly output: number }
  /** Why it was refused or cut. */
  readonly refusal?: Refusal
  readonly upstreamStatus?: number
  /** The provider billed more than the reservation. */
  readonly overrun?: true
  /** Of the text that the caller was sent, where it has any that can be told from others. */
  readonly fingerprints?: ReplyFingerprints
}

export interface ReplyFingerprints {
  /** Of their set (`shared/fingerprint/set.ts`). */
  readonly digest: string
  readonly count: number
  /** Of the first part of the reply alone: it was longer than the gate holds. */
  readonly cut?: true
}

/** The call may go on: durable before the upstream is asked. */
export function intentEntry(
  call: CallFacts,
  plan: { readonly reserve: number; readonly meters: readonly string[] },
  now: number,
  random: Uint8Array,
): NamedEntry {
  const eid = entryId(now, random)
  const fields = {
    ...callFields(call),
    action_id: action.allowed,
    unmapped: {
      kind: 'intent',
      decision: 'allow',
      ...ours(call),
      reserve: plan.reserve,
      meters: plan.meters,
    },
  }
  const entry = makeEntry(
    { eid, now, ...inference, statusId: status.unknown, fields },
    { organisation: call.organisation, open: openShard(eid), meters: plan.meters },
  )
  return { eid, entry }
}

/** The one outcome of an intent. It repeats the intent's facts, so that each can be read alone. */
export function outcomeEntry(eid: string, intent: Entry, outcome: OutcomeFacts, now: number): NamedEntry {
  const { ending, charge, meters, usage, refusal, upstreamStatus, overrun, fingerprints } = outcome
  const body = JSON.parse(intent.body) as IntentBody
  const { kind: _, ...told } = body.unmapped
  const fields = {
    actor: body.actor,
    src_endpoint: body.src_endpoint,
    resources: body.resources,
    ai_model: body.ai_model,
    api: { ...body.api, ...(upstreamStatus && { response: { code: upstreamStatus } }) },
    action_id: ending === 'refused' || ending === 'cut' ? action.denied : action.allowed,
    ...(refusal && { status_code: refusal.code }),
    ...(usage && {
      message_context: {
        ai_role_id: 2,
        uid: eid,
        prompt_tokens: usage.input,
        completion_tokens: usage.output,
        total_tokens: usage.input + usage.output,
      },
    }),
    unmapped: {
      ...told,
      kind: 'outcome',
      ...(ending === 'refused' && { decision: 'refuse' }),
      ...(refusal && whyOf(refusal)),
      ...(overrun && { overrun }),
      ...(fingerprints && { fingerprints: fingerprints.count }),
      ...(fingerprints?.cut && { fingerprints_cut: true }),
      ending,
      charge,
      meters,
    },
  }
  const entry = makeEntry(
    {
      eid: outcomeId(eid),
      now,
      ...inference,
      statusId: ending === 'completed' ? status.success : status.failure,
      correlates: eid,
      startedAt: Number(intent.exact.time) / 1000,
      fields,
    },
    {
      charge,
      ...(intent.organisation && { organisation: intent.organisation }),
      ...(fingerprints && { attr: fingerprints.digest }),
    },
  )
  return { eid: outcomeId(eid), entry }
}

/** The reservation that an intent announced, in tokens. */
export const announcedReserve = (intent: Entry): number =>
  (JSON.parse(intent.body) as IntentBody).unmapped.reserve

/** What an outcome tells of its meters. */
export const reservedMeters = (outcome: Entry): readonly Reserved[] =>
  (JSON.parse(outcome.body) as { unmapped: { meters: readonly Reserved[] } }).unmapped.meters

/** A call that was refused before anything was reserved. */
export function refusalEntry(call: CallFacts, refusal: Refusal, now: number, random: Uint8Array): NamedEntry {
  const { code, facts } = refusal
  const repeats = refusal.kind.status === 429 && facts.meter !== undefined
  const eid = repeats ? minuteId(call.client, facts.meter, code, now) : entryId(now, random)
  const fields = {
    ...callFields(call),
    action_id: action.denied,
    status_code: code,
    unmapped: {
      kind: 'refusal',
      decision: 'refuse',
      ...ours(call),
      ...whyOf(refusal),
    },
  }
  const entry = makeEntry(
    { eid, now, ...inference, statusId: status.failure, fields },
    { organisation: call.organisation },
  )
  return { eid, entry }
}

/**
 * The same for every refusal of one client by one meter within a minute, so that a client that keeps
 * knocking writes one entry a minute and not one a knock.
 */
function minuteId(client: string, meter: string, code: RefusalCode, now: number): string {
  const minute = Math.floor(now / 60_000)
  const hash = createHash('sha256').update(`${client}\n${meter}\n${code}\n${minute}`).digest()
  return entryId(minute * 60_000, hash)
}

/** The entry's `agreement` is the version that the token was issued under; the clause stands in the one in force. */
function whyOf({ code, facts }: Refusal): object {
  const { field, clause, agreement, meter, rules } = facts
  return {
    code,
    ...(field && { field }),
    ...(clause && { clause }),
    ...(clause && agreement && { clause_version: agreement.digest }),
    ...(meter && { meter }),
    ...(rules !== undefined && { rules }),
  }
}

interface IntentBody {
  readonly actor: object
  readonly src_endpoint: object
  readonly resources: object
  readonly ai_model: object
  readonly api: object
  readonly unmapped: { readonly kind: string; readonly reserve: number }
}

function callFields(call: CallFacts): object {
  const {
    request,
    address,
    protocol,
    operation,
    organisation,
    client,
    clientName,
    tokenId,
    model,
    developer,
  } = call
  return {
    actor: {
      app_uid: client,
      ...(clientName && { app_name: clientName }),
      session: { uid: tokenId },
      user: { uid: client, org: { uid: organisation } },
    },
    src_endpoint: { ip: address },
    api: { operation, request: { uid: request }, service: { name: protocol } },
    resources: [{ type: 'model', uid: model }],
    ai_model: { name: model, uid: model, ai_provider: developer ?? 'unknown' },
  }
}

const ours = ({ request, grant, agreement, purpose, clauses, key, operator }: CallFacts): object => ({
  request,
  grant,
  agreement,
  purpose,
  clauses,
  key,
  ...(operator && { operator }),
})
