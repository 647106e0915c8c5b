/** Something in every state that a decision begins from, made by the demo's people through the API. */
import { randomUUID } from 'node:crypto'
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'
import { enrol } from '../../client/index.ts'
import { textAt } from '../../client/json.ts'
import type { PrivateEcJwk } from '../../scripts/demo/credentials.ts'
import { phishingResistant, subjectOf } from '../../scripts/demo/people.ts'
import { demoClientId } from '../../scripts/demo/provider.ts'
import { because, type Deciding } from './governance.ts'
import { makeAgreements, makeFindings, makeModels, makeReleased } from './governance-engagements.ts'
import { makeEvidence } from './governance-evidence.ts'
import type { World } from './world.ts'

export {
  draftFor,
  engagementOf,
  inDays,
  limits,
  modelBody,
  offered,
  signed,
} from './governance-agreements.ts'
export { report, windowFor } from './governance-engagements.ts'

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

/** A key to sign agreements with, and the proof of whoever has it: good for a minute. */
export async function signingKeyOf({ issuer }: Pick<World, 'issuer'>, person: string) {
  const { publicKey, privateKey } = await generateKeyPair('ES256')
  const public_key: JWK = await exportJWK(publicKey)
  const kid = await calculateJwkThumbprint(public_key)
  const proof = await new SignJWT({})
    .setProtectedHeader({ alg: 'ES256', typ: 'sallyport-signatory+jwt', kid })
    .setAudience(issuer)
    .setSubject(person)
    .setIssuedAt()
    .setJti(randomUUID())
    .sign(privateKey)
  return { kid, body: { public_key, proof } }
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

  const { client_id: office } = await enrolClient(world, deciders, 'nora', 'evaluation')
  const engagement = await makeModels(deciders, office)
  const released = await makeReleased(deciders)
  const { digests, ...rest } = await makeAgreements(deciders)
  const agreements = { effective: world.agreement('cedar'), ...rest }
  const findings = await makeFindings(world, deciders, agreements.effective)
  await world.sweep()
  const reviews = await deciders.list('priya', '/reviews')
  const review = textAt(
    reviews.find(one => one.agreement === agreements.unread),
    'id',
  )
  const priya = await personId(deciders, 'priya', 'Priya Nair')
  const own = `/people/${priya}`
  const { kid: signingKey, body: key } = await signingKeyOf(world, priya)
  await make('priya', `${own}/signing-keys`, { ...key, ...because() }, { on: own })

  const scope = { organisation: 'cedar', model: 'engaged-one' }
  const place = async (login: string) => (await make(login, '/holds', { scope, ...because() })).id
  const holds = { developers: await place('ada'), governments: await place('nora') }

  const evidence = await makeEvidence(world, deciders)

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
  const gathered = await makeGathered(deciders)
  return {
    partners,
    people,
    clients,
    appeal: appeal ?? '',
    grants,
    agreements,
    digests,
    engagement,
    office,
    released,
    findings,
    evidence,
    review: review ?? '',
    signingKey,
    holds,
    webhook,
    proposal,
    ...gathered,
  }
}

/** What halcyon's people gather from the log, and which searches ada keeps. */
async function makeGathered({ make }: Deciding) {
  const { id: open, entry } = await make('ada', '/cases', { title: 'Calls at night' })
  const { id: closed, entry: another } = await make('ada', '/cases', { title: 'Nothing came of it' })
  await make('ada', `/cases/${open}/entries`, { entry, note: 'It begins here.' })
  await make('ada', `/cases/${open}/notes`, { text: 'They began at ten.' })
  await make('ada', `/cases/${closed}/close`, because(), { on: `/cases/${closed}` })
  const view = async (name: string, shared: boolean) =>
    (await make('ada', '/views', { name, q: 'decision:refuse time:-7d..now', shared })).id
  return {
    cases: { open, closed },
    /** Which all of halcyon's people see, and which is in no case yet. */
    gatheredEntry: another,
    views: { shared: await view('Refusals', true), personal: await view('Mine', false) },
  }
}
