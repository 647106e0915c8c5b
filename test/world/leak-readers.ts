/** Ten people of three organisations who have the same records of the log, each their own copy of them. */
import { setTimeout as wait } from 'node:timers/promises'
import { unzipSync } from 'fflate'
import { createPersonGateway, type PersonGateway } from '../../client/index.ts'
import { at, textAt } from '../../client/json.ts'
import { madeUpCalls, putCalls } from '../../scripts/bench/watermark/leak-log.ts'
import { people, subjectOf } from '../../scripts/demo/people.ts'
import { modelId } from '../../scripts/demo/story.ts'
import type { BundleRecord } from '../../shared/bundle/records.ts'
import { randomId } from '../../shared/domain/id.ts'
import { keys, listed } from '../../shared/domain/keys.ts'
import { identityHash } from '../../shared/oauth/identity.ts'
import { countersign } from './countersign.ts'
import { signIn, startSession } from './governance.ts'
import type { World } from './world.ts'

/** In the order in which their copies are asked for. */
const ofTheDemo = ['ada', 'boris', 'carla', 'ida', 'priya', 'sam']
/** Whom the demo's provider knows beside, and nobody has enrolled. */
const enrolled = [
  { login: 'mira', organisation: 'halcyon', roles: ['counsel'] },
  { login: 'olaf', organisation: 'halcyon', roles: ['counsel'] },
  { login: 'pia', organisation: 'ledger', roles: ['auditor'] },
  { login: 'cato', organisation: 'ledger', roles: ['auditor'] },
] as const

export interface Copy {
  /** As the records call them. */
  readonly name: string
  readonly records: readonly BundleRecord[]
}

/** Calls of cedar that nobody made, in the tree. */
export async function callsOfCedar(world: World, count: number): Promise<ReadonlySet<string>> {
  const calls = madeUpCalls({
    seed: 'leaks',
    count,
    from: Date.now() - count * 13_000 - 60_000,
    ...{ organisation: 'cedar', model: modelId, developer: 'halcyon' },
  })
  await putCalls(world.store, calls)
  const eids = calls.map(({ eid }) => eid)
  for (let left = eids; left.length > 0; ) {
    const found = await world.store.get(left.slice(0, 100).map(keys.entry))
    const placed = new Set(left.filter((_, n) => found[n]?.i !== undefined))
    left = left.filter(eid => !placed.has(eid))
    if (placed.size === 0) await wait(200)
  }
  return new Set(eids)
}

/** Of those records, everybody's. Where requests take long, of the people of the demo alone. */
export async function copiesOf(world: World, eids: ReadonlySet<string>): Promise<readonly Copy[]> {
  const gateways = await Promise.all([
    ...ofTheDemo.map(async login => ({
      name: people.find(one => one.login === login)?.name ?? login,
      gateway: await signIn(world, login),
    })),
    ...(world.live ? enrolled : []).map(async one => ({ name: one.login, gateway: await enrol(world, one) })),
  ])
  const asked: { readonly name: string; readonly gateway: PersonGateway; readonly id: string }[] = []
  for (const { name, gateway } of gateways) {
    const { status, body } = await gateway.post('/exports', {
      q: 'partner:cedar type:access',
      purpose: 'A copy',
    })
    if (status !== 201) throw new Error(`${name} has no export: ${JSON.stringify(body)}`)
    asked.push({ name, gateway, id: textAt(body, 'id') ?? '' })
  }
  const copies: Copy[] = []
  for (const { name, gateway, id } of asked)
    copies.push({ name, records: await fetched(world, gateway, id, eids) })
  return copies
}

async function fetched(
  world: World,
  gateway: PersonGateway,
  id: string,
  eids: ReadonlySet<string>,
): Promise<readonly BundleRecord[]> {
  for (;;) {
    const { body } = await gateway.get(`/exports/${id}`)
    const state = textAt(body, 'state')
    if (state === 'done') break
    if (state === 'failed') throw new Error(JSON.stringify(at(body, 'failure')))
    await world.export()
    await wait(200)
  }
  await countersign(gateway, id)
  const response = await gateway.fetch(`${gateway.issuer}/api/v1/exports/${id}/content`)
  if (response.status !== 200) throw new Error(`the file of ${id}: ${await response.text()}`)
  const { 'records.jsonl': records } = unzipSync(new Uint8Array(await response.arrayBuffer()))
  return new TextDecoder()
    .decode(records)
    .split('\n')
    .slice(0, -1)
    .map(line => JSON.parse(line) as BundleRecord)
    .filter(({ eid }) => eids.has(eid))
}

async function enrol(
  world: World,
  { login, organisation, roles }: (typeof enrolled)[number],
): Promise<PersonGateway> {
  const { store } = world
  const [somebody] = await store.get([keys.person(await idOfAda(world))])
  if (somebody === undefined) throw new Error('nobody is enrolled')
  const id = randomId('person', new TextEncoder().encode(login.padEnd(16)))
  const subject = subjectOf(login)
  const person = {
    ...somebody,
    ...listed('person', organisation, id),
    id,
    name: login,
    organisation,
    subject,
    roles,
  }
  await store.write({ kind: 'put', key: keys.person(id), item: person })
  await store.write({
    kind: 'put',
    key: keys.identity(identityHash(somebody.issuer, subject)),
    item: { person: id },
  })
  const { issuer } = world
  return createPersonGateway({ issuer, session: await startSession({ issuer, login, organisation }) })
}

async function idOfAda(world: World): Promise<string> {
  const { body } = await (await signIn(world, 'ada')).get('/me')
  return textAt(body, 'person', 'id') ?? textAt(body, 'id') ?? ''
}
