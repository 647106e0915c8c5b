import * as z from 'zod'
import { randomId } from '../../../shared/domain/id.ts'
import { judgeText } from '../../../shared/domain/marking.ts'
import { adminOf, type Organisation } from '../../../shared/domain/parties.ts'
import { Refusal, refuse, unknownRecord } from '../../../shared/domain/refusal.ts'
import { sees } from '../../../shared/domain/who-sees.ts'
import { SecretsUnavailable } from '../../../shared/ports/keys.ts'
import { judgeWebhookUrl } from '../../../shared/webhooks/address.ts'
import { webhookLabel, webhookSecret } from '../../../shared/webhooks/sign.ts'
import { deciders } from '../../governance/engine/subjects.ts'
import type { Setting } from '../../governance/organisations/clearinghouse.ts'
import { dealings } from '../../governance/organisations/dealings.ts'
import { maxMoves, type ProviderChange } from '../../governance/organisations/organisation-provider.ts'
import type { WebhookChange } from '../../governance/organisations/organisation-webhooks.ts'
import type { Registration } from '../../governance/organisations/organisations.ts'
import { judgeIssuer } from '../../governance/organisations/provider-issuer.ts'
import { readOrganisation } from '../../governance/people/members.ts'
import type { ApiDeps } from '../app.ts'
import type { PersonCaller } from '../caller.ts'
import { creationAnswers, decideBy, decisionAnswers, decisionBody } from '../decision.ts'
import { listRecords } from '../lists.ts'
import { type Answer, forPeople, type Operation } from '../operation.ts'
import { anyId, chosenId, listOf, listQuery, shortText } from '../shapes/common.ts'
import {
  moveBody,
  organisationShown,
  organisationWhole,
  providerBody,
  showOrganisation,
  showWhole,
  toProvider,
  webhookSecretShown,
} from '../shapes/organisation.ts'

/** Whether the caller's people know its name: `deals` are those that they have to do with by their own records. */
function isSeen({ viewer }: PersonCaller, one: Organisation, deals: ReadonlySet<string>): boolean {
  const about = deals.has(one.id) ? [viewer.organisation] : []
  const models = one.kind === 'auditor' ? (one.audits ?? []) : []
  return sees(viewer, { noun: 'organisation', owner: one.id, ...deciders(one), about, models }) !== undefined
}

function told({ organisation, person }: PersonCaller, one: Organisation) {
  const own = one.id === organisation.id
  const { developers, governments } = deciders(one)
  const administers = own && person.roles.includes(adminOf[one.kind])
  return {
    decides: own || [...developers, ...governments].includes(organisation.id),
    administers,
    handsOff: administers || developers.includes(organisation.id),
  }
}

/** The webhooks of one's own organisation are for its administrators; another's are not there. */
function judgeOwnAdmin({ organisation, person }: PersonCaller, id: string): Refusal | undefined {
  if (organisation.id !== id) return unknownRecord('organisation', id)
  const role = adminOf[organisation.kind]
  return person.roles.includes(role)
    ? undefined
    : refuse('role_missing', `Webhooks are for the ${role} of ${organisation.name}.`)
}

