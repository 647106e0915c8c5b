/** What is kept of the log, handed over, or old enough to be deleted, made by the demo's people through the API. */
import { at, textAt } from '../../client/json.ts'
import { keys } from '../../shared/domain/keys.ts'
import { epochOfMonth } from '../../shared/domain/log-deletions.ts'
import { itemAbsent } from '../../shared/ports/store.ts'
import { because, type Deciding } from './governance.ts'
import type { World } from './world.ts'

/** Of a log that is older than any deployment of a test; each is deleted by one test at most. */
export const oldMonths = { asked: '2019-01', proposed: '2019-02', applied: '2019-03' } as const

const dayMs = 86_400_000

export const evidenceOfCedar = () => ({
  selection: {
    organisation: 'cedar',
    from: new Date(Date.now() - 2 * dayMs).toISOString(),
    to: new Date(Date.now() - 1_000).toISOString(),
  },
  statutes: ['18 U.S.C. 1030'],
  officer: 'Special Agent Doe',
  agency: 'FBI',
  purpose: 'An intrusion is investigated.',
})

/** Milliseconds; where nothing but a schedule starts the exporter, it is a minute. */
const patienceMs = 300_000

export async function makeEvidence(
  { store, ...world }: Pick<World, 'store' | 'export'>,
  { make, read }: Deciding,
) {
  for (const month of Object.values(oldMonths)) {
    const epoch = epochOfMonth(month) ?? 0
    const item = { epoch, slots: 4, commitment: '' }
    await store.write({ kind: 'put', key: keys.logEpoch(epoch), item, if: itemAbsent })
  }
  const { id: preservation } = await make('ada', '/preservations', { query: 'partner:cedar', ...because() })
  const asked = { ...evidenceOfCedar(), ...because() }
  const { id: evidence } = await make('ada', '/evidence', asked, { with: 'nora' })
  const until = Date.now() + patienceMs
  for (;;) {
    const { body } = (await read('ada', `/evidence/${evidence}`)) ?? {}
    const sha256 = textAt(body, 'export', 'sha256')
    if (sha256 !== undefined) return { preservation, evidence, sha256 }
    if (Date.now() > until) throw new Error(JSON.stringify(at(body, 'export')))
    await world.export()
    await new Promise(resolve => setTimeout(resolve, 250))
  }
}
