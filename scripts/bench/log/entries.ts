/** Entries of calls, as the gate makes them: what the log is measured with. */
import { hash } from 'node:crypto'
import { refuse } from '../../../shared/domain/refusal.ts'
import { type CallFacts, intentEntry, outcomeEntry, refusalEntry } from '../../../shared/entries/call.ts'
import type { NamedEntry } from '../../../shared/entries/put.ts'
import { developerId } from '../../demo/story.ts'

/** Kinds of refusals, each a code of its own. */
const codes = ['window_closed', 'grant_expired', 'request_malformed'] as const
/** One call in so many is refused. */
const refusedEvery = 10
/** One call in so many is of a model that hardly anybody calls. */
const rareEvery = 100_000
export const rareModel = 'cumulus-preview'
/** The organisations whose calls these are. */
export const partners = 8

export const partnerName = (n: number): string => `partner_${n % partners}`
/** Of call `n`: no other call has it. */
export const requestName = (n: number): string => `request_${n}`
export const refusalCode = codes[0]

/** The entries of call `n`, made at `now`: an intent and its outcome, or a refusal. */
export function entriesOfCall(n: number, now: number): readonly NamedEntry[] {
  const random = hash('sha256', `call ${n}`, 'buffer')
  const call = callFacts(n)
  if (n % refusedEvery === 0) {
    const code = codes[(n / refusedEvery) % codes.length] ?? codes[0]
    return [refusalEntry(call, refuse(code, 'It is one of the benchmark.'), now, random)]
  }
  const meters = [`meter_${call.grant}`]
  const intent = intentEntry(call, { reserve: 300, meters }, now, random)
  const outcome = outcomeEntry(
    intent.eid,
    intent.entry,
    {
      ending: 'completed',
      charge: 70,
      meters: [{ meter: `meter_${call.grant}`, seq: n, reserved: 300, remaining: 1e9 - 70 * n }],
      usage: { input: 20, output: 50 },
    },
    now + 900,
  )
  // An intent that has its outcome stands open no longer.
  const { open: _, ...settled } = intent.entry
  return [{ eid: intent.eid, entry: settled }, outcome]
}

/** `count` entries of calls from `since` on, `everyMs` apart. */
export function manyEntries(count: number, since: number, everyMs: number): readonly NamedEntry[] {
  const entries: NamedEntry[] = []
  for (let n = 0; entries.length < count; n++) entries.push(...entriesOfCall(n, since + n * everyMs))
  return entries.slice(0, count)
}

const text = (what: string, n: number): string => hash('sha256', `${what} ${n}`, 'hex').slice(0, 26)

function callFacts(n: number): CallFacts {
  const partner = n % partners
  const client = n % (4 * partners)
  return {
    request: requestName(n),
    address: `192.0.2.${n % 256}`,
    protocol: 'openai',
    operation: 'chat.completions',
    organisation: partnerName(n),
    client: `client_${text('client', client)}`,
    clientName: `planner ${client}`,
    tokenId: text('token', Math.floor(n / 100)),
    key: hash('sha256', `key ${client}`, 'base64url'),
    model: n % rareEvery === 1 ? rareModel : n % 3 === 0 ? 'borealis-preview' : 'aurora-preview',
    developer: developerId,
    grant: `grant_${text('grant', partner)}`,
    agreement: {
      id: `agreement_${text('agreement', partner)}`,
      digest: hash('sha256', `${partner}`, 'base64url'),
    },
    purpose: 'evaluation',
    clauses: ['quota-1', 'purpose-2', 'window-1'],
  }
}
