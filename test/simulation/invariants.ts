/**
 * What must always hold, looked at after every write, whenever the provider is asked or makes a token, with every
 * answer that a partner gets, and once all is quiet. Each finding names the invariant that it breaks.
 */
import { keys } from '../../shared/domain/keys.ts'
import type { Lease, Meter } from '../../shared/domain/meter.ts'
import type { Entry } from '../../shared/entries/entry.ts'
import { outcomeId } from '../../shared/entries/id.ts'
import { parsePending, pendingKey } from '../../shared/fingerprint/pending.ts'
import { formatSet, setDigest } from '../../shared/fingerprint/set.ts'
import type { Applied, Backend } from './backend.ts'
import { Governance } from './governance.ts'
import type { Bucket } from './log/bucket.ts'
import type { Call, Sent } from './observed.ts'
import { overshoots } from './overshoots.ts'
import { judgeAcceptance, judgeReplays } from './proofs.ts'
import { Revocations } from './revocations.ts'
import type { Process } from './scheduler.ts'
import { disagreements, leftAlone } from './stops.ts'
import type { Asked, Provided } from './upstream.ts'
import { Windows } from './windows.ts'

/** How the 2 s are counted: from the acknowledgement to the last token that the provider makes. */
const endsWithin = 2_000
/** From a caller's leaving to the last token. */
const leftWithin = 100
/** A lease that was purged under a call is missed at its next beat, or a deadline of the store later. */
const bareWithin = 2_000

export class Invariants {
  readonly violations: string[] = []
  readonly sent = new Map<string, Sent>()
  readonly revocations: Revocations
  /** The version of its agreement that each token was issued under, by its digest. */
  readonly versionOf = new Map<string, string>()
  readonly governance: Governance
  readonly #windows: Windows
  readonly #backend: Backend
  readonly #bucket: Bucket
  readonly #now: () => number
  /** How far a clock is from the true time at most. */
  readonly #skew: number
  readonly #plans: ReadonlyMap<string, Provided>
  readonly #calls = new Map<string, Call>()
  /** By meter and entry id: what each removal of such a lease charged. */
  readonly #charges = new Map<string, number[]>()
  /** By meter and day: what leases have taken from it and not given back. */
  readonly #days = new Map<string, number>()
  /** Requests whose refusal stands in the log. */
  readonly #refused = new Set<string>()
  /** Tokens whose issuance stands in the log. */
  readonly #issued = new Set<string>()

