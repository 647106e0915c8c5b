/**
 * Tells the story through the API, as its people would: each step looks first, so that one that was broken off goes on
 * where it stopped, and telling it again changes nothing.
 */
import { enrol } from '../../client/index.ts'
import { at, textAt } from '../../client/json.ts'
import type { Clause } from '../../shared/domain/clauses.ts'
import type { Provider } from '../../shared/domain/parties.ts'
import type { DemoPartner } from './credentials.ts'
import { organisationNames, people, subjectOf } from './people.ts'
import {
  accessClauses,
  auditorId,
  developerId,
  type Endpoints,
  engagementClauses,
  governmentId,
  modelId,
  type PartnerStory,
  partners,
  term,
  tokens,
  upstreams,
} from './story.ts'
import { createTeller, type Teller } from './teller.ts'

/** Who acts for the developer and for the office, by login. */
const ada = 'ada'
const nora = 'nora'

const because = (text: string) => ({ reason: { code: 'request', text: `${text} (the demo’s story)` } })

export interface Telling {
  readonly issuer: string
  readonly provider: Provider
  readonly endpoints: Endpoints
  readonly now: number
}

/** What the story has made of a partner. */
export type Told = Pick<DemoPartner, 'client_id' | 'grant' | 'agreement'>

export async function tellStory(
  telling: Telling,
  keysOf: readonly Pick<DemoPartner, 'id' | 'kid' | 'key'>[],
): Promise<ReadonlyMap<string, Told>> {
  const teller = createTeller(telling.issuer)
  await tellModel(teller, telling)
  await tellStaff(teller, developerId)
  await tellStaff(teller, governmentId)
  await tellAuditor(teller, telling)
  const told = new Map<string, Told>()
  for (const story of partners) {
    const key = keysOf.find(({ id }) => id === story.id)
    if (key) told.set(story.id, await tellPartner(teller, telling, story, key))
  }
  return told
}

/** The model's endpoint follows the caller; all else is what people have made of it since. */
export const tellEndpoints = ({ issuer, endpoints }: Pick<Telling, 'issuer' | 'endpoints'>): Promise<void> =>
  followEndpoints(createTeller(issuer), endpoints)

async function tellModel(teller: Teller, { endpoints, now }: Telling): Promise<void> {
  const path = `/models/${modelId}`
  const agreement = await tellAgreement(teller, engagement, now)
  if ((await teller.look(ada, path)) === undefined)
    await teller.decide(ada, '/models', {
      id: modelId,
      name: 'Aurora (preview)',
      government: governmentId,
      agreement,
      upstreams: upstreams(endpoints),
      tokens,
      ...because('An early look at it'),
    })
  for (const [login, state, verb] of [
    [nora, 'engaged', 'designate'],
    [ada, 'designated', 'open'],
  ] as const) {
    const model = await teller.look(login, path)
    if (textAt(model?.body, 'state') !== state) continue
    const further = verb === 'designate' ? { determination: 'OFR-2026-0001', signer: 'Nora Quill' } : {}
    await teller.decide(
      login,
      `${path}/${verb}`,
      { ...further, ...because('As agreed') },
      { version: model?.version ?? 0 },
    )
  }
  await followEndpoints(teller, endpoints)
}

async function followEndpoints(teller: Teller, endpoints: Endpoints): Promise<void> {
  const path = `/models/${modelId}`
  const model = await teller.look(ada, path)
  if (JSON.stringify(at(model?.body, 'upstreams')) === JSON.stringify(upstreams(endpoints))) return
  await teller.decide(
    ada,
    path,
    { upstreams: upstreams(endpoints), ...because('Its endpoint has moved') },
    { version: model?.version ?? 0, method: 'patch' },
  )
}

/**
 * People of an organisation beside those that it was founded with, and their roles. Its first administrator is made by
 * developer and government; whoever comes after, by that one and the developer.
 */
