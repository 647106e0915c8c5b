import { keys } from '../../shared/domain/keys.ts'
import type { Standing } from '../../shared/domain/records.ts'
import type { Key, Store, TransactOp } from '../../shared/ports/store.ts'
import { agreementOf, clientOf, grantOf, modelId, partners, pool } from './records.ts'

/** The end of a history: everything that was stopped goes on, with room on every meter. */
export async function restore(store: Store): Promise<void> {
  const open = { holds: {}, compromised: {} } satisfies Standing
  const [standing] = await store.get([keys.standing])
  await store.transact([
    { kind: 'put', key: keys.standing, item: open },
    ...Object.keys(standing?.holds ?? {}).map(id => lifted(keys.hold(id))),
  ])
  const set = (key: Key, field: readonly [string], value: string | boolean | number): Promise<unknown> =>
    store.write({ kind: 'update', key, change: { set: [[field, value]] } })
  await set(keys.model(modelId), ['killed'], false)
  for (const partner of partners) {
    await set(keys.organisation(partner), ['partner'], 'active')
    await set(keys.organisation(partner), ['state'], 'active')
    await set(keys.client(clientOf(partner)), ['state'], 'active')
    await set(keys.agreement(agreementOf(partner)), ['state'], 'effective')
    await set(keys.agreement(agreementOf(partner)), ['consentedAt'], 1)
    await set(keys.grant(grantOf(partner)), ['state'], 'active')
  }
  const agreements = await store.get(partners.map(partner => keys.agreement(agreementOf(partner))))
  const pools = agreements.flatMap(agreement => agreement?.pool ?? [])
  for (const id of [...partners.map(grantOf), pool, ...pools]) {
    const [meter] = await store.get([keys.meter(id)])
    if (meter === undefined) throw new Error(`no meter ${id}`)
    const { perDay: _, ...limits } = meter.limits
    const more = 5_000_000
    await store.write({
      kind: 'update',
      key: keys.meter(id),
      change: {
        set: [
          [['state'], 'open'],
          [['overruns'], {}],
          [['limits'], { ...limits, total: limits.total + more, rpm: 6_000, burst: 30, streams: 12 }],
        ],
        add: [
          [['remaining'], more],
          [['rev'], 1],
        ],
        ...(meter.closed && { remove: [['closed']] }),
      },
    })
  }
}

const lifted = (key: Key): TransactOp => ({
  kind: 'update',
  key,
  change: { set: [[['state'], 'lifted']], add: [[['rev'], 1]] },
})