  constructor(
    backend: Backend,
    bucket: Bucket,
    now: () => number,
    skew: number,
    plans: ReadonlyMap<string, Provided>,
  ) {
    this.#backend = backend
    this.#bucket = bucket
    this.#now = now
    this.#skew = skew
    this.#plans = plans
    this.revocations = new Revocations(backend, now)
    this.#windows = new Windows(backend, now, skew)
    this.governance = new Governance({ backend, now, skew, found: what => this.#found(5, what) })
  }

  get asked(): number {
    return [...this.#calls.values()].filter(({ asked }) => asked.length > 0).length
  }

  /** The call that an entry's id belongs to, once its intent stands. */
  callOf(eid: string): string {
    return this.#calls.get(eid.replace('.outcome', ''))?.sent.proof ?? eid
  }

  applied(applied: Applied): void {
    if (applied.op.key.table === 'entries') this.#entry(applied)
    if (applied.op.key.table === 'meters') this.#meter(applied)
    if (applied.op.key.table !== 'registry') return
    this.revocations.applied(applied)
    this.#windows.applied(applied)
  }

  /** Invariant 5, with all that was written at once. */
  together(applied: readonly Applied[]): void {
    this.governance.together(applied)
    for (const what of disagreements(this.#backend, applied)) this.#found(5, what)
  }

  /** Invariants 1 and 3, when the provider is asked. */
  providerAsked(one: Asked): void {
    const call = [...this.#calls.values()].find(({ sent }) => sent.proof === one.proof && sent.at === one.by)
    if (call === undefined)
      return void this.#found(1, `the provider was asked for ${one.proof} before its intent stood`)
    call.asked.push(one)
    if (call.asked.length > 1) this.#found(2, `the provider was asked twice for ${one.proof}`)
    for (const meter of this.#meters(call.intent.meters ?? []))
      if (meter.leases[call.eid] === undefined)
        this.#found(2, `the provider was asked for ${one.proof} without a reservation on ${meter.id}`)
    for (const { what, acknowledgedAt } of this.revocations.against(call.sent, call.sent.arrivedAt))
      this.#found(3, `${one.proof} was admitted ${call.sent.arrivedAt - acknowledgedAt} ms after ${what}`)
    for (const what of this.#windows.admitted(call.sent)) this.#found(3, what)
  }

  /** Invariant 3, with each token that the provider makes. */
  produced(one: Asked): void {
    const call = [...this.#calls.values()].find(({ asked }) => asked.includes(one))
    if (call === undefined) return
    for (const { what, acknowledgedAt } of this.revocations.against(call.sent, this.#now() - endsWithin))
      this.#found(3, `${one.proof} still went on ${this.#now() - acknowledgedAt} ms after ${what}`)
    for (const what of this.#windows.produced(call.sent)) this.#found(3, what)
    if (this.#now() > (call.bareSince ?? Infinity) + bareWithin + this.#skew)
      this.#found(
        2,
        `${one.proof} still went on ${this.#now() - (call.bareSince ?? 0)} ms after its lease had gone`,
      )
    const { leftAt } = call.sent
    if (leftAt !== undefined && this.#now() > leftAt + leftWithin)
      this.#found(2, `${one.proof} still went on ${this.#now() - leftAt} ms after its caller had gone`)
  }

  /** A gate has told an operator that it could not write an entry, or an outcome. */
  readonly unwritten = new Set<string>()
  /** And of which call it could not keep the fingerprints. */
  readonly untraced = new Set<string>()

  /** Invariant 4, with each answer that a partner gets; and invariant 1: a refusal has its entry. */
  answered(sent: Sent): void {
    const { status = 0, code } = sent.answer ?? {}
    const call = [...this.#calls.values()].find(one => one.sent === sent)
    if (call && status !== 200 && !call.outcome && !this.unwritten.has(call.eid))
      this.#found(1, `${sent.id} was answered ${code} before its outcome stood`)
    if (!call && status === 403 && !this.#refused.has(sent.id) && this.unwritten.size === 0)
      this.#found(1, `${sent.id} was answered ${code}, and no entry tells of it`)
    for (const what of this.#windows.refused(sent.id, sent.partner, sent.arrivedAt, code))
      this.#found(3, what)
    for (const what of judgeAcceptance(this.sent.values(), sent)) this.#found(4, what)
  }

  /** What must have come about once all is quiet. */
  quiet(): void {
    for (const { id, leases } of this.#meters(this.#everyMeter()))
      for (const eid of Object.keys(leases)) this.#found(2, `a lease of ${this.callOf(eid)} stays on ${id}`)
    for (const call of this.#calls.values()) this.#ended(call)
    for (const meter of this.#meters(this.#everyMeter())) {
      const charges = [...this.#calls.values()]
        .filter(({ eid }) => this.#charges.has(`${meter.id} ${eid}`))
        .reduce((sum, { outcome }) => sum + (outcome?.charge ?? 0), 0)
      if (charges !== meter.used)
        this.#found(2, `${meter.id} has used ${meter.used}, its calls' outcomes come to ${charges}`)
    }
    for (const what of judgeReplays(this.sent.values())) this.#found(4, what)
    for (const { what } of leftAlone(this.#backend)) this.#found(5, what)
    this.governance.quiet()
  }

  /** Where nothing fails, whoever has taken the whole answer finds it charged, to the token, and its lease gone. */
  endedWell({ proof, id }: Sent): void {
    const call = [...this.#calls.values()].find(({ sent }) => sent.id === id)
    const [one] = call?.asked ?? []
    if (!call || !one || call.outcome?.charge !== one.input + one.produced)
      this.#found(
        2,
        `in the end ${proof} was charged ${call?.outcome?.charge}, not ${one && one.input + one.produced}`,
      )
    for (const { id, leases } of this.#meters(call?.intent.meters ?? []))
      if (call && leases[call.eid]) this.#found(2, `in the end a lease of ${proof} stays on ${id}`)
    const [stored] = call ? (this.#backend.get([keys.entry(call.eid)]) as [Entry | undefined]) : [undefined]
    if (stored?.open !== undefined) this.#found(2, `in the end ${proof} is left open`)
  }

  #entry({ op, before, after }: Applied): void {
    const entry = after as Entry
    const { pk: eid } = op.key
    if (eid.startsWith('attr#')) {
      if (before !== undefined) this.#found(1, `${eid}, the key of fingerprints, was written over`)
      return
    }
    if (before !== undefined) {
      if ((before as Entry).digest !== entry.digest) this.#found(1, `the entry ${eid} was written over`)
      if ((before as Entry).open !== undefined && entry.open === undefined) this.#closed(eid)
      return
    }
    const { unmapped } = JSON.parse(entry.body) as {
      unmapped: { kind: string; request: string; token?: string }
    }
    if (unmapped.kind === 'refusal') this.#refused.add(unmapped.request)
    if (unmapped.kind === 'issuance' && unmapped.token) this.#issued.add(unmapped.token)
    const sent = this.sent.get(unmapped.request)
    if (unmapped.kind === 'intent' && sent)
      this.#calls.set(eid, {
        eid,
        intent: entry,
        sent,
        asked: [],
        outcome: undefined,
        bareSince: undefined,
        lateLeases: new Set(),
      })
    const call = this.#calls.get(eid.replace('.outcome', ''))
    if (unmapped.kind === 'outcome' && call) call.outcome = entry
  }

  /** Invariants 1 and 3 for tokens, when a partner gets one. */
  tokenGiven(partner: string, token: string, askedAt: number): void {
    for (const { what, acknowledgedAt } of this.revocations.against({ partner, token }, askedAt))
      this.#found(3, `${partner} asked for a token ${askedAt - acknowledgedAt} ms after ${what}, and got it`)
    if (!this.#issued.has(token)) this.#found(1, `${partner} has the token ${token}, which no entry tells of`)
  }

  tokenRefused(name: string, partner: string, askedAt: number, code: string | undefined): void {
    for (const what of this.#windows.refused(name, partner, askedAt, code)) this.#found(3, what)
  }

  /** Once an intent is no longer marked open, nobody looks for its leases: those that its outcome names are gone. */
  #closed(eid: string): void {
    const call = this.#calls.get(eid)
    if (call?.outcome === undefined)
      return void this.#found(1, `${this.callOf(eid)} was closed without an outcome`)
    // A repeated request can take one later.
    for (const { id, leases } of this.#meters(call.intent.meters ?? []))
      if (leases[eid] && !call.lateLeases.has(id))
        this.#found(2, `${this.callOf(eid)} was closed, and its lease stands on ${id}`)
  }

  #meter({ before, after, by }: Applied): void {
    if (after === undefined || before === undefined) return
    const [was, is] = [before as Meter, after as Meter]
    const reserved = Object.values(is.leases).reduce((sum, { r }) => sum + r, 0)
    if (is.remaining + is.used + reserved !== is.limits.total)
      this.#found(2, `${is.id}: ${is.remaining} + ${is.used} + ${reserved} is not ${is.limits.total}`)
    for (const [eid, lease] of Object.entries(is.leases))
      if (was.leases[eid] === undefined) this.#leased(was, is, eid, lease)
    for (const [eid, lease] of Object.entries(was.leases))
      if (is.leases[eid] === undefined) this.#settled(was, is, eid, lease, by)
    const day = this.#days.get(`${is.id} ${is.day}`) ?? 0
    if (day !== is.dayUsed)
      this.#found(2, `${is.id}: ${is.dayUsed} of the day are used, its leases come to ${day}`)
  }

  #leased(was: Meter, is: Meter, eid: string, { r, day }: Lease): void {
    const of = `a reservation of ${this.callOf(eid)} on ${is.id}`
    this.#takeFrom(is.id, day, r)
    const call = this.#calls.get(eid)
    if (call === undefined) this.#found(1, `${of} has no intent`)
    if (call?.outcome) call.lateLeases.add(is.id)
    if (was.state !== 'open') this.#found(3, `${of}, which is closed`)
    for (const what of overshoots(was, is, this.#now() + this.#skew)) this.#found(2, `${of} ${what}`)
  }

  #settled(was: Meter, is: Meter, eid: string, lease: Lease, by: Process): void {
    const of = `the lease of ${this.callOf(eid)} on ${is.id}`
    const call = this.#calls.get(eid)
    const charge = is.used - was.used
    this.#takeFrom(is.id, lease.day, charge - lease.r)
    if (call) call.bareSince ??= this.#now()
    if (call?.outcome === undefined) this.#found(2, `${of} was settled before its outcome stood`)
    if (by !== call?.sent.at && lease.exp > this.#now() + this.#skew)
      this.#found(2, `${of} was purged by ${by.name}, ${lease.exp - this.#now()} ms before its expiry`)
    const id = `${is.id} ${eid}`
    const charges = [...(this.#charges.get(id) ?? []), charge]
    this.#charges.set(id, charges)
    const told = call?.outcome?.charge ?? 0
    if (charges.reduce((sum, one) => sum + one, 0) !== told)
      this.#found(2, `${of} was charged ${charges.join(' and ')}, its outcome says ${told}`)
    if (charge > lease.r && this.#fault(call) !== 'bills too much')
      this.#found(2, `${of} was charged above its reservation`)
    if (charge > lease.r && is.state !== 'closed')
      this.#found(2, `${of} was charged above its reservation, and the meter stays open`)
  }

  #takeFrom(meter: string, day: number, tokens: number): void {
    const id = `${meter} ${day}`
    this.#days.set(id, (this.#days.get(id) ?? 0) + tokens)
  }

  #ended(call: Call): void {
    const { eid, intent, sent, asked, outcome } = call
    const [stored] = this.#backend.get([keys.entry(eid)]) as [Entry | undefined]
    if (stored === undefined) return void this.#found(1, `the intent of ${sent.proof} is gone`)
    if (outcome?.charge === undefined) return void this.#found(2, `${sent.proof} has no outcome`)
    if (stored.open !== undefined) this.#found(2, `the intent of ${sent.proof} is still marked open`)
    this.#traced(call, outcome)
    const { ending } = (JSON.parse(outcome.body) as { unmapped: { ending: string } }).unmapped
    const [one] = asked
    if (one && (ending === 'refused' || ending === 'abandoned'))
      this.#found(1, `the provider was asked for ${sent.proof}, its outcome says ${ending}`)
    // A bill that was lost with its gate is nobody's to know.
    const billed = ending === 'completed' ? one?.billed : undefined
    const cost = billed ?? (one?.produced && one.input + one.produced)
    if (cost && outcome.charge < cost && this.#fault(call) !== 'bills too little')
      this.#found(2, `${sent.proof} was charged ${outcome.charge} for ${cost} tokens`)
    if (!one && outcome.charge > 0 && ending !== 'estimated')
      this.#found(2, `${sent.proof} was charged ${outcome.charge}, and the provider was never asked`)
    if (outcome.charge > 0)
      for (const meter of intent.meters ?? [])
        if (!this.#charges.has(`${meter} ${eid}`))
          this.#found(2, `${sent.proof} was never charged to ${meter}`)
  }

  /** What an outcome commits to is there, but where a gate has told of it, or died between the two. */
  #traced({ eid, sent }: Call, { attr, body }: Entry): void {
    const kept = this.#bucket.get(pendingKey(outcomeId(eid)))
    const reply = kept && parsePending(kept.bytes)
    const digest = reply && setDigest(formatSet(reply.fingerprints))
    const excused = this.untraced.has(eid) || sent.at?.alive === false
    if (attr !== undefined && digest !== attr && !excused)
      this.#found(1, `the fingerprints of ${sent.proof}, which its outcome names, are not kept`)
    const { ending, fingerprints } = (
      JSON.parse(body) as { unmapped: { ending: string; fingerprints?: number } }
    ).unmapped
    if ((attr === undefined) !== (fingerprints === undefined))
      this.#found(
        1,
        `the outcome of ${sent.proof} names fingerprints and counts none, or counts them and names none`,
      )
    // Five words make the first.
    if (attr === undefined && ending === 'completed' && (this.#plans.get(sent.call)?.tokens ?? 0) >= 5)
      this.#found(1, `${sent.proof} was answered, and its outcome names no fingerprints`)
  }

  #fault(call: Call | undefined): Provided['fault'] {
    return call && this.#plans.get(call.sent.call)?.fault
  }

  #meters(ids: readonly string[]): readonly Meter[] {
    return this.#backend.get(ids.map(keys.meter)).flatMap(meter => (meter as Meter) ?? [])
  }

  #everyMeter(): readonly string[] {
    return this.#backend.all('meters').map(({ item }) => (item as Meter).id)
  }

  #found(invariant: number, what: string): void {
    this.violations.push(`invariant ${invariant}: ${what}`)
  }
}
