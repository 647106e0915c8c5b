/**
 * Decisions about models: `model.*` of who-decides. Release, withdrawal and the kill switch are the developer's alone,
 * at once, and made on the model as it stands: nothing of anybody else's holds them up.
 */
import { hash } from 'node:crypto'
import canonicalize from 'canonicalize'
import { agreementStateAt } from '../../../shared/domain/agreement-step.ts'
import { type Governed, keys, listed } from '../../../shared/domain/keys.ts'
import { modelStateAt, modelStep } from '../../../shared/domain/model-step.ts'
import type { Action, Difference } from '../../../shared/domain/proposals.ts'
import { type Agreement, type Model, protocols } from '../../../shared/domain/records.ts'
import { Refusal, refuse, unknownRecord } from '../../../shared/domain/refusal.ts'
import { time } from '../../../shared/domain/time.ts'
import { itemAbsent } from '../../../shared/ports/store.ts'
import { asSeen, change } from '../engine/changes.ts'
import type { Definition } from '../engine/plan.ts'
import { judgeRole } from '../engine/signer.ts'
import { judgeCredentials } from './credentials.ts'
import { assess, determine } from './determination.ts'
import { end } from './end.ts'
import { ledgerPut } from './ledger.ts'
import { showTokens, type TokensWords, toTokens, toUpstreams, type UpstreamsWords } from './model-words.ts'
import { onWhateverStands, readModel, seeModel, stepped, subjectOf } from './read-model.ts'
import { share } from './share.ts'
import { closeWindow, offerWindow } from './window.ts'

/** Where a model is served is for the developer alone; the entry of a decision is read by whoever its subject names. */
const withoutAddresses = (params: Action['params']): Action['params'] =>
  Object.fromEntries(Object.entries(params).filter(([field]) => field !== 'upstreams'))

interface Engaged {
  readonly name: string
  readonly developer: string
  readonly government: string
  /** That it is engaged under. */
  readonly agreement: string
  readonly upstreams: UpstreamsWords
  readonly tokens: TokensWords
}

const engage: Definition = {
  async plan({ store }, { id, params }, { now, actor }) {
    const { name, developer, government, agreement, upstreams, tokens } = params as unknown as Engaged
    const model: Governed<Model> = {
      id,
      name,
      developer,
      governments: [government],
      agreement,
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
    const [taken, office, under] = await store.get([
      keys.model(id),
      keys.organisation(government),
      keys.agreement(agreement),
    ])
    if (taken) return refuse('record_exists', `There is a model ${id} already.`, { field: 'id' })
    if (office?.kind !== 'government')
      return refuse('body_malformed', `${government} is no government office here.`, { field: 'government' })
    const agreed = judgeEngagement(under, { model, agreement, government }, now)
    if (agreed instanceof Refusal) return agreed
    const foreign = await judgeCredentials(store, model)
    if (foreign) return foreign
    const text = `${name} is engaged by ${developer} with ${government}.`
    return {
      subject,
      difference: [
        { field: 'state', from: null, to: 'engaged' },
        { field: 'government', from: null, to: government },
        { field: 'agreement', from: null, to: agreement },
        { field: 'tokens', from: null, to: tokens },
        ...endpoints({}, model.upstreams),
      ],
      recorded: withoutAddresses(params),
      writes: ({ eid, by, ...at }) => [
        { kind: 'put', key: keys.model(id), item: model, if: itemAbsent },
        asSeen(keys.agreement(agreement), agreed),
        ledgerPut({ model, state: 'engaged', action: 'model.engage', eid, now: at.now, by, text }),
      ],
      told: { type: 'model.engaged', text },
    }
  },
}

/** Of another developer's agreement nobody learns whether there is one. */
function judgeEngagement(
  found: Governed<Agreement> | undefined,
  {
    model,
    agreement,
    government,
  }: { readonly model: Model; readonly agreement: string; readonly government: string },
  now: number,
): Governed<Agreement> | Refusal {
  const field = { field: 'agreement' }
  if (found === undefined || found.developer !== model.developer)
    return unknownRecord('agreement', agreement, field)
  const no = (what: string): Refusal =>
    refuse('agreement_not_effective', `The agreement ${agreement} ${what}.`, {
      ...field,
      next: 'Name an engagement agreement that is in force: sallyport agreement list',
    })
  if (found.kind !== 'engagement' || found.counterparty !== government)
    return no(`is no engagement with ${government}`)
  if (!found.models.includes(model.id)) return no(`does not name the model ${model.id}`)
  const state = agreementStateAt(found, now)
  if (state !== 'effective') return no(`is ${state.replaceAll('_', ' ')}`)
  return now < found.startsAt ? no(`begins at ${time(found.startsAt)}`) : found
}

const edit: Definition = {
  async plan({ store }, { id, params }, { actor, now }) {
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
    const state = modelStateAt(model, now)
    const text = `The developer of ${model.name} has changed: ${difference.map(({ field }) => field).join(', ')}.`
    return {
      subject: subjectOf(model),
      difference,
      recorded: withoutAddresses(params),
      writes: ({ eid, by, ...at }) => [
        change<Model>(keys.model(id), model, fields),
        ledgerPut({ model, now: at.now, eid, by, state, action: 'model.change', text }),
      ],
      told: { type: 'model.changed', text },
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

const open: Definition = {
  async plan({ store }, { id }, planning) {
    const seen = await seeModel(store, id, planning)
    if (seen instanceof Refusal) return seen
    const state = modelStep(seen.state, 'open', id)
    if (state instanceof Refusal) return state
    const text = `${seen.model.name} is open to trusted partners.`
    return {
      subject: seen.subject,
      difference: [{ field: 'state', from: seen.state, to: state }],
      // A window that is under way goes on by its grant until it ends.
      writes: carried => stepped(carried, seen, { state, action: 'model.open', text }),
      told: { type: 'model.opened', text },
    }
  },
}

const flip = (killed: boolean): Definition => ({
  async plan({ store }, { id }, planning) {
    const seen = await seeModel(store, id, planning)
    if (seen instanceof Refusal) return seen
    const { model, subject, state } = seen
    if (model.killed === killed)
      return refuse('state_forbids', `${model.name} is ${killed ? 'stopped already' : 'not stopped'}.`)
    const text = `${model.name} is ${killed ? 'stopped' : 'let go on'} by its developer.`
    return {
      subject,
      difference: [{ field: 'killed', from: model.killed, to: killed }],
      ...(killed && { stops: { model: id } }),
      writes: ({ now, eid, by }) => [
        onWhateverStands(
          change<Model>(keys.model(id), model, { killed }),
          killed ? planning.isLate : undefined,
        ),
        ledgerPut({ model, now, eid, by, state, action: killed ? 'model.kill' : 'model.resume', text }),
      ],
      told: { type: killed ? 'model.killed' : 'model.resumed', text },
    }
  },
})

export const modelActions = {
  'model.engage': engage,
  'model.change': edit,
  'model.assess': assess,
  'model.designate': determine('designated'),
  'model.not_designate': determine('not_designated'),
  'model.window': offerWindow,
  'model.close_window': closeWindow,
  'model.open': open,
  'model.share': share,
  'model.kill': flip(true),
  'model.resume': flip(false),
  'model.release': end('release', 'released'),
  'model.withdraw': end('withdraw', 'withdrawn'),
} satisfies Readonly<Record<string, Definition>>
