/** What is written into the log of a simulated world, by the product's own makers. */
import { refuse } from '../../../shared/domain/refusal.ts'
import {
  type CallFacts,
  type Ending,
  intentEntry,
  outcomeEntry,
  refusalEntry,
} from '../../../shared/entries/call.ts'
import { decisionEntry } from '../../../shared/entries/decision.ts'
import type { Entry } from '../../../shared/entries/entry.ts'
import { entryId } from '../../../shared/entries/id.ts'
import type { NamedEntry } from '../../../shared/entries/put.ts'
import { issuanceEntry } from '../../../shared/entries/token.ts'
import type { Dice } from '../dice.ts'

const digest = 'kkCLPHJQ0wZjcbGEH0t1KWqYWlVNhGpIQcmbWnlGBIg'

const call = (request: string): CallFacts => ({
  request,
  address: '192.0.2.1',
  protocol: 'openai',
  operation: 'chat.completions',
  organisation: 'cedar',
  client: 'client_1',
  clientName: 'planner',
  tokenId: 'token-1',
  key: digest,
  model: 'aurora',
  grant: 'grant_1',
  agreement: { id: 'agreement_1', digest },
  purpose: 'evaluation',
  clauses: ['1'],
})

export const madeIntent = (request: string, now: number, dice: Dice): NamedEntry =>
  intentEntry(call(request), { reserve: 1_200, meters: ['meter_1'] }, now, dice.bytes(16))

/** Two that end one call say different things, and the first of them stands. */
export const madeOutcome = (
  { eid, entry }: NamedEntry,
  ending: Ending,
  now: number,
  charge: number,
): NamedEntry => outcomeEntry(eid, entry as Entry, { ending, charge, meters: [] }, now)

/** One kind of several; `request` is its name in the history. */
export function madeAtOnce(request: string, now: number, dice: Dice): NamedEntry {
  const kind = dice.below(3)
  // The same id for whoever writes it within a minute, and not the same words.
  if (kind === 0)
    return refusalEntry(
      call(request),
      refuse('rate_limited', 'slower', { meter: 'meter_1' }),
      now,
      dice.bytes(16),
    )
  if (kind === 1)
    return issuanceEntry({
      now,
      random: dice.bytes(16),
      request,
      issuer: 'https://gateway.example',
      organisation: 'cedar',
      client: { id: 'client_1', name: 'planner', kind: 'workload' },
      audience: 'https://gateway.example/openai/v1',
      keyThumbprint: digest,
      tokenId: request,
      scope: 'models',
      lifetime: 600,
      signingKid: 'kid_1',
    })
  return decisionEntry({
    eid: entryId(now, dice.bytes(16)),
    now,
    step: 'applied',
    action: { name: 'partner.suspend', params: {} },
    subject: {
      kind: 'organisation',
      id: 'cedar',
      name: 'Cedar',
      rev: 3,
      organisation: 'cedar',
      developers: ['aurora-labs'],
      governments: ['office'],
    },
    reason: { code: 'agreement_breach', text: `Because of ${request}.`, reference: request },
    difference: [{ field: 'state', from: 'active', to: 'suspended' }],
    shown: digest,
    rules: 1,
    request,
  })
}
