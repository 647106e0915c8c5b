/**
 * `grant.activate`: somebody asks for a grant, and developer and government decide on it together. While it waits it
 * stands as `requested`; the last signature makes it active, with its meter, in one transaction.
 */
import { agreementStateAt } from '../../../shared/domain/agreement-step.ts'
import { type Governed, indexes, keys, listed } from '../../../shared/domain/keys.ts'
import { grantStep } from '../../../shared/domain/machines.ts'
import { freshMeter } from '../../../shared/domain/meter.ts'
import { isDevelopersAlone } from '../../../shared/domain/model-step.ts'
import { type Organisation, type Role, standingText } from '../../../shared/domain/parties.ts'
import type { Proposal } from '../../../shared/domain/proposals.ts'
import type { Agreement, Grant, Model } from '../../../shared/domain/records.ts'
import { Refusal, refuse } from '../../../shared/domain/refusal.ts'
import { time } from '../../../shared/domain/time.ts'
import { itemAbsent, type Store, type TransactOp } from '../../../shared/ports/store.ts'
import { pages } from '../../pages.ts'
import { readAgreement } from '../agreements/read-agreement.ts'
import { asSeen, change } from '../engine/changes.ts'
import type { Definition, Plan, Planning, Unwound } from '../engine/plan.ts'
import { judgeRole } from '../engine/signer.ts'
import { grantSubject } from '../engine/subjects.ts'
import { judgeCeiling } from './ceiling.ts'
import { type LimitsWords, showLimits, toLimits } from './limits-words.ts'

/** What is asked for, in the words of the API. Times are RFC 3339. */
export interface GrantWords {
  readonly organisation: string
  readonly model: string
  readonly agreement: string
  readonly limits: LimitsWords
  /** Absent: once it is decided. */
  readonly starts_at?: string | undefined
  readonly expires_at: string
  /** Meters that other grants are charged to as well. */
  readonly pools?: readonly string[] | undefined
}

interface Parties {
  readonly agreement: Governed<Agreement>
  readonly organisation: Governed<Organisation>
  readonly model: Governed<Model>
}

export const activate: Definition = {
  async plan({ store }, { id, params }, planning): Promise<Plan | Refusal> {
    const asked = params as unknown as GrantWords
    const limits = toLimits(asked.limits)
    const parties = await readParties(store, asked, planning)
    if (parties instanceof Refusal) return parties
    const { agreement, model, organisation } = parties
    const role = judgeAsking(id, parties, planning)
    if (role instanceof Refusal) return role
    const existing = await readRequest(store, id, planning)
    if (existing instanceof Refusal) return existing
    const refused =
      judgeParties(parties, planning.now) ??
      judgeCeiling(limits, agreement) ??
      (await judgePools(store, asked.pools, model))
    if (refused) return refused
    const term = termOf(asked, agreement, planning.now)
    if (term instanceof Refusal) return term

    const own = id.replace(/^grant_/, 'meter_')
    const grant: Grant = {
      id,
      organisation: asked.organisation,
      model: asked.model,
      agreement: asked.agreement,
      state: 'requested',
      ...term,
      meters: [own, ...(agreement.pool === undefined ? [] : [agreement.pool]), ...(asked.pools ?? [])].sort(),
    }
    const subject = grantSubject({ ...governed(grant), rev: existing?.rev ?? 0 }, model, organisation)
    return {
      subject,
      difference: [
        // Also where it is asked for at this moment: that is what the last signature finds.
        { field: 'state', from: 'requested', to: 'active' },
        { field: 'limits', from: null, to: showLimits(limits) },
        ...(asked.starts_at === undefined ? [] : [{ field: 'starts_at', from: null, to: asked.starts_at }]),
        { field: 'expires_at', from: null, to: asked.expires_at },
        ...(asked.pools?.length ? [{ field: 'pools', from: null, to: asked.pools }] : []),
      ],
      asked: { rev: (existing?.rev ?? 0) + 1, writes: () => [written(grant, existing)] },
      writes: ({ now }) => [
        written({ ...grant, state: 'active' }, existing),
        { kind: 'put', key: keys.meter(own), item: freshMeter(own, limits, now), if: itemAbsent },
        asSeen(keys.agreement(agreement.id), agreement),
        {
          kind: 'update',
          key: keys.organisation(organisation.id),
          if: { eq: [['rev'], organisation.rev] },
          change: { add: [[['granted'], 1]] },
        },
      ],
      ...(existing && { unwind: end => [unwound(existing, end)] }),
      ...(isDevelopersAlone(model) && { rule: 'grant.activate_released' as const }),
      told: { type: 'grant.activated', text: `${subject.name} is granted: ${limits.total} tokens.` },
    }
  },
  /** What it rests on is gone: the request is over all the same. */
  async unwind({ store }, { id }) {
    const [waiting] = await store.get([keys.grant(id)])
    return waiting?.state === 'requested' ? end => [unwound(waiting, end)] : undefined
  },
}

