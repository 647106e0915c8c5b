/** A partner as decisions about it read and change it. */
import { type Governed, keys } from '../../../shared/domain/keys.ts'
import {
  type Organisation,
  type PartnerFields,
  type PartnerState,
  standingText,
} from '../../../shared/domain/parties.ts'
import { type Refusal, unknownRecord } from '../../../shared/domain/refusal.ts'
import type { Store, Update } from '../../../shared/ports/store.ts'
import { change } from '../engine/changes.ts'
import { judgeSightIn } from '../engine/engagement.ts'
import type { Actor, Plan } from '../engine/plan.ts'
import { organisationSubject } from '../engine/subjects.ts'

export type Partner = Governed<Extract<Organisation, { kind: 'partner' }>>

/** What does not show itself to `actor` is not there for them. */
export async function readPartner(store: Store, id: string, actor?: Actor): Promise<Partner | Refusal> {
  const [found] = await store.get([keys.organisation(id)])
  // In the same words, or they would tell.
  return found?.kind !== 'partner' ||
    (actor && (await judgeSightIn(store, actor, organisationSubject(found))))
    ? unknownRecord('partner', id)
    : (found as Partner)
}

/** The part that all share: the subject's own write first, on the version that was seen. */
export function planned(
  partner: Partner,
  state: PartnerState,
  done: string,
  further: Plan['writes'],
  fields: (
    carried: Parameters<Plan['writes']>[0],
  ) => Partial<{ [N in keyof PartnerFields]: PartnerFields[N] | undefined }> = () => ({}),
): Plan {
  return {
    subject: organisationSubject(partner),
    difference: [{ field: 'state', from: partner.partner, to: state }],
    writes: carried => [
      withItsGrants(
        partner,
        change<Organisation & PartnerFields>(keys.organisation(partner.id) as never, partner, {
          partner: state,
          ...fields(carried),
        }),
      ),
      ...further(carried),
    ],
    told: { type: `partner.${done}`, text: standingText({ name: partner.name, partner: state }) },
  }
}

/** On the grants that were seen: one that is activated at the same moment has its meter closed too. */
const withItsGrants = ({ granted }: Partner, update: Update): Update => ({
  ...update,
  if: {
    and: [
      ...(update.if ? [update.if] : []),
      granted === undefined ? { absent: ['granted'] } : { eq: [['granted'], granted] },
    ],
  },
})
