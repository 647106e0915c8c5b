/**
 * Decisions about models: `model.*` of who-decides. Release, withdrawal and the kill switch are the developer's alone,
 * at once, and made on the model as it stands: nothing of anybody else's holds them up.
 */
import { hash } from 'node:crypto'
import canonicalize from 'canonicalize'
import { type Governed, indexes, keys, listed } from '../../../shared/domain/keys.ts'
import { type ModelEvent, modelStep } from '../../../shared/domain/model-step.ts'
import type { Organisation } from '../../../shared/domain/parties.ts'
import type { Action, Difference, Subject } from '../../../shared/domain/proposals.ts'
import { type Model, protocols } from '../../../shared/domain/records.ts'
import { Refusal, refuse, unknownRecord } from '../../../shared/domain/refusal.ts'
import { itemAbsent, type Store } from '../../../shared/ports/store.ts'
import { pages } from '../../pages.ts'
import { change } from '../engine/changes.ts'
import type { Actor, Definition, Plan } from '../engine/plan.ts'
import { judgeSight } from '../engine/sight.ts'
import { judgeRole } from '../engine/signer.ts'
import { modelSubject } from '../engine/subjects.ts'
import { endingText, endingWrites, readEnding, toldOfEnding } from './model-end.ts'
import { showTokens, type TokensWords, toTokens, toUpstreams, type UpstreamsWords } from './model-words.ts'

/** What does not show itself to `actor` is not there for them. */
export async function readModel(store: Store, id: string, actor?: Actor): Promise<Governed<Model> | Refusal> {
  const [model] = await store.get([keys.model(id)])
  if (model === undefined) return unknownRecord('model', id)
  return (actor && judgeSight(actor, subjectOf(model))) ?? model
}

export const subjectOf = (model: Governed<Model>): Subject => modelSubject(model, model.governments ?? [])

/** Where a model is served is for the developer alone; the entry of a decision is read by whoever its subject names. */
const withoutAddresses = (params: Action['params']): Action['params'] =>
  Object.fromEntries(Object.entries(params).filter(([field]) => field !== 'upstreams'))

interface Engaged {
  readonly name: string
  readonly developer: string
  readonly government: string
  readonly upstreams: UpstreamsWords
  readonly tokens: TokensWords
}

const engage: Definition = {
  async plan({ store }, { id, params }, { now, actor }) {
    const { name, developer, government, upstreams, tokens } = params as unknown as Engaged
    const model: Governed<Model> = {
      id,
      name,
      developer,
      governments: [government],
      state: 'engaged',
      killed: false,
      createdAt: now,
      upstreams: toUpstreams(upstreams),
      tokens: toTokens(tokens),
      rev: 1,
      ...listed('model', developer, id),
    }
    const subject = { ...subjectOf(model), rev: 0 }
    const role = actor && judgeRole('model.engage', actor, subject)
    if (role instanceof Refusal) return role
    const [taken, office] = await store.get([keys.model(id), keys.organisation(government)])
    if (taken) return refuse('record_exists', `There is a model ${id} already.`, { field: 'id' })
    if (office?.kind !== 'government')
      return refuse('body_malformed', `${government} is no government office here.`, { field: 'government' })
    const foreign = await judgeCredentials(store, model)
    if (foreign) return foreign
    return {
      subject,
      difference: [
        { field: 'state', from: null, to: 'engaged' },
        { field: 'government', from: null, to: government },
        { field: 'tokens', from: null, to: tokens },
        ...endpoints({}, model.upstreams),
      ],
      recorded: withoutAddresses(params),
      writes: () => [{ kind: 'put', key: keys.model(id), item: model, if: itemAbsent }],
      told: { type: 'model.engaged', text: `${name} is engaged by ${developer} with ${government}.` },
    }
  },
}

const edit: Definition = {
  async plan({ store }, { id, params }, { actor }) {
    const given = params as {
      readonly name?: string
      readonly upstreams?: UpstreamsWords
      readonly tokens?: TokensWords
    }
    const model = await readModel(store, id, actor)
    if (model instanceof Refusal) return model
    const role = actor && judgeRole('model.change', actor, subjectOf(model))
    if (role instanceof Refusal) return role
    const fields: Partial<Pick<Model, 'name' | 'upstreams' | 'tokens'>> = {
      ...(given.name !== undefined && { name: given.name }),
      ...(given.upstreams && { upstreams: toUpstreams(given.upstreams) }),
      ...(given.tokens && { tokens: toTokens(given.tokens) }),
    }
    const after = { ...model, ...fields }
    const difference = [
      ...(after.name === model.name ? [] : [{ field: 'name', from: model.name, to: after.name }]),
      ...(same(after.tokens, model.tokens)
        ? []
        : [{ field: 'tokens', from: showTokens(model.tokens), to: showTokens(after.tokens) }]),
      ...endpoints(model.upstreams, after.upstreams),
    ]
    if (difference.length === 0) return refuse('state_forbids', 'It is so already: nothing would change.')
    const foreign = await judgeCredentials(store, after)
    if (foreign) return foreign
    return {
      subject: subjectOf(model),
      difference,
      recorded: withoutAddresses(params),
      writes: () => [change<Model>(keys.model(id), model, fields)],
      told: {
        type: 'model.changed',
        text: `The developer of ${model.name} has changed: ${difference.map(({ field }) => field).join(', ')}.`,
      },
    }
  },
}