/** Whoever could not ask for it anyway is not told first what else is wrong, and what would not help. */
function judgeAsking(
  id: string,
  { model, organisation }: Parties,
  { actor }: Planning,
): Role | Refusal | undefined {
  const asked = { id, rev: 0, organisation: organisation.id }
  if (actor === undefined) return undefined
  const role = judgeRole('grant.activate', actor, grantSubject(asked, model, organisation))
  if (!(role instanceof Refusal) || actor.organisation.id !== organisation.id) return role
  return refuse(role.code, role.facts.detail, {
    next: 'Your partner-admin may ask; see who that is: sallyport person list',
  })
}

const governed = (grant: Grant): Governed<Grant> => ({
  ...grant,
  rev: 1,
  ...listed('grant', grant.organisation, grant.id),
})

function written(grant: Grant, existing: Governed<Grant> | undefined): TransactOp {
  const key = keys.grant(grant.id)
  if (existing === undefined) return { kind: 'put', key, item: governed(grant), if: itemAbsent }
  const { state, startsAt, expiresAt, meters } = grant
  return change<Grant>(key, existing, { state, startsAt, expiresAt, meters })
}

function unwound(existing: Governed<Grant>, ended: Unwound): TransactOp {
  const state = grantStep(existing.state, ended.how === 'timed_out' ? 'time_out' : 'decline')
  if (state instanceof Refusal) throw new Error(`a grant that is ${existing.state} waits for nobody`)
  return change<Grant>(keys.grant(existing.id), existing, { state, ended })
}

/** The agreement tells who takes part: whoever sees it knows both, and nobody else learns whether there are such. */
async function readParties(store: Store, asked: GrantWords, { actor }: Planning): Promise<Parties | Refusal> {
  const seen = await readAgreement(store, asked.agreement, actor, 'agreement')
  if (seen instanceof Refusal) return seen
  const { agreement, counterparty: organisation } = seen
  if (agreement.counterparty !== asked.organisation)
    return refuse(
      'agreement_not_effective',
      `The agreement ${agreement.id} is not with ${asked.organisation}.`,
      {
        field: 'organisation',
      },
    )
  const [model] = agreement.models.includes(asked.model) ? await store.get([keys.model(asked.model)]) : []
  if (model === undefined)
    return refuse('agreement_not_effective', `The agreement ${agreement.id} does not cover ${asked.model}.`, {
      field: 'model',
    })
  return { agreement, organisation, model }
}

/**
 * The record while it waits. Whoever asks anew finds one that is alive, or takes over one whose proposal has come to
 * its end without it. Whoever decides (no `actor`) finds it requested.
 */
async function readRequest(
  store: Store,
  id: string,
  { actor }: Planning,
): Promise<Governed<Grant> | undefined | Refusal> {
  const [existing] = await store.get([keys.grant(id)])
  if (existing === undefined)
    return actor ? undefined : refuse('record_unknown', `The request ${id} is no longer there.`)
  if (actor && existing.state !== 'requested')
    return refuse('record_exists', `The grant ${id} is ${existing.state}.`, {
      next:
        actor.organisation.kind === 'developer'
          ? `Look at it, and change its quota instead: sallyport grant get ${id}`
          : `Look at it: sallyport grant get ${id}. Its quota is the developer’s to change: ask them`,
    })
  if (actor) {
    const open = await openProposal(store, existing)
    if (open === undefined) return existing
    return refuse('record_exists', `It is asked for already: ${open}.`, {
      next: `See whom it waits on: sallyport proposal get ${open}`,
    })
  }
  const approved = grantStep(existing.state, 'approve')
  return approved instanceof Refusal ? approved : existing
}

