/** Steps 2 to 5 of a call: from a verified request to reservations that stand, or to a refusal. */
import { type Allow, decide } from '../../shared/domain/decide.ts'
import { type Meter, type Reserved, reserve, reserved } from '../../shared/domain/meter.ts'
import type { Model } from '../../shared/domain/records.ts'
import { type InForce, Refusal, refuse } from '../../shared/domain/refusal.ts'
import { type CallFacts, intentEntry, refusalEntry } from '../../shared/entries/call.ts'
import { type NamedEntry, putEntry } from '../../shared/entries/put.ts'
import type { VerifiedRequest } from '../../shared/oauth/resource.ts'
import type { Update, Written } from '../../shared/ports/store.ts'
import type { Random } from '../../shared/ports/world.ts'
import type { Operation, Prepared, Request } from '../../shared/upstream/operation.ts'
import { type ResourceDeps, spendProof } from '../resource.ts'
import type { SettlementDeps } from '../settlement.ts'
import { type GateCaller, inForce, modelCaller, readAuthority } from './authority.ts'
import { endCall, type OpenCall } from './call.ts'
import { type FingerprintDeps, openTrace, type SentReply } from './fingerprints.ts'
import { reserveOn } from './reserve.ts'

export interface AdmissionDeps extends ResourceDeps, SettlementDeps, FingerprintDeps {
  readonly random: Random
  readonly leaseMs: number
}

export interface Incoming {
  readonly request: string
  readonly address: string
  readonly operation: Operation
  /** The body as it came; parsed only once the caller is known. */
  readonly parse: () => Request | Refusal
}

export interface Admitted {
  readonly caller: GateCaller
  readonly allow: Allow<Prepared>
  readonly call: Required<OpenCall>
  /** Absent where the replies have no text. */
  readonly sent: SentReply | undefined
  readonly inForce: InForce
  /** When the read that admitted it began. */
  readonly readAt: number
}

export interface Denied {
  readonly refusal: Refusal
  /** Those that the records name: their limits are told with every answer. */
  readonly meters: readonly Meter[]
}

export async function admit(
  deps: AdmissionDeps,
  verified: VerifiedRequest,
  incoming: Incoming,
): Promise<Admitted | Denied> {
  const { store, clock, random, leaseMs } = deps
  const { operation, request } = incoming
  const readAt = clock.now()
  const caller = modelCaller(verified, deps.issuer)
  if (caller instanceof Refusal) return { refusal: caller, meters: [] }

  const [{ records, meters }, replayed] = await Promise.all([
    readAuthority(store, caller),
    spendProof(deps, verified, request, readAt),
  ])
  const stands = inForce(records)
  if (replayed) return { refusal: replayed.under(stands), meters: [] }

  const { client, model } = records
  const facts: CallFacts = {
    request,
    address: incoming.address,
    protocol: operation.protocol,
    operation: operation.name,
    ...caller,
    ...(client && { clientName: client.name }),
    ...(model && { developer: model.developer }),
  }

  const asks = (model: Model): Prepared | Refusal => ask(incoming, model)
  const allow = decide(caller, records, meters, asks, clock.now())
  if (allow instanceof Refusal) {
    const refusal = allow.under(stands)
    await record(deps, refusalEntry(facts, refusal, clock.now(), random.bytes(16)))
    const found = meters.filter(meter => meter !== undefined)
    return { refusal, meters: found.filter(meter => records.grant?.meters.includes(meter.id)) }
  }

  const { ceiling } = allow.ask
  const plan = { reserve: ceiling, meters: allow.meters.map(meter => meter.id) }
  const { eid, entry: intent } = intentEntry(facts, plan, clock.now(), random.bytes(16))
  const sent = await openTrace(deps, operation, eid)
  if (sent instanceof Refusal) {
    const refusal = sent.under(stands)
    await record(deps, refusalEntry(facts, refusal, clock.now(), random.bytes(16)))
    return { refusal, meters: allow.meters }
  }
  const tried = await record(deps, { eid, entry: intent }, guesses(deps, allow, eid))
  if (tried instanceof Refusal) return { refusal: tried.under(stands), meters: allow.meters }

  const deadline = readAt + (leaseMs * 2) / 3
  const reserved = await reserveAll(deps, allow, { eid, deadline }, tried)
  const { told } = reserved
  if (reserved.refusal) {
    const refusal = reserved.refusal.under(stands)
    await endCall(deps, { eid, intent, told }, { ending: 'refused', charge: 0, refusal })
    return { refusal, meters: reserved.meters }
  }
  const call = { eid, intent, meters: reserved.meters, told }
  return { caller, allow, call, sent, inForce: stands, readAt }
}

