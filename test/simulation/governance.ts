/**
 * Invariant 5, judged from the outside over each transaction that was applied: no governance change without its
 * approvals and its record. What the product plans is not asked; only who-decides is.
 */
import { isDeepStrictEqual } from 'node:util'
import type { Governed } from '../../shared/domain/keys.ts'
import { keys } from '../../shared/domain/keys.ts'
import type { Meter } from '../../shared/domain/meter.ts'
import type { Person } from '../../shared/domain/parties.ts'
import type { Proposal } from '../../shared/domain/proposals.ts'
import type { Client, Standing } from '../../shared/domain/records.ts'
import type { Rules } from '../../shared/domain/rules.ts'
import type { Signature, Stop } from '../../shared/domain/stop.ts'
import { type ActionName, fillsSeat, isDecided, ruleOf } from '../../shared/domain/who-decides.ts'
import type { Entry } from '../../shared/entries/entry.ts'
import type { Applied, Backend } from './backend.ts'
import { readDecision, type Signed, type ToldDecision } from './decision-entry.ts'
import { developer, government } from './records.ts'
import { ruleTaken } from './rule-taken.ts'

export interface Judge {
  readonly backend: Backend
  readonly now: () => number
  /** How far a clock is from the true time at most. */
  readonly skew: number
  readonly found: (what: string) => void
}

type Versioned = Readonly<Record<string, unknown>> & { readonly rev: number; readonly owner?: string }

export class Governance {
  readonly #judge: Judge
  /** What stands in the log, by the request that asked for it. */
  readonly #told = new Map<string, ToldDecision[]>()
  readonly #refused = new Map<string, string>()
  readonly #sameKey: ReadonlyMap<string, unknown>[] = []
  /** The entry by which a proposal was applied. */
  readonly #applied = new Map<string, string>()
  decisions = 0

  constructor(judge: Judge) {
    this.#judge = judge
  }

  /** All that one write or one transaction has written. */
  together(applied: readonly Applied[]): void {
    const told = applied.flatMap(({ op, before, after }) => {
      const isEntry = op.key.table === 'entries' && op.key.pk.startsWith('entry_')
      const new_ = isEntry && before === undefined && after !== undefined
      return (new_ && readDecision(op.key.pk, after as Entry)) || []
    })
    const changed = applied.filter(isGoverned)
    const [decision] = told
    if (told.length > 1) this.#found(`${told.length} decisions stand in one transaction`)
    if (decision === undefined) {
      const [one] = changed
      if (one) this.#found(`${names(changed)} was changed by ${one.by.name}, and no entry tells of it`)
      return
    }
    this.decisions += 1
    if (decision.request)
      this.#told.set(decision.request, [...(this.#told.get(decision.request) ?? []), decision])
    this.#decided(decision, applied, changed)
  }

