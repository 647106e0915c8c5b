/** Models, agreements and findings, each in a state that decisions begin from. */
import { textAt } from '../../client/json.ts'
import { raisePattern } from '../../functions/governance/findings/raise-pattern.ts'
import { modelId } from '../../scripts/demo/story.ts'
import { systemClock, systemRandom } from '../../shared/adapters/world.ts'
import type { Finding } from '../../shared/domain/findings.ts'
import { type Governed, indexes, keys } from '../../shared/domain/keys.ts'
import { dayMs } from '../../shared/domain/patterns.ts'
import type { Key, Store } from '../../shared/ports/store.ts'
import { quiet } from './embedded.ts'
import { because, type Deciding } from './governance.ts'
import {
  draftFor,
  engagementOf,
  inDays,
  limits,
  modelBody,
  offered,
  reviewedAtOnce,
  signed,
} from './governance-agreements.ts'
import type { World } from './world.ts'

/** A window on a model, for a client of the office. */
export const windowFor = (client: string) => ({
  ends_at: inDays(5),
  clients: [client],
  limits: { ...limits, per_day: limits.total },
})

export const report = (further: object = {}) => ({
  kind: 'vulnerability',
  model: modelId,
  severity: 'high',
  title: 'It repeats what others have sent',
  text: 'A certain prompt is enough.',
  discovered_at: inDays(0),
  ...further,
})

/** A step of a record; `by` approves what takes a second person. */
async function step(
  { make }: Deciding,
  login: string,
  record: string,
  verb: string,
  body: object = {},
  by?: string,
): Promise<void> {
  const further = { on: record, ...(by !== undefined && { with: by }) }
  await make(login, `${record}/${verb}`, { ...body, ...because() }, further)
}

/** Beside the demo's; `office`: a client of the government's. The engagement that they are under, by its id. */
export async function makeModels(deciders: Deciding, office: string): Promise<string> {
  const ids = ['engaged-one', 'designated-one', 'killed-one', 'windowed-one']
  const engagement = await engagementOf(deciders, [...ids, 'newcomer'])
  for (const id of ids) await deciders.make('ada', '/models', modelBody(id, engagement))
  for (const id of ['designated-one', 'windowed-one'])
    await step(deciders, 'nora', `/models/${id}`, 'designate', {
      determination: 'OFR-1',
      signer: 'The director',
    })
  await step(deciders, 'ada', '/models/windowed-one', 'window', windowFor(office), 'nora')
  await deciders.make('ada', '/models/killed-one/kill', because())
  await shared(deciders, 'engaged-one')
  return engagement
}

/** With the consultants of the office, one of whom says what she thinks. */
async function shared(deciders: Deciding, id: string): Promise<void> {
  await step(deciders, 'ada', `/models/${id}`, 'share', { organisation: 'ofr', shared: true })
  await deciders.make('tess', `/models/${id}/opinions`, { text: 'It is worth a look.' })
}

/** One that cedar was granted, and that its developer has released since: whose agreement and grant. */
export async function makeReleased(deciders: Deciding) {
  const { make } = deciders
  const models = ['released-one']
  await make('ada', '/models', modelBody('released-one', await engagementOf(deciders, models)))
  const { id: agreement } = await signed(deciders, draftFor('cedar', { models }), 'priya')
  const asked = { organisation: 'cedar', model: 'released-one', agreement, limits, expires_at: inDays(100) }
  const { id: grant } = await make('ada', '/grants', { ...asked, ...because() }, { with: 'nora' })
  await make('ada', '/models/released-one/release', because())
  await shared(deciders, 'released-one')
  return { agreement, grant }
}

/** Between the developer and cedar. */
export async function makeAgreements(deciders: Deciding) {
  const path = (id: string): string => `/agreements/${id}`
  const agreed = (further: object = {}) => signed(deciders, draftFor('cedar', further), 'priya')
  const draft = (await deciders.make('ada', '/agreements', { ...draftFor('cedar'), ...because() })).id
  const waiting = await offered(deciders, draftFor('cedar'))
  const third = await offered(deciders, draftFor('cedar', { third_party: 'ofr' }))
  const unread = await agreed({ clauses: reviewedAtOnce() })
  const [{ id: suspended }, { id: stopped }] = [await agreed(), await agreed()]
  await step(deciders, 'nora', path(suspended), 'suspend')
  await step(deciders, 'ada', path(stopped), 'suspend')
  const [{ id: terminated }, { id: attested }] = [await agreed(), await agreed()]
  for (const id of [terminated, attested]) await step(deciders, 'ada', path(id), 'terminate', {}, 'boris')
  await step(deciders, 'priya', path(attested), 'attest', { text: 'All of it is destroyed.' })
  return {
    draft,
    offered: waiting.id,
    /** An office is asked to sign it too. */
    third: third.id,
    unread: unread.id,
    /** By the office. */
    suspended,
    /** By its developer alone. */
    stopped,
    terminated,
    attested,
    digests: { offered: waiting.digest, third: third.digest, unread: unread.digest },
  }
}

/**
 * Of cedar: one that nobody was handed, one that the office was, one that its consultants are shown. And about it, a pattern
 * that was found in what it was sent.
 */
export async function makeFindings({ store }: Pick<World, 'store'>, deciders: Deciding, agreement: string) {
  const { make, read } = deciders
  const office = '/organisations/ofr'
  const url = 'http://127.0.0.1:9/findings'
  if (textAt((await read('ada', office))?.body, 'clearinghouse', 'url') !== url)
    await step(deciders, 'ada', office, 'clearinghouse', { url }, 'nora')
  const found = async (further: object = {}) =>
    (await make('priya', '/findings', report({ agreement, ...further }))).id
  const [reported, handed, shared] = [await found(), await found(), await found({ kind: 'incident' })]
  await step(deciders, 'ada', `/findings/${handed}`, 'hand_off', { to: 'ofr' })
  await step(deciders, 'ada', `/findings/${shared}`, 'share', { organisation: 'ofr' })
  return { reported, handed, shared, raised: await raise(store, agreement) }
}

/** As the exporter does, of yesterday. */
async function raise(store: Store, id: string): Promise<string> {
  const [agreement, counterparty] = await store.get([keys.agreement(id), keys.organisation('cedar')])
  if (!agreement || !counterparty) throw new Error('there is no agreement with cedar')
  const day = new Date(Date.now() - dayMs).toISOString().slice(0, 10)
  const measures = {
    pattern: 'repetition',
    day,
    replies: 240,
    clients: 24,
    words: 9_000,
    threshold: 40,
  } as const
  const deps = { store, clock: systemClock, random: systemRandom, telemetry: quiet }
  await raisePattern(deps, {
    seen: { measures: { ...measures, matching: 120, percent: 50 }, clients: ['client_1'] },
    ...{
      agreement,
      counterparty,
      clause: { id: 'no-extraction-1' },
      digest: agreement.digest,
      model: modelId,
    },
  })
  const { keys: all } = await store.query({
    ...{
      index: indexes.byOwner,
      partition: 'halcyon',
      from: 'finding#',
      to: 'finding$',
      order: 'asc',
      limit: 9,
    },
  })
  const found = await store.get(all as readonly Key<Governed<Finding>>[])
  return found.find(one => one?.kind === 'pattern')?.id ?? ''
}
