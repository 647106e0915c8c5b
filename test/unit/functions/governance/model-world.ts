/** The world of grants, with a model that is engaged with an office under an agreement, and clients of that office. */
import type { Answer } from '../../../../functions/api/operation.ts'
import type { Refusal } from '../../../../shared/domain/refusal.ts'
import { ceiling, day, grantWorld, limits, start } from './grant-world.ts'

export async function modelWorld() {
  const world = await grantWorld()
  await world.records.agreement({
    id: 'agreement_e',
    kind: 'engagement',
    counterparty: 'ofr',
    governments: ['ofr'],
    models: ['aurora'],
    endsAt: start + 100 * day,
    ceiling: { ...limits, total: 50_000 },
  })
  await world.records.model({ state: 'engaged', agreement: 'agreement_e' })
  for (const id of ['bench_1', 'bench_2'])
    await world.records.client({ id, organisation: 'ofr', state: 'enrolled' })
  return {
    ...world,
    act: (
      who: string,
      operation: string,
      body: object = {},
      { model = 'aurora', rev }: { readonly model?: string; readonly rev?: number } = {},
    ): Promise<Answer | Refusal> =>
      world.call(who, operation, { path: { model }, body, ...(rev !== undefined && { rev }) }),
    /** What the API shows of it. */
    shown: async (who = 'dana'): Promise<Record<string, unknown>> => {
      const answer = await world.call(who, 'getModel', { path: { model: 'aurora' } })
      return (answer as { body: Record<string, unknown> }).body
    },
    ledger: async (who = 'dana', query: object = {}): Promise<readonly Record<string, unknown>[]> => {
      const answer = await world.call(who, 'listModelLedger', { path: { model: 'aurora' }, query })
      return ((answer as { body?: { items: readonly Record<string, unknown>[] } }).body?.items ??
        []) as readonly Record<string, unknown>[]
    },
  }
}

export type ModelWorld = Awaited<ReturnType<typeof modelWorld>>

/** Within the agreement. */
export const windowLimits = { ...ceiling, total: 20_000 }
