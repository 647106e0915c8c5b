import { agreementStateAt } from '../../shared/domain/agreement-step.ts'
import { keys } from '../../shared/domain/keys.ts'
import type { Agreement } from '../../shared/domain/records.ts'
import { time } from '../../shared/domain/time.ts'
import type { TransactOp } from '../../shared/ports/store.ts'
import { endFields, owed } from '../governance/agreements/ends.ts'
import { meteredUnder } from '../governance/agreements/under.ts'
import { change } from '../governance/engine/changes.ts'
import { agreementSubject } from '../governance/engine/subjects.ts'
import { closing } from '../governance/grants/grants-of-partner.ts'
import { type Lapse, lapseCommit } from '../governance/lapse.ts'
import { ownerOf } from './missed-stops.ts'

/** Its term has begun, or is over. Admission goes by the clock already: this records it, and tells those it concerns. */
export const lapsedAgreement: Lapse<Agreement> = {
  name: 'agreements_lapsed',
  key: keys.agreement,
  due: (agreement, { now }) => agreementStateAt(agreement, now) !== agreement.state,
  async end({ store }, agreement, at) {
    const { id, title, digest, startsAt, endsAt } = agreement
    const counterparty = await ownerOf(store, { id, organisation: agreement.counterparty })
    const state = agreementStateAt(agreement, at.now)
    const key = keys.agreement(id)
    const common = {
      step: 'lapsed' as const,
      action: { name: 'agreement.sign' as const, params: { digest } },
      subject: agreementSubject(agreement, counterparty),
      difference: [{ field: 'state', from: agreement.state, to: state }],
      next: `sallyport agreement get ${id}`,
    }
    if (state === 'effective') {
      const begun: TransactOp = {
        kind: 'update',
        key: keys.agreementVersion(digest),
        if: { eq: [['digest'], digest] },
        change: { set: [[['effectiveAt'], startsAt]] },
      }
      return lapseCommit(at, [change<Agreement>(key, agreement, { state }), begun], {
        ...common,
        type: 'agreement.effective',
        text: `The term of “${title}” began at ${time(startsAt)}: it is in force.`,
      })
    }
    const ended = endFields(agreement, { how: 'expired', at: endsAt, entry: at.eid })
    const writes = [
      change<Agreement>(key, agreement, { state, ...ended }),
      ...closing(await meteredUnder(store, agreement)),
    ]
    return lapseCommit(at, writes, {
      ...common,
      type: 'agreement.expired',
      text: `The term of “${title}” ended at ${time(endsAt)}: no call is admitted under it.${owed(agreement)}`,
    })
  },
}