async function openProposal(store: Store, { id, organisation }: Grant): Promise<string | undefined> {
  const range = { index: indexes.byOwner, partition: organisation, from: 'proposal#', to: 'proposal$' }
  for await (const batch of pages<Proposal>(store, range))
    for (const one of await store.get(batch))
      if (one?.state === 'open' && one.action.name === 'grant.activate' && one.action.id === id) return one.id
  return undefined
}

function judgeParties({ agreement, organisation, model }: Parties, now: number): Refusal | undefined {
  // For named clients, and for 30 days at most.
  if (agreement.kind === 'engagement')
    return refuse(
      'agreement_not_effective',
      `Under the engagement ${agreement.id} its developer offers the office a window, and no grant beside it.`,
      { field: 'agreement', next: `Offer one: sallyport model window ${model.id}` },
    )
  const state = agreementStateAt(agreement, now)
  if (state !== 'effective')
    return refuse('agreement_not_effective', `The agreement ${agreement.id} is ${state}.`, {
      field: 'agreement',
    })
  if (model.state === 'withdrawn') return refuse('model_withdrawn', `${model.name} was withdrawn.`)
  if (organisation.state !== 'active')
    return refuse('organisation_suspended', `${organisation.name} is ${organisation.state}.`)
  if (organisation.kind !== 'partner') return undefined
  if (['selected', 'active', 'reinstated'].includes(organisation.partner)) return undefined
  const is = standingText(organisation)
  if (organisation.partner === 'suspended') return refuse('partner_suspended', is)
  if (organisation.partner === 'nominated' || organisation.partner === 'vetting')
    return refuse('state_forbids', `${is} Once it is selected, it can be granted.`)
  return refuse('partner_revoked', is)
}

function termOf(
  { starts_at, expires_at }: GrantWords,
  agreement: Agreement,
  now: number,
): Pick<Grant, 'startsAt' | 'expiresAt'> | Refusal {
  const startsAt = starts_at === undefined ? Math.max(now, agreement.startsAt) : Date.parse(starts_at)
  const expiresAt = Date.parse(expires_at)
  if (expiresAt <= startsAt || expiresAt <= now)
    return refuse('body_malformed', 'It ends after it starts, and not before now.', { field: 'expires_at' })
  if (startsAt < agreement.startsAt)
    return refuse('ceiling_exceeded', `The agreement starts at ${time(agreement.startsAt)}.`, {
      field: 'starts_at',
    })
  if (expiresAt > agreement.endsAt)
    return refuse('ceiling_exceeded', `The agreement ends at ${time(agreement.endsAt)}.`, {
      field: 'expires_at',
    })
  return { startsAt, expiresAt }
}

/** A budget is shared among grants of one developer's models: nobody is charged for another's calls. */
async function judgePools(
  store: Store,
  pools: readonly string[] = [],
  model: Model,
): Promise<Refusal | undefined> {
  if (pools.length === 0) return undefined
  const wrong = (pool: string): Refusal =>
    refuse('record_unknown', `There is no pool ${pool} for this model.`, { field: 'pools' })
  const meters = await store.get(pools.map(keys.meter))
  const alone = pools.find((pool, i) => meters[i]?.shared !== 'pool' || pools.indexOf(pool) !== i)
  if (alone !== undefined) return wrong(alone)
  for await (const batch of pages<Grant>(store, { index: indexes.byRecord, partition: 'grant' }))
    for (const grant of await store.get(batch)) {
      const pool = pools.find(one => grant?.meters.includes(one))
      if (grant === undefined || pool === undefined) continue
      const [charged] = await store.get([keys.model(grant.model)])
      if (charged?.developer !== model.developer) return wrong(pool)
    }
  return undefined
}
