/** Histories of one grant as the gate and its meter make them: the meter is the real one, and so are the entries. */
import { decide } from '../../../shared/adapters/decision.ts'
import {
  freshMeter,
  type Limits,
  type Meter,
  reserve,
  reserved,
  settle,
} from '../../../shared/domain/meter.ts'
import { changeLimits } from '../../../shared/domain/meter-decisions.ts'
import { Refusal } from '../../../shared/domain/refusal.ts'
import { intentEntry, outcomeEntry } from '../../../shared/entries/call.ts'
import { decisionEntry } from '../../../shared/entries/decision.ts'
import { entryId } from '../../../shared/entries/id.ts'
import type { NamedEntry } from '../../../shared/entries/put.ts'
import type { Update } from '../../../shared/ports/store.ts'

export const grant = 'grant_1'
export const meterId = 'meter_1'
export const begin = Date.UTC(2026, 10, 27, 9)

export type Act =
  /** Tokens, and after how many milliseconds. */
  | { readonly do: 'call'; readonly tokens: number; readonly after: number }
  /** Of the calls under way, and what part of its reservation is charged; more than 1 is an overrun. */
  | { readonly do: 'end'; readonly which: number; readonly part: number; readonly after: number }
  | { readonly do: 'limit'; readonly limits: Limits; readonly after: number }

export interface History {
  readonly entries: readonly NamedEntry[]
  readonly meter: Meter
  /** Calls that are under way still. */
  readonly open: number
}

export const limitsOf = (total: number, perDay?: number, streams = 4): Limits => ({
  total,
  ...(perDay !== undefined && { perDay }),
  rpm: 6_000_000,
  burst: 1_000,
  streams,
})

export function play(limits: Limits, acts: readonly Act[]): History {
  let meter = freshMeter(meterId, limits, begin)
  let now = begin
  let n = 0
  const entries: NamedEntry[] = [limitsEntry(n++, now, 'grant.activate', undefined, limits)]
  const open: NamedEntry[] = []
  const write = (op: Update<Meter>): boolean => {
    const { held, item } = decide(op, meter)
    if (held) meter = item as Meter
    return held
  }
  const end = (which: number, part: number): void => {
    const [intent] = open.splice(which % open.length, 1)
    if (intent === undefined) return
    const told = reserved(meter, intent.eid)
    if (told === undefined) throw new Error('a lease is gone')
    const charge = Math.floor(told.reserved * part)
    entries.push(
      outcomeEntry(
        intent.eid,
        intent.entry,
        {
          ending: 'completed',
          charge,
          meters: [told],
          ...(charge > told.reserved && { overrun: true as const }),
        },
        now,
      ),
    )
    const op = settle(meter, intent.eid, charge)
    if (op === undefined || !write(op)) throw new Error('a settlement failed')
  }
  for (const act of acts) {
    now += act.after
    if (act.do === 'end') {
      if (open.length > 0) end(act.which, act.part)
    } else if (act.do === 'limit') {
      const op = changeLimits(meter, act.limits)
      if (op instanceof Refusal) continue
      entries.push(limitsEntry(n++, now, 'grant.quota', meter.limits, act.limits))
      write(op)
    } else {
      const intent = intentOf(n++, now, act.tokens)
      const op = reserve(meter, intent.eid, act.tokens, now, 60_000)
      if ('code' in op || !write(op)) continue
      entries.push(intent)
      open.push(intent)
    }
  }
  return { entries, meter, open: open.length }
}

export const record = ({ eid, entry }: NamedEntry) => ({ eid, body: JSON.parse(entry.body) as object })

const random = (n: number): Uint8Array =>
  Uint8Array.from({ length: 16 }, (_, i) => (n * 31 + i * 7 + (n >> 8) * 13) & 0xff)

const intentOf = (n: number, now: number, tokens: number): NamedEntry =>
  intentEntry(
    {
      request: `request_${n}`,
      address: '127.0.0.1',
      protocol: 'openai',
      operation: 'chat.completions',
      organisation: 'cedar',
      client: 'client_1',
      tokenId: 'token_1',
      key: 'thumb',
      model: 'aurora',
      grant,
      agreement: { id: 'agreement_1', digest: 'd' },
      purpose: 'research',
      clauses: ['quota-1'],
    },
    { reserve: tokens, meters: [meterId] },
    now,
    random(n),
  )

const shown = ({ total, perDay, rpm, burst, streams }: Limits) => ({
  total,
  per_day: perDay ?? null,
  rpm,
  burst,
  streams,
})

function limitsEntry(
  n: number,
  now: number,
  name: 'grant.activate' | 'grant.quota',
  from: Limits | undefined,
  to: Limits,
): NamedEntry {
  const difference = [{ field: 'limits', from: from ? shown(from) : null, to: shown(to) }]
  return decisionEntry({
    eid: entryId(now, random(n)),
    now,
    step: 'applied',
    action: { name, params: {} },
    subject: { kind: 'grant', id: grant, name: 'Cedar', rev: 1, organisation: 'cedar' },
    difference,
    rules: 1,
  } as unknown as Parameters<typeof decisionEntry>[0])
}