  /** Somebody heard that it was done: it is in the log, and stays there. */
  acknowledged(request: string, step: ToldDecision['step']): void {
    const told = this.#told.get(request) ?? []
    if (told.length !== 1 || told[0]?.step !== step)
      this.#found(
        `${request} was answered ${step}, and the log says ${told.map(one => one.step).join() || 'nothing'}`,
      )
  }

  /** Somebody heard that it was not done: neither now nor later. */
  refused(request: string, code: string): void {
    this.#refused.set(request, code)
  }

  /** Requests that carry one idempotency key make one thing. */
  sameKey(requests: ReadonlyMap<string, unknown>): void {
    this.#sameKey.push(requests)
  }

  /** What must have come about once all is quiet. */
  quiet(): void {
    for (const [request, code] of this.#refused)
      for (const { step, action } of this.#told.get(request) ?? [])
        this.#found(`${request} was refused with ${code}, and yet ${action} was ${step}`)
    for (const requests of this.#sameKey) {
      const made = [...requests.keys()].filter(request => this.#told.has(request))
      if (made.length > 1) this.#found(`${made.join(' and ')} carry one key, and each has made something`)
    }
    for (const { key, item } of this.#judge.backend.all('registry'))
      if (key.pk.startsWith('proposal#')) {
        const { state, expiresAt } = item as Proposal
        if (state === 'open' && expiresAt < this.#judge.now() - 300_000)
          this.#found(`${key.pk} stays open, and its time is over`)
      }
  }

  #decided(decision: ToldDecision, applied: readonly Applied[], changed: readonly Applied[]): void {
    const { eid, step, by, subject, proposal } = decision
    const record = changed.find(({ op }) => op.key.pk === `${subject.kind}#${subject.id}`)
    const of = `${decision.action} of ${subject.kind}#${subject.id}`
    if (by) this.#acts(by, applied, of)
    if (!by && !['timed_out', 'stale', 'lapsed', 'missed'].includes(step))
      this.#found(`${of} is ${step}, and nobody decided it`)
    if (!applied.some(({ op, after }) => op.key.pk.startsWith('notice#') && told(after, eid)))
      this.#found(`${of} is ${step}, and nobody is told`)

    const proposals = changed.filter(({ op }) => op.key.pk.startsWith('proposal#'))
    for (const one of proposals) this.#proposal(decision, one, of)
    if (proposal && !proposals.some(({ op }) => op.key.pk === `proposal#${proposal}`))
      this.#found(`${of} is ${step} by proposal#${proposal}, which does not know it`)

    if (step === 'applied') this.#change(decision, record, applied, of)
    else if (step === 'ratified') this.#ratified(decision, record, of)
    else if (step === 'lapsed' || step === 'missed') {
      if (record === undefined) this.#found(`${of} is ${step}, and nothing of it has changed`)
    } else if (proposals.length !== 1) this.#found(`${of} is ${step}, with ${proposals.length} proposals`)
    else this.#nothingElse(decision, changed, of)
  }

  /** Whoever signs has this role at this moment. */
  #acts({ person, organisation, role }: Signed, applied: readonly Applied[], of: string): void {
    const key = keys.person(person)
    const own = applied.find(({ op }) => op.key.pk === key.pk)
    const [now] = this.#judge.backend.get([key])
    const found = (own ? own.before : now) as Person | undefined
    if (
      found?.state !== 'active' ||
      found.organisation !== organisation ||
      !found.roles.some(one => one === role)
    )
      this.#found(
        `${of} is signed by ${person} as ${role}, who is ${found?.state} and ${found?.roles.join()}`,
      )
  }

  #maySign({ person, organisation, role }: Signed): boolean {
    const [found] = this.#judge.backend.get([keys.person(person)]) as [Person | undefined]
    return (
      found?.state === 'active' &&
      found.organisation === organisation &&
      found.roles.some(one => one === role)
    )
  }

  /** Applied: on the version that was seen, by those who decide it, none of whom it raises. */
  #change(
    decision: ToldDecision,
    record: Applied | undefined,
    applied: readonly Applied[],
    of: string,
  ): void {
    const { subject, signatures, action, proposal, by } = decision
    // Days may lie between two signatures: each signer may still sign when the last one does.
    for (const one of signatures) this.#acts(one, applied, of)
    if (record === undefined) {
      this.#found(`${of} is applied, and nothing of it has changed`)
      return
    }
    const before = record.before as Versioned | undefined
    const after = record.after as Versioned | undefined
    const rev = before?.rev ?? 0
    if (rev !== subject.rev && !(onWhateverStands.has(action) && rev > subject.rev))
      this.#found(`${of} was decided on version ${subject.rev}, and applied to version ${rev}`)
    // A draft of what is to come leaves all that others decide about the agreement as it was.
    if (after?.rev !== rev + (action === 'agreement.draft' ? 0 : 1))
      this.#found(`${of} leaves version ${after?.rev} of ${rev}`)
    if (proposal === undefined && !(signatures.length === 1 && signatures[0]?.person === by?.person))
      this.#found(`${of} was applied at once, by ${signatures.length} signatures`)
    if (!this.#enough(decision, record)) this.#found(`${of} is applied by ${signatures.map(office).join()}`)
    if (raises(action, before, after) && signatures.some(({ person }) => person === subject.id))
      this.#found(`${of} raises ${subject.id}, who signed it`)
  }

  #enough({ action, signatures, subject, breakGlass }: ToldDecision, record: Applied): boolean {
    const of = {
      ...subject,
      name: '',
      organisation: (record.after as Versioned).owner ?? '',
      developers: [developer],
      governments: [government],
    }
    const persons = new Set(signatures.map(({ person }) => person))
    if (persons.size < signatures.length) return false
    const name = ruleTaken(this.#judge.backend, action, record, breakGlass)
    if (breakGlass && ruleOf(action).stops)
      return signatures.some(one => fillsSeat(name, one.role, one.organisation, of))
    return isDecided(name, signatures as readonly Signature[], of)
  }

  /** A proposal goes on by one signature at a time, that of whoever acts; and it is applied once. */
  #proposal(decision: ToldDecision, { op, before, after }: Applied, of: string): void {
    const { step, by, eid, signatures } = decision
    const { pk } = op.key
    const [was, is] = [before as Governed<Proposal> | undefined, after as Governed<Proposal>]
    if (is.entry !== eid) this.#found(`${pk} was changed, and another entry stands on it`)
    if (was && was.state !== 'open') this.#found(`${pk} was ${was.state}, and is ${is.state}`)
    if (was && is.rev !== was.rev + 1) this.#found(`${pk} leaves version ${is.rev} of ${was.rev}`)
    const earlier = was?.signatures ?? []
    const kept = earlier.filter(one => is.signatures.some(two => isDeepStrictEqual(one, two)))
    const added = is.signatures.slice(kept.length)
    // One counts as long as its signer is who they were.
    const lost = earlier.filter(one => !kept.includes(one) && this.#maySign(one))
    if (lost.length > 0) this.#found(`${pk} lost a signature of ${lost.map(({ person }) => person).join()}`)
    if (added.length > 1 || added.some(({ person }) => person !== by?.person))
      this.#found(`${pk} was signed by ${added.map(({ person }) => person).join()} where ${by?.person} acts`)
    if (was && added.some(({ person }) => person === is.proposedBy.person))
      this.#found(`${of} is signed by ${is.proposedBy.person}, who proposed it`)
    if (was === undefined) {
      if (is.state !== 'open') this.#found(`${pk} is ${is.state} from the start`)
      return
    }
    const state = step === 'approved' ? 'open' : step
    if (is.state !== state) this.#found(`${pk} is ${is.state}, and its entry says ${step}`)
    if (decision.proposal !== is.id) this.#found(`${pk} is ${is.state} by the entry of another one`)
    if (step === 'timed_out' && is.expiresAt > this.#judge.now() + this.#judge.skew)
      this.#found(`${pk} timed out ${is.expiresAt - this.#judge.now()} ms before its time`)
    if (step !== 'applied') return
    if (this.#applied.has(is.id)) this.#found(`${pk} was applied twice`)
    this.#applied.set(is.id, eid)
    if (!isDeepStrictEqual(signatures.map(office), is.signatures.map(office)))
      this.#found(`${pk} was applied by others than those who signed it`)
  }

  /** A proposal alone changes nothing of what it is about, but for a request that waits as a record of its own. */
  #nothingElse({ step, action }: ToldDecision, changed: readonly Applied[], of: string): void {
    const others = changed.filter(({ op }) => !op.key.pk.startsWith('proposal#'))
    if (others.length > 0 && action !== 'grant.activate')
      this.#found(`${of} is ${step}, and ${names(others)} has changed`)
  }

  #ratified({ by, subject }: ToldDecision, record: Applied | undefined, of: string): void {
    const before = record?.before as (Versioned & { readonly stop?: Stop }) | undefined
    const after = record?.after as (Versioned & { readonly stop?: Stop }) | undefined
    if (before?.rev !== subject.rev || after?.stop?.ratified?.person !== by?.person)
      this.#found(`${of} is ratified, and its stop does not say so`)
    if (before?.stop?.by.person === by?.person)
      this.#found(`${of} is ratified by ${by?.person}, who put it in force`)
  }

  #found(what: string): void {
    this.#judge.found(what)
  }
}

