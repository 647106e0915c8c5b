import type * as z from 'zod'
import { type Governed, indexes, keys } from '../../../shared/domain/keys.ts'
import type { Organisation } from '../../../shared/domain/parties.ts'
import type { Client, Grant } from '../../../shared/domain/records.ts'
import { Refusal, unknownRecord } from '../../../shared/domain/refusal.ts'
import type { ActionName } from '../../../shared/domain/who-decides.ts'
import { sees } from '../../../shared/domain/who-sees.ts'
import type { Store } from '../../../shared/ports/store.ts'
import { type ClientAndOrganisation, readClient } from '../../governance/clients/client-and-organisation.ts'
import type { AttributesGiven } from '../../governance/clients/clients.ts'
import { judgeSightIn } from '../../governance/engine/engagement.ts'
import { factsOf } from '../../governance/engine/sight.ts'
import { clientSubject } from '../../governance/engine/subjects.ts'
import { attributeNames } from '../../governance/people/attested.ts'
import { pages } from '../../pages.ts'
import { auditedModels } from '../audited.ts'
import type { PersonCaller } from '../caller.ts'
import { decideBy, decisionAnswers, decisionBody, stopBody } from '../decision.ts'
import { listRecords } from '../lists.ts'
import { forPeople, type Operation } from '../operation.ts'
import { ratification } from '../ratification.ts'
import { attributesBody, clientShown, confirmationBody, showClient } from '../shapes/client.ts'
import { anyId, listOf, listQuery } from '../shapes/common.ts'
import { ticketOperations } from './client-tickets.ts'

/** `models`: those that the organisation holds grants of; they count for auditors alone. */
function shown(
  { viewer }: PersonCaller,
  { client, organisation }: ClientAndOrganisation,
  models: readonly string[],
): object | undefined {
  const sight = sees(viewer, { ...factsOf('client', clientSubject(client, organisation)), models })
  return sight && showClient(client, sight === 'whole')
}

/** The organisations whose clients somebody may see, and for auditors what they hold grants of. */
async function surroundings(store: Store, { viewer }: PersonCaller) {
  const organisations = new Map<string, Governed<Organisation>>()
  for await (const batch of pages<Organisation>(store, {
    index: indexes.byRecord,
    partition: 'organisation',
  }))
    for (const one of await store.get(batch))
      if (one) organisations.set(one.id, one as Governed<Organisation>)
  const models = new Map<string, string[]>()
  if (viewer.kind === 'auditor')
    for await (const batch of pages<Grant>(store, { index: indexes.byRecord, partition: 'grant' }))
      for (const grant of await store.get(batch))
        if (grant) models.set(grant.organisation, [...(models.get(grant.organisation) ?? []), grant.model])
  return { organisations, models }
}

const decision = (
  verb: string,
  action: ActionName & `client.${string}`,
  summary: string,
  body: typeof decisionBody | typeof stopBody = decisionBody,
): Operation =>
  forPeople({
    id: `${verb}Client`,
    method: 'POST',
    path: `/clients/{client}/${verb}`,
    tag: 'clients',
    summary,
    action,
    changes: true,
    body,
    answers: decisionAnswers,
    answer: context => decideBy(context, { name: action, id: context.path.client ?? '', params: {} }),
  })

type Attribute = z.infer<typeof attributesBody>['nationality']
const given = (one: Attribute) =>
  one ? { value: one.value, expiresAt: Date.parse(one.expires_at) } : one === null ? null : undefined

export const clientOperations: readonly Operation[] = [
  forPeople({
    id: 'listClients',
    method: 'GET',
    path: '/clients',
    tag: 'clients',
    summary: 'The clients that you see',
    query: listQuery.extend({ organisation: anyId.optional() }),
    answers: { 200: listOf(clientShown) },
    async answer({ deps, caller, query: { organisation: of, ...page } }) {
      const { organisations, models } = await surroundings(deps.store, caller)
      // A partner's people see their own: there is no need to look at all.
      const owner = of ?? (caller.viewer.kind === 'partner' ? caller.viewer.organisation : undefined)
      return listRecords<Client>(deps.store, {
        record: 'client',
        ...(owner !== undefined && { owner }),
        ...page,
        show(client) {
          const organisation = organisations.get(client.organisation)
          return (
            organisation && shown(caller, { client, organisation }, models.get(client.organisation) ?? [])
          )
        },
      })
    },
  }),
  forPeople({
    id: 'getClient',
    method: 'GET',
    path: '/clients/{client}',
    tag: 'clients',
    summary: 'One client',
    answers: { 200: clientShown },
    async answer({ deps, caller, path }) {
      const found = await readClient(deps.store, path.client ?? '')
      if (found instanceof Refusal) return found
      const body = shown(caller, found, await auditedModels(deps.store, caller, found.organisation.id))
      if (body === undefined) return unknownRecord('client', found.client.id)
      return { status: 200, body, rev: found.client.rev }
    },
  }),
  ...ticketOperations,
  decision('suspend', 'client.suspend', 'Suspend a client at once; other clients go on', stopBody),
  decision('reinstate', 'client.reinstate', 'End a suspension: two people of two organisations'),
  decision('revoke', 'client.revoke', 'End a client for good'),
  decision(
    'compromised',
    'client.compromised',
    'Mark a client and all its keys compromised, at once and for good',
    stopBody,
  ),
  forPeople({
    id: 'confirmClient',
    method: 'POST',
    path: '/clients/{client}/confirm',
    tag: 'clients',
    summary: 'Answer for a contractor’s client for another while; an administrator can name another sponsor',
    action: 'client.confirm',
    changes: true,
    body: confirmationBody,
    answers: decisionAnswers,
    answer: context =>
      decideBy(context, {
        name: 'client.confirm',
        id: context.path.client ?? '',
        params: context.body.sponsor === undefined ? {} : { sponsor: context.body.sponsor },
      }),
  }),
  forPeople({
    id: 'attestClient',
    method: 'POST',
    path: '/clients/{client}/attributes',
    tag: 'clients',
    summary: 'Vouch for the nationality, the region or the screening of a client',
    action: 'client.attributes',
    changes: true,
    body: attributesBody,
    answers: decisionAnswers,
    answer(context) {
      const { body } = context
      const params: AttributesGiven = Object.fromEntries(
        attributeNames.flatMap(name => {
          const one = given(body[name])
          return one === undefined ? [] : [[name, one] as const]
        }),
      )
      return decideBy(context, {
        name: 'client.attributes',
        id: context.path.client ?? '',
        params: { ...params },
      })
    },
  }),
  ratification({
    id: 'ratifyClientStop',
    path: '/clients/{client}/ratify',
    tag: 'clients',
    summary: 'Stand by a stop that another person put in force',
    action: 'client.suspend',
    async read({ deps, caller, path }) {
      const found = await readClient(deps.store, path.client ?? '')
      if (found instanceof Refusal) return found
      const { client, organisation } = found
      const subject = clientSubject(client, organisation)
      const action = client.state === 'compromised' ? 'client.compromised' : 'client.suspend'
      const stop = ['suspended', 'compromised'].includes(client.state) ? client.stop : undefined
      const unseen = await judgeSightIn(deps.store, caller, subject)
      return unseen ?? { key: keys.client(client.id) as never, action, subject, stop }
    },
  }),
]
