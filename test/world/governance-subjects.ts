/** Something in every state that a decision begins from, made by the demo's people through the API. */
import { calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose'
import { enrol } from '../../client/index.ts'
import { textAt } from '../../client/json.ts'
import type { PrivateEcJwk } from '../../scripts/demo/credentials.ts'
import { phishingResistant, subjectOf } from '../../scripts/demo/people.ts'
import { demoClientId } from '../../scripts/demo/provider.ts'
import { capabilities, clauses, modelId, purposes, tokens, upstreams } from '../../scripts/demo/story.ts'
import { because, type Deciding } from './governance.ts'
import type { World } from './world.ts'

const day = 86_400_000
export const inDays = (days: number): string => new Date(Date.now() + days * day).toISOString()

/** Below the ceilings of the demo's agreements. */
export const limits = { total: 5_000, rpm: 600, burst: 10, streams: 4 }

export const modelBody = (id: string) => ({
  id,
  name: id,
  government: 'ofr',
  upstreams: upstreams({ openai: 'http://127.0.0.1:9/v1', anthropic: 'http://127.0.0.1:9' }),
  tokens,
  ...because(),
})

export const nomination = (id: string) => ({
  id,
  name: id,
  developer: 'halcyon',
  government: 'ofr',
  ...because(),
})

/** Nobody is there: nobody can sign in at it. */
export const someProvider = {
  issuer: 'http://127.0.0.1:9',
  client_id: demoClientId,
  authentication: 'private_key_jwt',
  phishing_resistant: { acr: [phishingResistant], amr: [] },
}

export const termsFor = (partner: string) => ({
  partner,
  models: [modelId],
  starts_at: inDays(0),
  ends_at: inDays(300),
  purposes,
  capabilities,
  clauses,
  ceiling: limits,
})

/** A workload of the administrator's organisation, with a key of its own. */
export async function enrolClient(
  { issuer }: Pick<World, 'issuer'>,
  { make }: Deciding,
  admin: string,
  name: string,
  further: object = {},
): Promise<{ readonly client_id: string; readonly kid: string; readonly key: PrivateEcJwk }> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true })
  const key = (await exportJWK(privateKey)) as PrivateEcJwk
  const kid = await calculateJwkThumbprint(key)
  const { body } = await make(admin, '/clients/tickets', {
    kind: 'enrol',
    name,
    client: 'workload',
    ...further,
    ...because(),
  })
  const { clientId } = await enrol({ issuer, ticket: textAt(body, 'ticket') ?? '', key })
  return { kid, key, client_id: clientId }
}

export async function personId({ list }: Deciding, login: string, name: string): Promise<string> {
  const found = (await list(login, '/people')).find(one => one.name === name)
  if (typeof found?.id !== 'string') throw new Error(`${login} knows no ${name}`)
  return found.id
}

export type Subjects = Awaited<ReturnType<typeof makeSubjects>>

/** All are of halcyon and ofr, and of cedar unless the name says otherwise. */
export async function makeSubjects(world: World, deciders: Deciding) {
  const { make, read } = deciders
  const partner = async (id: string, ...steps: readonly string[]): Promise<string> => {
    await make('ada', '/partners', nomination(id))
    for (const verb of steps)
      await make('ada', `/partners/${id}/${verb}`, because(), { on: `/partners/${id}`, with: 'nora' })
    return id
  }
  const partners = {
    nominated: await partner('brook'),
    vetting: await partner('fjord', 'vet'),
    selected: await partner('grove', 'vet', 'select'),
    suspended: await partner('delta', 'vet', 'select', 'activate', 'suspend'),
  }
  await make(
    'ada',
    '/organisations/fjord/provider',
    { provider: someProvider, ...because() },
    {
      on: '/organisations/fjord',
      with: 'nora',
    },
  )

  const add = async (login: string, organisation: string, name: string, further: object = {}) =>
    (await make(login, '/people', { organisation, name, subject: subjectOf(name), ...further, ...because() }))
      .id
  const sam = await personId(deciders, 'priya', 'Sam Ortiz')
  const people = {
    sam,
    plain: await add('priya', 'cedar', 'gil'),
    contractor: await add('priya', 'cedar', 'cole', { sponsor: sam }),
    suspended: await add('priya', 'cedar', 'dana'),
    unadministered: await add('ada', 'fjord', 'fay'),
  }
  const stopPerson = `/people/${people.suspended}`
  await make('boris', `${stopPerson}/suspend`, because(), { on: stopPerson })

  const clients = {
    active: world.partner('cedar').client_id,
    contractors: (await enrolClient(world, deciders, 'priya', 'contractor', { sponsor: sam })).client_id,
    suspended: (await enrolClient(world, deciders, 'priya', 'paused')).client_id,
  }
  const stopClient = `/clients/${clients.suspended}`
  const stopped = await make('boris', `${stopClient}/suspend`, because(), { on: stopClient })
  const appeal = textAt(
    (await deciders.ask('priya', '/appeals', { entry: stopped.entry, text: 'It is needed.' })).body,
    'id',
  )

  const grants = { active: world.grant('cedar'), suspended: world.grant('prairie') }
  const stopGrant = `/grants/${grants.suspended}`
  await make('boris', `${stopGrant}/suspend`, because(), { on: stopGrant })

  for (const id of ['engaged-one', 'designated-one', 'killed-one'])
    await make('ada', '/models', modelBody(id))
  await make(
    'nora',
    '/models/designated-one/designate',
    { determination: 'OFR-1', ...because() },
    { on: '/models/designated-one' },
  )
  await make('ada', '/models/killed-one/kill', because())

  const offered = async () =>
    (await make('ada', '/agreements', { terms: termsFor('cedar'), ...because() })).id
  const agreements = {
    effective: world.agreement('cedar'),
    offered: await offered(),
    unread: await offered(),
  }
  const digest = async (id: string): Promise<string> =>
    textAt((await read('ada', `/agreements/${id}`))?.body, 'digest') ?? ''
  const unread = `/agreements/${agreements.unread}`
  await make(
    'priya',
    `${unread}/sign`,
    { digest: await digest(agreements.unread), ...because() },
    { on: unread },
  )
  const digests = { offered: await digest(agreements.offered), unread: await digest(agreements.unread) }

  const scope = { organisation: 'cedar', model: 'engaged-one' }
  const place = async (login: string) => (await make(login, '/holds', { scope, ...because() })).id
  const holds = { developers: await place('ada'), governments: await place('nora') }

  const { body } = await make('priya', '/organisations/cedar/webhooks', {
    url: 'http://127.0.0.1:9/',
    ...because(),
  })
  const webhook = textAt(body, 'difference', '0', 'to', '0') ?? ''
  const { status, body: answer } = await deciders.ask(
    'boris',
    `/partners/${partners.selected}/revoke`,
    because(),
    { ifMatch: (await read('boris', `/partners/${partners.selected}`))?.version },
  )
  if (status !== 202) throw new Error(JSON.stringify(answer))
  const proposal = textAt(answer, 'proposal', 'id') ?? ''
  return {
    partners,
    people,
    clients,
    appeal: appeal ?? '',
    grants,
    agreements,
    digests,
    holds,
    webhook,
    proposal,
  }
}
