import { keys, listed } from '../../../shared/domain/keys.ts'
import type { LedgerLine } from '../../../shared/domain/ledger.ts'
import type { Model } from '../../../shared/domain/records.ts'
import type { Signature } from '../../../shared/domain/stop.ts'
import type { ActionName } from '../../../shared/domain/who-decides.ts'
import { itemAbsent, type Put } from '../../../shared/ports/store.ts'

export interface Ledgered {
  readonly model: Pick<Model, 'id' | 'agreement'>
  /** What it is from then on. */
  readonly state: string
  readonly action: ActionName
  /** The entry that records it, in the same transaction. */
  readonly eid: string
  readonly now: number
  /** Absent where time did it. */
  readonly by?: Signature
  /**
   * As a sentence, for everybody who sees the model: no reason, and no reference. It may tell first what time had done
   * before it, where that was not recorded yet.
   */
  readonly text: string
  /** The model's own unless given. */
  readonly agreement?: string
}

/** A line of the engagement ledger, to stand in the transaction of what it tells. */
export function ledgerPut({ model, state, action, eid, now, by, text, agreement }: Ledgered): Put {
  const under = agreement ?? model.agreement
  const line: LedgerLine = {
    model: model.id,
    at: now,
    entry: eid,
    action,
    text,
    ...(by && { by: { person: by.person, name: by.name, organisation: by.organisation, role: by.role } }),
    ...(under !== undefined && { agreement: under }),
    state,
  }
  return {
    kind: 'put',
    key: keys.ledgerLine(model.id, eid),
    // Ids of entries stand on a coarse grid of time: lines follow each other as they were decided.
    item: { ...line, ...listed('ledger', model.id, `${String(now).padStart(14, '0')}-${eid}`) },
    if: itemAbsent,
  }
}