async function tellStaff(teller: Teller, organisation: string): Promise<void> {
  const found = await teller.list(
    organisation === governmentId ? nora : ada,
    `/people?organisation=${organisation}`,
  )
  const own = people.filter(person => person.organisation === organisation)
  for (const { name, login, roles } of own) {
    const subject = subjectOf(login)
    const [first] = own
    const founded = organisation === developerId || organisation === governmentId
    const staff = founded ? (organisation === governmentId ? nora : ada) : first?.login
    const adder = staff === undefined || staff === login ? ada : staff
    let person = found.find(one => textAt(one, 'name') === name)
    if (person === undefined) {
      const body = { organisation, name, subject, ...because(`${name} works there`) }
      const added = await teller.decide(adder, '/people', body)
      person = (await teller.look(ada, `/people/${textAt(added.body, 'subject', 'id')}`))?.body
    }
    const held = (at(person, 'roles') as readonly string[] | undefined) ?? []
    if (roles.every(role => held.includes(role))) continue
    const options = { version: Number(at(person, 'version')) }
    const path = `/people/${textAt(person, 'id')}`
    if (!founded && login === first?.login)
      await teller.decide(ada, `${path}/first_admin`, because(`${name} is the first there`), {
        ...options,
        with: nora,
      })
    else
      await teller.decide(
        founded ? ada : (first?.login ?? ada),
        `${path}/roles`,
        { roles, ...because(`${name} is ${roles.join(' and ')}`) },
        { ...options, with: founded ? nora : ada },
      )
  }
}

async function tellAuditor(teller: Teller, { provider }: Telling): Promise<void> {
  const path = `/organisations/${auditorId}`
  if ((await teller.look(ada, path)) === undefined)
    await teller.decide(
      ada,
      '/organisations',
      {
        id: auditorId,
        name: organisationNames[auditorId],
        kind: 'auditor',
        audits: [modelId],
        developer: developerId,
        government: governmentId,
        provider: inWords(provider),
        ...because('It audits the access'),
      },
      { with: nora },
    )
  await tellStaff(teller, auditorId)
}

async function tellPartner(
  teller: Teller,
  { issuer, provider, now }: Telling,
  story: PartnerStory,
  key: Pick<DemoPartner, 'id' | 'kid' | 'key'>,
): Promise<Told> {
  const path = `/partners/${story.id}`
  if ((await teller.look(ada, path)) === undefined)
    await teller.decide(ada, '/partners', {
      id: story.id,
      name: story.name,
      sector: story.sector,
      developer: developerId,
      government: governmentId,
      ...because('It keeps others safe'),
    })
  const organisation = await teller.look(ada, `/organisations/${story.id}`)
  if (!at(organisation?.body, 'provider'))
    await teller.decide(
      ada,
      `/organisations/${story.id}/provider`,
      { provider: inWords(provider), ...because('Where its people sign in') },
      { version: organisation?.version ?? 0, with: nora },
    )
  for (const [state, verb] of [
    ['nominated', 'vet'],
    ['vetting', 'select'],
    ['selected', 'activate'],
  ] as const) {
    const partner = await teller.look(ada, path)
    if (textAt(partner?.body, 'state') !== state) continue
    await teller.decide(ada, `${path}/${verb}`, because('As agreed'), {
      version: partner?.version ?? 0,
      with: nora,
    })
  }
  await tellStaff(teller, story.id)
  const agreement = await tellAgreement(teller, access(story), now)
  const grant = await tellGrant(teller, story, agreement, now)
  const client_id = await tellClient(teller, issuer, story, key)
  return { agreement, grant, client_id }
}

/** What is agreed on, by whom. */
interface Agreed {
  readonly kind: 'engagement' | 'access'
  readonly counterparty: string
  /** Who signs for the counterparty, by login. */
  readonly signs: string
  readonly template: string
  readonly clauses: readonly Clause[]
}

const engagement: Agreed = {
  kind: 'engagement',
  counterparty: governmentId,
  signs: nora,
  template: 'sample-engagement',
  clauses: engagementClauses,
}

