/**
 * After a restore of the registry, with the gate closed: `npm run replay-decisions -- --suspend`, then `-- --from <time>`,
 * then `-- --from <time> --lift`. docs/operate.md has the whole procedure.
 */
import { parseArgs } from 'node:util'
import type { GovernanceDeps } from '../functions/governance/engine/plan.ts'
import { lineTelemetry, systemClock, systemRandom } from '../shared/adapters/world.ts'
import { Refusal } from '../shared/domain/refusal.ts'
import { time } from '../shared/domain/time.ts'
import { openDeployment, stackOption } from './deployment.ts'
import type { Lost } from './lost-decisions.ts'
import { operator } from './operator.ts'
import { type Replayed, replay } from './replays.ts'
import { liftAll, suspendAll } from './restore-holds.ts'

interface Asked {
  readonly stack: string | undefined
  readonly from: number | undefined
  readonly suspend: boolean
  readonly lift: boolean
  readonly dryRun: boolean
}

async function main(args: readonly string[]): Promise<void> {
  const asked = readArguments(args)
  const deployment = await openDeployment(asked.stack)
  try {
    await run(asked, {
      store: deployment.store,
      clock: systemClock,
      random: systemRandom,
      telemetry: lineTelemetry(systemClock),
    })
  } finally {
    deployment.close()
  }
}

async function run({ from, suspend, lift, dryRun }: Asked, deps: GovernanceDeps): Promise<void> {
  const who = operator()
  if (suspend) console.log(`Held until you lift it: ${allowed(await suspendAll(deps, who)).join(', ')}.`)
  if (from === undefined) return
  const replayed = await replay(deps, { from, operator: who, dryRun })
  for (const line of describe(replayed, dryRun)) console.log(printable(line))
  for (const { lost, why } of replayed.failed) console.error(printable(`Not applied: ${named(lost)}: ${why}`))
  if (replayed.failed.length > 0) process.exitCode = 1
  if (!lift) return
  if (replayed.failed.length > 0)
    throw new Error('what could not be applied is looked at first; every partner stays held.')
  console.log(`No longer held: ${allowed(await liftAll(deps, who)).join(', ')}.`)
}

function readArguments(args: readonly string[]): Asked {
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...stackOption,
      from: { type: 'string' },
      suspend: { type: 'boolean', default: false },
      lift: { type: 'boolean', default: false },
      'dry-run': { type: 'boolean', default: false },
    },
  })
  const { stack, from, suspend, lift, 'dry-run': dryRun } = values
  const at = from === undefined ? undefined : readTime(from)
  if (suspend && lift) throw new Error('--suspend comes first and --lift last.')
  if (dryRun && (suspend || lift)) throw new Error('--dry-run shows what --from would do, and nothing else.')
  if (at === undefined && !suspend)
    throw new Error('--from is the moment that the registry was restored to, as 2026-11-30T09:15:00Z.')
  return { stack, from: at, suspend, lift, dryRun }
}

/** RFC 3339 with its offset: a local time would be another moment. */
function readTime(text: string): number {
  const at = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(text) ? Date.parse(text) : NaN
  if (Number.isNaN(at)) throw new Error(`--from ${text}: write it as 2026-11-30T09:15:00Z.`)
  return at
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
