/**
 * After a restore of the registry: `npm run replay-decisions -- --suspend` before it is served, then `-- --from <time>`.
 * docs/operate.md has the whole procedure.
 */
import { parseArgs } from 'node:util'
import type { GovernanceDeps } from '../functions/governance/engine/plan.ts'
import { lineTelemetry, systemClock, systemRandom } from '../shared/adapters/world.ts'
import { Refusal } from '../shared/domain/refusal.ts'
import { time } from '../shared/domain/time.ts'
import type { Table } from '../shared/ports/store.ts'
import { openDeployment, stackOption } from './deployment.ts'
import type { Lost } from './lost-decisions.ts'
import { type Replayed, replay } from './replays.ts'
import { beginRestoring, endRestoring } from './restoring.ts'

interface Asked {
  readonly stack: string | undefined
  /** Restored tables that do not serve yet. */
  readonly restored: Partial<Record<Table, string>>
  /** Milliseconds; absent: it is only begun. */
  readonly from: number | undefined
  readonly keep: boolean
  readonly dryRun: boolean
}

const usage = `npm run replay-decisions -- --suspend
npm run replay-decisions -- --from <time> [--keep | --dry-run]

After the registry was restored from a copy: what was decided since is applied again.
  --suspend         admit no workload from now on, before a restored table is served
  --from            the moment it was restored to, for instance 2026-11-30T09:15:00Z
  --dry-run         show what would be applied again, and change nothing
  --keep            admit no workload afterwards either, until it is run again
  --stack           a deployed stack; else the folder of SALLYPORT_DATA
  --registry-table  of a stack: the restored table, where it does not serve yet
  --entries-table   the same, of the entries`

async function main(args: readonly string[]): Promise<void> {
  if (args.includes('--help')) return console.log(usage)
  const asked = readArguments(args)
  const deployment = await openDeployment(asked.stack, asked.restored)
  try {
    const deps = {
      store: deployment.store,
      clock: systemClock,
      random: systemRandom,
      telemetry: lineTelemetry(systemClock),
    }
    await run(asked, deps, await deployment.operator())
  } finally {
    deployment.close()
  }
}

async function run({ from, keep, dryRun }: Asked, deps: GovernanceDeps, operator: string): Promise<void> {
  if (from !== undefined && dryRun) return tell(await replay(deps, { from, operator, dryRun }), dryRun)
  const { restoring, goesOn } = allowed(await beginRestoring(deps, operator))
  console.log(`No workload is admitted${goesOn ? `, since ${time(restoring.since)}` : ' from now on'}.`)
  if (from === undefined) return
  if (from > restoring.since)
    throw new Error(`--from is a moment before ${time(restoring.since)}, when this restore was begun.`)
  const replayed = await replay(deps, { from, operator, dryRun })
  tell(replayed, dryRun)
  if (replayed.failed.length > 0)
    throw new Error(
      'look first at what could not be applied. No workload is admitted until this is run again.',
    )
  if (keep) return console.log('No workload is admitted until this is run again without --keep.')
  allowed(await endRestoring(deps, operator, restoring))
  console.log('Workloads are admitted again.')
}

function readArguments(args: readonly string[]): Asked {
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...stackOption,
      'registry-table': { type: 'string' },
      'entries-table': { type: 'string' },
      from: { type: 'string' },
      suspend: { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
      'dry-run': { type: 'boolean', default: false },
    },
  })
  const { stack, suspend, keep, 'dry-run': dryRun } = values
  const { 'registry-table': registry, 'entries-table': entries } = values
  const from = values.from === undefined ? undefined : readTime(values.from)
  if (suspend && (from !== undefined || keep || dryRun))
    throw new Error('--suspend stands alone: it only begins, before a restored table is served.')
  if (from === undefined && !suspend)
    throw new Error('--from is the moment that the registry was restored to, as 2026-11-30T09:15:00Z.')
  if (keep && dryRun) throw new Error('--dry-run shows what --from would do, and nothing else.')
  if (stack === undefined && (registry !== undefined || entries !== undefined))
    throw new Error('--registry-table and --entries-table are of a stack: --stack names it.')
  return {
    stack,
    restored: { ...(registry && { registry }), ...(entries && { entries }) },
    from,
    keep,
    dryRun,
  }
}

/** RFC 3339 with its offset: a local time would be another moment. */
function readTime(text: string): number {
  const at = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(text) ? Date.parse(text) : NaN
  if (Number.isNaN(at)) throw new Error(`--from ${text}: write it as 2026-11-30T09:15:00Z.`)
  return at
}

function tell(replayed: Replayed, dryRun: boolean): void {
  for (const line of describe(replayed, dryRun)) console.log(printable(line))
  for (const { lost, why } of replayed.failed) console.error(printable(`Not applied: ${named(lost)}: ${why}`))
}

function describe({ applied, needless, forPeople }: Replayed, dryRun: boolean): readonly string[] {
  const done = dryRun ? 'Would be applied again' : 'Applied again'
  return [
    ...applied.map(lost => `${done}: ${named(lost)}`),
    ...needless.map(({ lost, why }) => `Nothing to do: ${named(lost)}: ${why}`),
    ...forPeople.map(lost => `For people to decide again: ${named(lost)}`),
    `${applied.length} applied again, ${needless.length} with nothing to do, ${forPeople.length} for people.`,
  ]
}

/** Others chose the names: none of them moves the cursor of whoever reads this. */
const printable = (line: string): string => line.replace(/\p{C}/gu, '�')

const named = ({ eid, at, decision }: Lost): string => {
  const { step, action, subject, by } = decision
  const done = step === 'applied' ? '' : ` ${step}`
  return `${time(at)} ${action}${done} ${subject.kind} ${subject.id}${by ? ` by ${by.name}` : ''} (${eid})`
}

function allowed<T>(answer: T | Refusal): T {
  if (answer instanceof Refusal) throw new Error(`${answer.code}: ${answer.facts.detail}`)
  return answer
}

main(process.argv.slice(2)).catch((error: Error) => {
  console.error(`Stopped: ${error.message}`)
  process.exitCode = 1
})