const access = (story: PartnerStory): Agreed => ({
  kind: 'access',
  counterparty: story.id,
  signs: story.admin,
  template: 'sample-access',
  clauses: accessClauses(story.ceiling),
})

/** Drafted and offered by the developer, signed by both, and the notice acknowledged by the counterparty. */
async function tellAgreement(
  teller: Teller,
  { kind, counterparty, signs, template, clauses }: Agreed,
  now: number,
): Promise<string> {
  const found = (await teller.list(ada, '/agreements')).find(
    one => textAt(one, 'kind') === kind && textAt(one, 'counterparty') === counterparty,
  )
  let id = textAt(found, 'id')
  if (id === undefined) {
    const drafted = await teller.decide(ada, '/agreements', {
      kind,
      counterparty,
      template,
      models: [modelId],
      starts_at: new Date(now).toISOString(),
      ends_at: new Date(now + term).toISOString(),
      clauses,
      ...because('As agreed'),
    })
    id = textAt(drafted.body, 'subject', 'id') ?? ''
  }
  const path = `/agreements/${id}`
  const decide = async (login: string, verb: string, words: string): Promise<void> => {
    const seen = await teller.look(login, path)
    const digest = textAt(seen?.body, 'digest')
    await teller.decide(
      login,
      `${path}/${verb}`,
      { ...(verb !== 'offer' && { digest }), ...because(words) },
      { version: seen?.version ?? 0 },
    )
  }
  if (textAt((await teller.look(ada, path))?.body, 'state') === 'draft')
    await decide(ada, 'offer', 'As agreed')
  for (const [login, organisation] of [
    [ada, developerId],
    [signs, counterparty],
  ] as const) {
    const waits = at((await teller.look(login, path))?.body, 'waits_on') as readonly string[] | undefined
    if (waits?.includes(organisation)) await decide(login, 'sign', 'We agree')
  }
  if (!at((await teller.look(signs, path))?.body, 'consented_at'))
    await decide(signs, 'acknowledge', 'We have read the notice')
  return id
}

async function tellGrant(
  teller: Teller,
  story: PartnerStory,
  agreement: string,
  now: number,
): Promise<string> {
  const found = (await teller.list(ada, '/grants')).find(
    one => textAt(one, 'organisation') === story.id && textAt(one, 'state') !== 'expired',
  )
  const id = textAt(found, 'id')
  if (id !== undefined) return id
  const body = {
    organisation: story.id,
    model: modelId,
    agreement,
    limits: inWordsOf(story.limits),
    expires_at: new Date(now + term - 60_000).toISOString(),
    ...because('As agreed'),
  }
  const granted = await teller.decide(ada, '/grants', body, { with: nora })
  return textAt(granted.body, 'subject', 'id') ?? ''
}

/** The workload's machine makes the key and enrols it with a ticket of its administrator's. */
async function tellClient(
  teller: Teller,
  issuer: string,
  story: PartnerStory,
  { kid, key }: Pick<DemoPartner, 'kid' | 'key'>,
): Promise<string> {
  const found = (await teller.list(story.admin, '/clients')).find(one =>
    ((at(one, 'keys') as readonly unknown[] | undefined) ?? []).some(own => textAt(own, 'kid') === kid),
  )
  const id = textAt(found, 'id')
  if (id !== undefined) return id
  const ticket = await teller.decide(story.admin, '/clients/tickets', {
    kind: 'enrol',
    name: story.workload,
    client: 'workload',
    ...because('A workload of ours'),
  })
  const enrolled = await enrol({ issuer, ticket: textAt(ticket.body, 'ticket') ?? '', key })
  return enrolled.clientId
}

/** In the words of the API. */
const inWords = ({ issuer, clientId, authentication, phishingResistant }: Provider) => ({
  issuer,
  client_id: clientId,
  authentication,
  phishing_resistant: phishingResistant,
})

const inWordsOf = ({ total, perDay, rpm, burst, streams }: PartnerStory['limits']) => ({
  total,
  ...(perDay !== undefined && { per_day: perDay }),
  rpm,
  burst,
  streams,
})
