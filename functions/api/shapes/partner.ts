import * as z from 'zod'
import type { Governed } from '../../../shared/domain/keys.ts'
import { type Organisation, partnerStates } from '../../../shared/domain/parties.ts'
import { showStop, stopShown } from './common.ts'

export const partnerShown = z
  .object({
    id: z.string(),
    name: z.string(),
    state: z.enum(partnerStates),
    sector: z.string().nullable(),
    developers: z.array(z.string()),
    governments: z.array(z.string()),
    stop: stopShown.nullable().meta({ description: 'Why it is suspended.' }),
    continues: z.array(z.string()).meta({ description: 'Grants that go on though it is suspended.' }),
    version: z.int(),
  })
  .meta({ id: 'Partner' })

export const showPartner = (
  partner: Governed<Extract<Organisation, { kind: 'partner' }>>,
  whole: boolean,
): z.infer<typeof partnerShown> => ({
  id: partner.id,
  name: partner.name,
  state: partner.partner,
  sector: partner.sector ?? null,
  developers: [...(partner.developers ?? [])],
  governments: [...(partner.governments ?? [])],
  stop: partner.stop ? showStop(partner.stop, whole, partner.id) : null,
  continues: [...(partner.continues ?? [])],
  version: partner.rev,
})
