/** Calls that a provider billed beyond their reservation, and the meters that they closed. */
import { keys } from '../shared/domain/keys.ts'
import { type Meter, reopen } from '../shared/domain/meter.ts'
import type { Model } from '../shared/domain/records.ts'
import { type Figure, figureOf, figures } from '../shared/domain/token-bounds.ts'
import type { Entry } from '../shared/entries/entry.ts'
import { outcomeId } from '../shared/entries/id.ts'
import { putEntry } from '../shared/entries/put.ts'
import { reopeningEntry } from '../shared/entries/reopening.ts'
import type { Condition, Store, Update } from '../shared/ports/store.ts'

export interface Overrun {
  readonly eid: string
  readonly charge: number
  readonly reserve: number
}

export interface Overruns {
  readonly model: Model
  readonly calls: readonly Overrun[]
  /** All that these calls closed. */
  readonly meters: readonly Meter[]
  readonly organisation: string | undefined
}

/**
 * What closed the meter `id`: its overruns, the other meters that they closed too, and what closed those in turn, as
 * far as it is of the same model. One bill closes every meter of its call, and one raise answers for all.
 * Throws where there is nothing of the kind.
 */
export async function readOverruns(store: Store, id: string): Promise<Overruns> {
  const first = await readClosed(store, id)
  const meters = new Map([[id, first]])
  const calls = new Map<string, Overrun>()
  let model: string | undefined
  let organisation: string | undefined
  for (const meter of meters.values())
    for (const eid of Object.keys(meter.overruns)) {
      if (calls.has(eid)) continue
      const outcome = await readOutcome(store, eid)
      model ??= outcome.model
      organisation ??= outcome.organisation
      if (outcome.model !== model) continue
      calls.set(eid, { eid, charge: outcome.charge, reserve: outcome.reserve })
      for (const other of await store.get(outcome.meters.map(keys.meter)))
        if (other?.closed === 'overrun' && eid in other.overruns)
          meters.set(other.id, meters.get(other.id) ?? other)
    }
  const [found] = await store.get([keys.model(model ?? '')])
  if (found === undefined) throw new Error(`there is no model ${model}.`)
  return { model: found, calls: [...calls.values()], meters: [...meters.values()], organisation }
}

/**
 * Raises the figures, takes the overruns off their meters and records it, all or nothing. A meter on which a call
 * of another model overran as well stays closed. Throws where something was changed since it was read.
 */
export async function reopenMeters(
  store: Store,
  { model, calls, meters, organisation }: Overruns,
  decision: {
    readonly raise: ReadonlyMap<Figure, number>
    readonly reason: string
    readonly operator: string
    readonly now: number
    readonly random: Uint8Array
  },
): Promise<{ readonly eid: string; readonly meters: readonly Meter[] }> {
  const { raise, ...told } = decision
  const raised = [...raise].map(([name, to]) => [name, { from: figureOf(model.tokens, name) ?? 0, to }])
  const lookedAt = calls.map(({ eid }) => eid)
  const named = reopeningEntry({
    ...told,
    meters: meters.map(({ id }) => id),
    model: model.id,
    ...(organisation && { organisation }),
    overruns: lookedAt,
    raised: Object.fromEntries(raised),
  })
  const done = await store.transact([
    raiseFigures(model, raise),
    ...meters.map(meter => reopen(meter, lookedAt)),
    putEntry(named),
  ])
  if (!done.ok) throw new Error('the model or a meter was changed meanwhile; look again.')
  const after = await store.get(meters.map(({ id }) => keys.meter(id)))
  return { eid: named.eid, meters: after.filter(meter => meter !== undefined) }
}

async function readClosed(store: Store, id: string): Promise<Meter> {
  const [meter] = await store.get([keys.meter(id)])
  if (meter === undefined) throw new Error(`there is no meter ${id}.`)
  if (meter.state === 'open') throw new Error(`the meter ${id} is open.`)
  if (meter.closed !== 'overrun')
    throw new Error(`the meter ${id} was not closed by a bill, but by a decision.`)
  return meter
}

async function readOutcome(store: Store, eid: string) {
  const [outcome, intent] = await store.get([keys.entry(outcomeId(eid)), keys.entry(eid)])
  if (outcome?.charge === undefined || intent === undefined)
    throw new Error(`the outcome of ${eid} is missing.`)
  const { ai_model, unmapped } = JSON.parse(outcome.body) as Body
  const { charge, organisation }: Entry = outcome
  return { charge, organisation, model: ai_model.uid, reserve: unmapped.reserve, meters: intent.meters ?? [] }
}

interface Body {
  readonly ai_model: { readonly uid: string }
  readonly unmapped: { readonly reserve: number }
}

/** Only on the figures that were seen. */
const raiseFigures = (model: Model, raise: ReadonlyMap<Figure, number>): Update<Model> => ({
  kind: 'update',
  key: keys.model(model.id),
  if: {
    and: [...raise.keys()].map((name): Condition => {
      const seen = figureOf(model.tokens, name)
      return seen === undefined ? { absent: figures[name] } : { eq: [figures[name], seen] }
    }),
  },
  change: { set: [...raise].map(([name, tokens]) => [figures[name], tokens]) },
})
