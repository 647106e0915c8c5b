/** Who did what, in order: kept only where somebody will read it. */
import type { Entry } from '../../shared/entries/entry.ts'

import type { Key, Path, Query, TransactOp } from '../../shared/ports/store.ts'
import { readDecision, type ToldDecision } from './decision-entry.ts'

export interface Line {
  /** Milliseconds since the start. */
  readonly at: number
  readonly who: string
  readonly what: string
}

export class History {
  readonly lines: Line[] = []
  readonly #keeps: boolean
  readonly #nameOf: (eid: string) => string

  /** `nameOf` gives the call that an entry id belongs to. */
  constructor(keeps: boolean, nameOf: (eid: string) => string) {
    this.#keeps = keeps
    this.#nameOf = nameOf
  }

  note(at: number, who: string, what: string): void {
    if (this.#keeps) this.lines.push({ at, who, what })
  }

  /** What became of a request to the store. */
  request(at: number, who: string, what: string, request: object): void {
    if (!this.#keeps) return
    const told = this.#told(request)
    // Of reads that went well, only those that decide something are of interest.
    if (what === 'done' && /^(read|query)/.test(told) && !told.includes('the authority')) return
    if (told) this.lines.push({ at, who, what: what === 'done' ? told : `${told}: ${what}` })
  }

  #told(request: object): string {
    if ('kind' in request) return this.#write(request as TransactOp)
    if ('index' in request) return `query ${(request as Query).index.name}`
    const list = request as readonly (TransactOp | Key)[]
    const [first] = list
    if (first === undefined) return ''
    if (!('table' in first)) {
      const told = (list as readonly TransactOp[]).filter(({ key }) => !key.pk.startsWith('notice#'))
      return `together: ${told.map(op => this.#write(op)).join('; ')}`
    }
    return `read ${(list as readonly Key[]).map(key => this.#item(key)).join(', ')}`.replace(
      /standing, model#.*, token#[^,]*/,
      'the authority',
    )
  }

  #item({ table, pk }: Key): string {
    if (table !== 'entries') return pk
    return pk.endsWith('.outcome') ? `outcome of ${this.#nameOf(pk)}` : `intent of ${this.#nameOf(pk)}`
  }

  #write(op: TransactOp): string {
    const { table, pk } = op.key
    if (op.kind === 'put' && pk.startsWith('entry_')) return entryTold(op.item as Entry, this.#nameOf(pk))
    if (op.kind === 'put' && table === 'spent') return `spend ${pk.split('#', 1)[0]} by ${by(op.item)}`
    if (op.kind !== 'update') return `${op.kind} ${pk}`
    const { set = [], remove = [] } = op.change
    if (table === 'entries') return `unmark ${this.#nameOf(pk)}`
    const leased = set.find(([path]) => path[0] === 'leases')
    if (leased) {
      const [[, eid = '', field], value] = leased as [Path, unknown]
      const call = this.#nameOf(eid)
      return field ? `renew ${call} on ${pk}` : `reserve ${(value as { r: number }).r} for ${call} on ${pk}`
    }
    const settled = remove.find(([name]) => name === 'leases')
    if (settled) {
      const charge = op.change.add?.find(([[name]]) => name === 'used')?.[1]
      return `settle ${this.#nameOf(settled[1] ?? '')} on ${pk}, charging ${charge}`
    }
    const changes = [
      ...set.map(([path, value]) => `${path.join('.')}=${short(JSON.stringify(value))}`),
      ...remove.map(path => `without ${path.join('.')}`),
    ]
    return `change ${pk}: ${changes.join(' ')}`
  }
}

function entryTold(entry: Entry, call: string): string {
  const { kind, request, ending, charge, code } = (
    JSON.parse(entry.body) as { unmapped: Record<string, unknown> }
  ).unmapped
  if (kind === 'outcome') return `outcome of ${call}: ${ending}, charge ${charge}`
  const decision = readDecision('', entry)
  if (decision) return decisionTold(decision)
  return `${kind} of ${request}${code ? `: ${code}` : ''}`
}

function decisionTold({ step, action, subject, by, proposal, request }: ToldDecision): string {
  const of = `${action} of ${subject.kind}#${subject.id} version ${subject.rev}`
  const whose = [by && `by ${by.person}`, request && `(${request})`, proposal && `by proposal#${proposal}`]
  return [`decision: ${step} ${of}`, ...whose.filter(Boolean)].join(' ')
}

const by = (item: object): unknown => (item as { by: unknown }).by

const short = (text: string): string => (text.length < 80 ? text : `${text.slice(0, 77)}...`)

/** The lines that name a call, or else a record, that a violation names, and what changed the world around them. */
export function concerning(lines: readonly Line[], violations: readonly string[]): readonly Line[] {
  const names = (pattern: RegExp): string[] => violations.flatMap(violation => violation.match(pattern) ?? [])
  const calls = names(/call-\d+/g)
  const named = calls.length > 0 ? calls : names(/\w+#[\w-]+|grant_\w+|pool_\w+|meter_\w+/g)
  if (named.length === 0) return lines
  const about = new RegExp(`(${named.join('|')})\\b`)
  const acting = new Set(lines.filter(({ what }) => about.test(what)).map(({ who }) => who))
  const around = /^(knows that|takes back)/
  const falling = /^(dies|cannot reach)/
  return lines.filter(
    ({ who, what }) => about.test(what) || around.test(what) || (acting.has(who) && falling.test(what)),
  )
}

/** A line each, with the seconds since the start. */
export const shown = (lines: readonly Line[]): string =>
  lines
    .map(({ at, who, what }) => `${(at / 1000).toFixed(3).padStart(9)}  ${who.padEnd(14)} ${what}`)
    .join('\n')