function ask({ operation, parse }: Incoming, model: Model): Prepared | Refusal {
  const request = parse()
  if (request instanceof Refusal) return request
  const upstream = model.upstreams[operation.protocol]
  if (upstream) return request.prepare(model, upstream)
  return refuse('path_not_offered', `${model.id} does not speak the ${operation.protocol} protocol.`)
}

/** The reservations by the meters as they were read, to go with the intent; none where one of them has to wait. */
function guesses(
  { clock, leaseMs }: AdmissionDeps,
  { meters, ask }: Allow<Prepared>,
  eid: string,
): readonly Update<Meter>[] {
  const now = clock.now()
  const ops = meters.map(meter => reserve(meter, eid, ask.ceiling, now, leaseMs))
  return ops.every(op => 'kind' in op) ? ops : []
}

/** An entry that cannot be written refuses what it would have recorded. What is to come after it goes with it. */
async function record(
  { store, telemetry }: AdmissionDeps,
  named: NamedEntry,
  after: readonly Update<Meter>[] = [],
): Promise<Refusal | Tried> {
  const { written, failure } = await store.writeInOrder([putEntry(named), ...after])
  const [put, ...reserved] = written
  if (failure)
    telemetry.error('an entry or a reservation could not be written', failure, { entry: named.eid })
  if (put === undefined) return refuse('record_unavailable', 'The store of the entries did not answer.')
  if (!put.ok) return refuse('record_unavailable', `Another entry has the id ${named.eid}.`)
  return { reserved: reserved as readonly Written<Meter>[], failed: failure !== undefined }
}

/** Reservations that went with the intent, as far as they got. */
interface Tried {
  readonly reserved: readonly Written<Meter>[]
  /** The store gave no answer about the next one. */
  readonly failed: boolean
}

interface ReservedAll {
  readonly meters: readonly Meter[]
  readonly told: readonly Reserved[]
  readonly refusal?: Refusal
}

/** In key order, up to the first that refuses; an answer may then have been lost on any. */
async function reserveAll(
  deps: AdmissionDeps,
  { meters, ask, agreement }: Allow<Prepared>,
  call: { readonly eid: string; readonly deadline: number },
  tried: Tried,
): Promise<ReservedAll> {
  const seen = [...meters]
  const told: Reserved[] = []
  for (const [i, meter] of meters.entries()) {
    const { ok, item = meter } = tried.reserved[i] ?? { ok: false }
    const standing = ok ? reserved(item, call.eid) : undefined
    if (standing && deps.clock.now() <= call.deadline) {
      seen[i] = item
      told.push(standing)
      continue
    }
    if (tried.failed && i >= tried.reserved.length)
      return { meters: seen, told, refusal: refuse('store_unavailable', 'The meter could not be changed.') }
    const one = await reserveOn(
      deps,
      item,
      { ...call, r: ask.ceiling, clause: agreement.clauses.quota },
      deps.leaseMs,
    ).catch((error: unknown) => {
      deps.telemetry.error('a reservation failed', error, { entry: call.eid, meter: meter.id })
      return refuse('store_unavailable', 'The meter could not be changed.')
    })
    if (one instanceof Refusal) return { meters: seen, told, refusal: one }
    seen[i] = one.meter
    told.push(one.told)
  }
  return { meters: seen, told }
}
