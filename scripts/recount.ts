/**
 * `npm run recount -- --reason <text> | --dry-run [--stack <name>]`: makes every meter agree with the outcomes in the
 * log, after a restore. The gate has to be closed, for 16 minutes already.
 */
import { parseArgs } from 'node:util'
import { lineTelemetry, systemClock, systemRandom } from '../shared/adapters/world.ts'
import type { Figures } from '../shared/domain/recount.ts'
import { openDeployment, stackOption } from './deployment.ts'
import { type Changed, recountMeters } from './recounts.ts'

async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...stackOption,
      reason: { type: 'string' },
      'dry-run': { type: 'boolean', default: false },
    },
  })
  const dryRun = values['dry-run']
  const reason = values.reason?.trim()
  if (!reason && !dryRun)
    throw new Error("say why: --reason 'meters restored to 09:15 after …'; or look first: --dry-run.")
  const deployment = await openDeployment(values.stack)
  try {
    const deps = {
      store: deployment.store,
      clock: systemClock,
      random: systemRandom,
      telemetry: lineTelemetry(systemClock),
    }
    const order = { operator: await deployment.operator(), reason: reason ?? '', dryRun }
    const { ended, changed, agreeing, failed } = await recountMeters(deps, order)
    for (const { eid, charge } of ended)
      console.log(`The call ${eid} had no outcome: it is charged what it reserved, ${charge} tokens.`)
    for (const one of changed) console.log(describe(one))
    for (const why of failed) console.error(`Not recounted: ${why}`)
    console.log(summary(agreeing.length, changed.length, failed.length, dryRun))
    if (failed.length > 0) process.exitCode = 1
  } finally {
    deployment.close()
  }
}

/** The figures that differed. */
function describe({ id, before, after }: Changed): string {
  const names = (Object.keys(after) as (keyof Figures)[]).filter(name => before[name] !== after[name])
  const told = names.map(name => `${name} ${before[name]} → ${after[name]}`).join(', ')
  return `${id}: ${told || 'what was left of a day or of a lease'}`
}

function summary(agreeing: number, changed: number, failed: number, dryRun: boolean): string {
  const agree = agreeing === 1 ? 'agrees with its outcomes' : 'agree with their outcomes'
  const recounted = dryRun ? 'would be recounted' : changed === 1 ? 'was recounted' : 'were recounted'
  return `Of ${agreeing + changed + failed} meters ${agreeing} ${agree}, ${changed} ${recounted}.`
}

main(process.argv.slice(2)).catch((error: Error) => {
  console.error(`Not recounted: ${error.message}`)
  process.exitCode = 1
})
