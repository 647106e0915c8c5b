import * as z from 'zod'
import type { Governed } from '../../../shared/domain/keys.ts'
import { keys } from '../../../shared/domain/keys.ts'
import { judgeText } from '../../../shared/domain/marking.ts'
import type { Organisation } from '../../../shared/domain/parties.ts'
import { Refusal, unknownRecord } from '../../../shared/domain/refusal.ts'
import type { ActionName } from '../../../shared/domain/who-decides.ts'
import { sees } from '../../../shared/domain/who-sees.ts'
import { factsOf } from '../../governance/engine/sight.ts'
import { organisationSubject } from '../../governance/engine/subjects.ts'
import { readPartner } from '../../governance/organisations/partner-record.ts'
import type { ApiDeps } from '../app.ts'
import { auditedModels } from '../audited.ts'
import type { PersonCaller } from '../caller.ts'
import { creationAnswers, decideBy, decisionAnswers, decisionBody, stopBody } from '../decision.ts'
import { listRecords } from '../lists.ts'
import { forPeople, type Operation } from '../operation.ts'
import { ratification } from '../ratification.ts'
import { chosenId, listOf, listQuery, shortText } from '../shapes/common.ts'
import { partnerShown, showPartner } from '../shapes/partner.ts'

type Partner = Governed<Extract<Organisation, { kind: 'partner' }>>

async function shown(
  { store }: ApiDeps,
  caller: PersonCaller,
  partner: Partner,
): Promise<object | undefined> {
  const models = await auditedModels(store, caller, partner.id)
  const sight = sees(caller.viewer, { ...factsOf('partner', organisationSubject(partner)), models })
  return sight && showPartner(partner, sight === 'whole')
}

/** A decision about a partner that is there. */
const decision = (
  verb: string,
  action: ActionName & `partner.${string}`,
  summary: string,
  body: typeof decisionBody | typeof stopBody = decisionBody,
): Operation =>
  forPeople({
    id: `${verb}Partner`,
    method: 'POST',
    path: `/partners/{partner}/${verb}`,
    tag: 'partners',
    summary,
    action,
    changes: true,
    body,
    answers: decisionAnswers,
    answer: context => decideBy(context, { name: action, id: context.path.partner ?? '', params: {} }),
  })

export const partnerOperations: readonly Operation[] = [
  forPeople({
    id: 'listPartners',
    method: 'GET',
    path: '/partners',
    tag: 'partners',
    summary: 'The partners that you see',
    query: listQuery,
    answers: { 200: listOf(partnerShown) },
    answer: ({ deps, caller, query }) =>
      listRecords<Organisation>(deps.store, {
        record: 'organisation',
        ...query,
        show: one => (one.kind === 'partner' ? shown(deps, caller, one as Partner) : undefined),
      }),
  }),
  forPeople({
    id: 'getPartner',
    method: 'GET',
    path: '/partners/{partner}',
    tag: 'partners',
    summary: 'One partner',
    answers: { 200: partnerShown },
    async answer({ deps, caller, path }) {
      const partner = await readPartner(deps.store, path.partner ?? '')
      if (partner instanceof Refusal) return partner
      const body = await shown(deps, caller, partner)
      if (body === undefined) return unknownRecord('partner', partner.id)
      return { status: 200, body, rev: partner.rev }
    },
  }),
  forPeople({
    id: 'nominatePartner',
    method: 'POST',
    path: '/partners',
    tag: 'partners',
    summary: 'Nominate an organisation as a trusted partner',
    action: 'partner.nominate',
    creates: true,
    body: decisionBody.extend({
      id: chosenId,
      name: shortText,
      sector: shortText.optional(),
      developer: z.string(),
      government: z.string(),
    }),
    answers: creationAnswers,
    async answer(context) {
      const { id, name, sector, developer, government } = context.body
      const marked = judgeText(name, 'name') ?? judgeText(sector ?? '', 'sector')
      if (marked) return marked
      return decideBy(
        context,
        { name: 'partner.nominate', id, params: { name, ...(sector && { sector }), developer, government } },
        `/partners/${id}`,
      )
    },
  }),
  decision('vet', 'partner.vet', 'Begin the vetting of a nominated partner'),
  decision('select', 'partner.select', 'Select a partner: developer and government together'),
  decision('activate', 'partner.activate', 'Let a selected partner take part'),
  decision('suspend', 'partner.suspend', 'Suspend a partner at once', stopBody),
  decision('reinstate', 'partner.reinstate', 'End a suspension: developer and government together'),
  decision('revoke', 'partner.revoke', 'Revoke a partner: two people'),
  decision('close', 'partner.close', 'Close a partner for good: two people'),
  ratification({
    id: 'ratifyPartnerSuspension',
    path: '/partners/{partner}/ratify',
    tag: 'partners',
    summary: 'Stand by a suspension that another person put in force',
    action: 'partner.suspend',
    async read({ deps, caller, path }) {
      const id = path.partner ?? ''
      const partner = await readPartner(deps.store, id, caller)
      if (partner instanceof Refusal) return partner
      const stop = partner.partner === 'suspended' ? partner.stop : undefined
      const subject = organisationSubject(partner)
      return { key: keys.organisation(id) as never, action: 'partner.suspend', subject, stop }
    },
  }),
]