/** What only a decision changes. That a client was in use is none, nor what calls and bills do to a meter. */
function isGoverned({ op, before, after, by }: Applied): boolean {
  const { table, pk } = op.key
  if (by.name === 'operator' || by.name === 'restorer') return false
  if (table === 'meters') {
    const [was, is] = [before as Meter | undefined, after as Meter | undefined]
    if (!was || !is) return true
    return !isDeepStrictEqual(was.limits, is.limits) || (was.state !== is.state && is.closed !== 'overrun')
  }
  if (table !== 'registry') return false
  if (pk === keys.standing.pk)
    return !isDeepStrictEqual((before as Standing | undefined)?.holds, (after as Standing).holds)
  if (pk === keys.rules.pk) return (before as Rules | undefined)?.version !== (after as Rules).version
  const versioned = [before, after].some(item => item && 'rev' in item)
  return versioned && !isDeepStrictEqual(decidedOf(before), decidedOf(after))
}

/** Without what the first token of a day leaves on its client. */
function decidedOf(item: object | undefined): object | undefined {
  const { seenOn: _, ...rest } = (item ?? {}) as Partial<Client>
  return item && { ...rest, ...(rest.state === 'enrolled' && { state: 'active' }) }
}

/** Its developer's, which nothing holds up: what others do to the model at the same moment neither. */
const onWhateverStands: ReadonlySet<ActionName> = new Set(['model.kill', 'model.release', 'model.withdraw'])

const told = (notice: object | undefined, eid: string): boolean =>
  (notice as { readonly entry?: string } | undefined)?.entry === eid

const names = (changed: readonly Applied[]): string => changed.map(({ op }) => op.key.pk).join(' and ')

const office = ({ person, organisation, role }: Signed): string => `${person} (${role} of ${organisation})`

function raises(action: ActionName, before: object | undefined, after: object | undefined): boolean {
  if (action !== 'person.roles' && action !== 'person.first_admin') return false
  const had = (before as Person | undefined)?.roles ?? []
  return (after as Person).roles.some(role => !had.includes(role))
}