export const organisationOperations: readonly Operation[] = [
  forPeople({
    id: 'listOrganisations',
    method: 'GET',
    path: '/organisations',
    tag: 'organisations',
    summary: 'Your organisation, and those that it has to do with',
    query: listQuery,
    answers: { 200: listOf(organisationShown) },
    async answer({ deps, caller, query }) {
      const deals = await dealings(deps.store, caller.organisation)
      return listRecords<Organisation>(deps.store, {
        record: 'organisation',
        ...query,
        show: one => (isSeen(caller, one, deals) ? showOrganisation(one) : undefined),
      })
    },
  }),
  forPeople({
    id: 'getOrganisation',
    method: 'GET',
    path: '/organisations/{organisation}',
    tag: 'organisations',
    summary: 'One organisation',
    answers: { 200: organisationWhole },
    async answer({ deps, caller, path }) {
      const one = await readOrganisation(deps.store, path.organisation ?? '')
      if (one instanceof Refusal) return one
      if (!isSeen(caller, one, await dealings(deps.store, caller.organisation)))
        return unknownRecord('organisation', one.id)
      return { status: 200, body: showWhole(one, told(caller, one)), rev: one.rev }
    },
  }),
  forPeople({
    id: 'registerOrganisation',
    method: 'POST',
    path: '/organisations',
    tag: 'organisations',
    summary: 'Register a developer, a government office or an auditor: developer and government together',
    description: 'Partners come in by their nomination. The two that register it enrol its first people.',
    action: 'organisation.register',
    creates: true,
    body: decisionBody.extend({
      id: chosenId,
      name: shortText,
      kind: z.enum(['developer', 'government', 'auditor']),
      developer: anyId,
      government: anyId,
      provider: providerBody.optional(),
      audits: z
        .array(anyId)
        .max(50)
        .optional()
        .meta({ description: 'Of an auditor: models of `developer`.' }),
    }),
    answers: creationAnswers,
    async answer(context) {
      const { id, name, kind, developer, government, provider, audits } = context.body
      const refused =
        judgeText(name, 'name') ?? (provider && judgeIssuer(provider.issuer, context.deps.issuer))
      if (refused) return refused
      const params: Registration = {
        name,
        kind,
        developer,
        government,
        ...(provider && { provider: toProvider(provider) }),
        ...(audits && { audits: [...new Set(audits)] }),
      }
      return decideBy(
        context,
        { name: 'organisation.register', id, params: { ...params } },
        `/organisations/${id}`,
      )
    },
  }),
  forPeople({
    id: 'setProvider',
    method: 'POST',
    path: '/organisations/{organisation}/provider',
    tag: 'organisations',
    summary: 'Set where an organisation’s people sign in: developer and government together',
    description:
      'Every session of its people ends. At another issuer only those who are named in `moves` can sign in again.',
    action: 'organisation.provider',
    changes: true,
    body: decisionBody.extend({
      provider: providerBody,
      moves: z.array(moveBody).max(maxMoves).optional().meta({
        description: 'Who its people are at another issuer, at least one administrator among them.',
      }),
    }),
    answers: decisionAnswers,
    async answer(context) {
      const { provider, moves = [] } = context.body
      const refused = judgeIssuer(provider.issuer, context.deps.issuer)
      if (refused) return refused
      const params: ProviderChange = { provider: toProvider(provider), moves }
      return decideBy(context, {
        name: 'organisation.provider',
        id: context.path.organisation ?? '',
        params: { ...params },
      })
    },
  }),
  forPeople({
    id: 'setClearinghouse',
    method: 'POST',
    path: '/organisations/{organisation}/clearinghouse',
    tag: 'organisations',
    summary: 'Set where an office takes findings: developer and government together',
    description:
      'Advisories are sent there by POST over https, each with its signature, until a receipt over the same digest comes back. The address stands in the entry, so it should hold no secret.',
    action: 'organisation.clearinghouse',
    changes: true,
    body: decisionBody.extend({ url: z.string().max(2_048) }),
    answers: decisionAnswers,
    async answer(context) {
      const { deps, body, path } = context
      const refused = judgeWebhookUrl(body.url, deps.issuer)
      if (refused) return refused
      const params: Setting = { url: body.url }
      return decideBy(context, {
        name: 'organisation.clearinghouse',
        id: path.organisation ?? '',
        params: { ...params },
      })
    },
  }),
  forPeople({
    id: 'registerWebhook',
    method: 'POST',
    path: '/organisations/{organisation}/webhooks',
    tag: 'organisations',
    summary: 'Be told at an address of yours of what concerns your organisation',
    description:
      'At most five. The address stands in the entry, so it should hold no secret: what is sent is signed (Standard Webhooks).',
    action: 'organisation.webhooks',
    creates: true,
    body: decisionBody.extend({ url: z.string().max(2_048) }),
    answers: decisionAnswers,
    async answer(context) {
      const { deps, body, path, caller } = context
      const organisation = path.organisation ?? ''
      const refused = judgeOwnAdmin(caller, organisation) ?? judgeWebhookUrl(body.url, deps.issuer)
      if (refused) return refused
      const id = randomId('webhook', deps.random.bytes(16))
      const params: WebhookChange = { register: id, url: body.url }
      return decideBy(
        context,
        { name: 'organisation.webhooks', id: organisation, params: { ...params } },
        `/organisations/${organisation}/webhooks/${id}`,
      )
    },
  }),
  forPeople({
    id: 'removeWebhook',
    method: 'POST',
    path: '/organisations/{organisation}/webhooks/{webhook}/remove',
    tag: 'organisations',
    summary: 'Send nothing more to an address',
    action: 'organisation.webhooks',
    changes: true,
    body: decisionBody,
    answers: decisionAnswers,
    async answer(context) {
      const organisation = context.path.organisation ?? ''
      const refused = judgeOwnAdmin(context.caller, organisation)
      if (refused) return refused
      const params: WebhookChange = { remove: context.path.webhook ?? '' }
      return decideBy(context, { name: 'organisation.webhooks', id: organisation, params: { ...params } })
    },
  }),
  forPeople({
    id: 'getWebhookSecret',
    method: 'GET',
    path: '/organisations/{organisation}/webhooks/{webhook}/secret',
    tag: 'organisations',
    summary: 'What your receiver verifies signatures with',
    description: 'It is derived and stored nowhere. A webhook that is registered anew has another one.',
    answers: { 200: webhookSecretShown },
    async answer({ deps, caller, path }) {
      const { organisation = '', webhook = '' } = path
      const refused = judgeOwnAdmin(caller, organisation)
      if (refused) return refused
      if (!Object.hasOwn(caller.organisation.webhooks ?? {}, webhook))
        return refuse('record_unknown', `There is no webhook ${webhook} of this organisation.`, {
          next: 'See those that are: sallyport webhook list',
        })
      return showSecret(deps.secrets, organisation, webhook)
    },
  }),
]

async function showSecret(
  secrets: ApiDeps['secrets'],
  organisation: string,
  webhook: string,
): Promise<Answer | Refusal> {
  try {
    const key = await secrets.derive('webhook', webhookLabel(organisation, webhook))
    return { status: 200, body: { id: webhook, secret: webhookSecret(key) } }
  } catch (error) {
    if (!(error instanceof SecretsUnavailable)) throw error
    return refuse('signer_unavailable', 'The key that it is derived from did not answer.')
  }
}