/** By digest: a difference stands in entries, and an address is for the developer alone. */
const endpoints = (before: Model['upstreams'], after: Model['upstreams']): readonly Difference[] =>
  protocols.flatMap(protocol => {
    const [from, to] = [digest(before[protocol]), digest(after[protocol])]
    return from === to ? [] : [{ field: `upstreams.${protocol}`, from, to }]
  })

const digest = (value: object | undefined): string | null =>
  value === undefined ? null : `sha256:${hash('sha256', canonicalize(value) ?? '', 'base64url')}`

const same = (one: object, other: object): boolean => canonicalize(one) === canonicalize(other)

/**
 * A credential goes to the address that stands beside its name. Whoever could name another developer's would have it
 * sent to an address of their own: one that stands in no record, because it is new or was replaced, is known by its
 * prefix alone. Where there is one developer, every name is theirs.
 */
async function judgeCredentials(store: Store, model: Model): Promise<Refusal | undefined> {
  const { developer, upstreams } = model
  const names = protocols.flatMap(protocol => upstreams[protocol]?.credential ?? [])
  const foreign = (name: string): Refusal =>
    refuse('record_unknown', `There is no credential ${name} for you.`, { field: 'upstreams' })
  const apart = names.find(name => name.includes('/') && !name.startsWith(`${developer}/`))
  if (apart !== undefined) return foreign(apart)
  const own = new Set<string>()
  for await (const batch of pages<Model>(store, { index: indexes.byRecord, partition: 'model' }))
    for (const other of await store.get(batch)) {
      if (other === undefined) continue
      const taken = protocols.flatMap(protocol => other.upstreams[protocol]?.credential ?? [])
      if (other.developer === developer) for (const one of taken) own.add(one)
      const name = other.developer === developer ? undefined : names.find(one => taken.includes(one))
      if (name !== undefined) return foreign(name)
    }
  const fresh = names.find(name => !name.includes('/') && !own.has(name))
  return fresh !== undefined && (await hasOtherDevelopers(store, developer)) ? foreign(fresh) : undefined
}

async function hasOtherDevelopers(store: Store, developer: string): Promise<boolean> {
  const range = { index: indexes.byRecord, partition: 'organisation' }
  for await (const batch of pages<Organisation>(store, range))
    for (const one of await store.get(batch))
      if (one?.kind === 'developer' && one.id !== developer) return true
  return false
}

/** A step of the machine that changes nothing else. */
const step = (event: Extract<ModelEvent, 'designate' | 'open'>, type: string, text: string): Definition => ({
  async plan({ store }, { id }, { actor }) {
    const model = await readModel(store, id, actor)
    if (model instanceof Refusal) return model
    const state = modelStep(model.state, event)
    if (state instanceof Refusal) return state
    return {
      subject: subjectOf(model),
      difference: [{ field: 'state', from: model.state, to: state }],
      writes: () => [change<Model>(keys.model(id), model, { state })],
      told: { type, text: `${model.name} ${text}.` },
    }
  },
})

const end = (event: 'release' | 'withdraw', done: 'released' | 'withdrawn'): Definition => ({
  async plan({ store }, { id }, { actor }): Promise<Plan | Refusal> {
    const model = await readModel(store, id, actor)
    if (model instanceof Refusal) return model
    const state = modelStep(model.state, event)
    if (state instanceof Refusal) return state
    const ending = await readEnding(store, model)
    const { holds, grants } = ending
    return {
      subject: subjectOf(model),
      difference: [
        { field: 'state', from: model.state, to: state },
        ...(holds.length > 0 ? [{ field: 'holds', from: holds.map(one => one.id), to: [] }] : []),
        ...(grants.length > 0
          ? [{ field: 'suspended_grants', from: grants.map(({ grant }) => grant.id), to: [] }]
          : []),
      ],
      ...(done === 'withdrawn' && { stops: { model: id } }),
      writes: ({ now, by, reason }) => [
        change<Model>(keys.model(id), model, { state }),
        ...endingWrites(ending, { at: now, by, reason }),
      ],
      told: {
        type: `model.${done}`,
        text: `${model.name} is ${done} by its developer. ${endingText(ending)}`,
      },
      tells: toldOfEnding(ending),
    }
  },
})

const flip = (killed: boolean): Definition => ({
  async plan({ store }, { id }, { actor }) {
    const model = await readModel(store, id, actor)
    if (model instanceof Refusal) return model
    if (model.killed === killed)
      return refuse('state_forbids', `${model.name} is ${killed ? 'stopped already' : 'not stopped'}.`)
    return {
      subject: subjectOf(model),
      difference: [{ field: 'killed', from: model.killed, to: killed }],
      ...(killed && { stops: { model: id } }),
      writes: () => [change<Model>(keys.model(id), model, { killed })],
      told: {
        type: killed ? 'model.killed' : 'model.resumed',
        text: `${model.name} is ${killed ? 'stopped' : 'let go on'} by its developer.`,
      },
    }
  },
})

export const modelActions = {
  'model.engage': engage,
  'model.change': edit,
  'model.designate': step('designate', 'model.designated', 'is designated a covered frontier model'),
  'model.open': step('open', 'model.opened', 'is open to trusted partners'),
  'model.kill': flip(true),
  'model.resume': flip(false),
  'model.release': end('release', 'released'),
  'model.withdraw': end('withdraw', 'withdrawn'),
} satisfies Readonly<Record<string, Definition>>
