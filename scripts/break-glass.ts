/**
 * `npm run break-glass -- --scope organisation=<id> --reason <code> --text <words> --reference <case>`: an emergency hold
 * under the operator's own rights to the store, for when nobody who decides can sign in. Beside a running server or
 * without one.
 */
import { parseArgs } from 'node:util'
import { holdScope } from '../functions/api/shapes/hold.ts'
import { scopeText } from '../functions/governance/holds/holds.ts'
import { lineTelemetry, systemClock, systemRandom } from '../shared/adapters/world.ts'
import type { HoldScope } from '../shared/domain/records.ts'
import { Refusal } from '../shared/domain/refusal.ts'
import { reasonCodes } from '../shared/domain/stop.ts'
import { time } from '../shared/domain/time.ts'
import { StoreUnavailable } from '../shared/ports/store.ts'
import { ask } from './ask.ts'
import { openDeployment, stackOption } from './deployment.ts'
import { type EmergencyOrder, type Foreseen, foresee, placeEmergencyHold } from './emergency-holds.ts'

interface Asked extends Omit<EmergencyOrder, 'operator'> {
  readonly stack: string | undefined
  readonly dryRun: boolean
  readonly yes: boolean
}

async function main(args: readonly string[]): Promise<void> {
  const asked = readArguments(args)
  const deployment = await openDeployment(asked.stack)
  try {
    const deps = {
      store: deployment.store,
      clock: systemClock,
      random: systemRandom,
      telemetry: lineTelemetry(systemClock),
    }
    // Asked before anything else, a dry run included: where nobody can say who acts, nobody does.
    const operator = await deployment.operator()
    const foreseen = allowed(await foresee(deps, { ...asked, operator }))
    console.log(describe(foreseen))
    console.log(`Recorded as done by ${operator}.`)
    if (asked.dryRun) return console.log('A dry run: nothing was changed.')
    if (!asked.yes) await confirm(asked.scope)
    const { hold, entry, reviewBy, organisations } = allowed(
      await placeEmergencyHold(deps, { ...asked, operator }),
    )
    console.log(`The hold ${hold} is in force.`)
    console.log(`Told: ${organisations.join(', ')}. One of them reviews it by ${time(reviewBy)}.`)
    console.log(`Entry: ${entry}`)
  } finally {
    deployment.close()
  }
}

function readArguments(args: readonly string[]): Asked {
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...stackOption,
      scope: { type: 'string', multiple: true, default: [] },
      reason: { type: 'string' },
      text: { type: 'string' },
      reference: { type: 'string' },
      'dry-run': { type: 'boolean', default: false },
      yes: { type: 'boolean', default: false },
    },
  })
  const code = reasonCodes.find(one => one === values.reason)
  if (code === undefined) throw new Error(`--reason is one of ${reasonCodes.join(', ')}.`)
  const text = values.text?.trim() ?? ''
  if (text.length === 0 || text.length > 2_000)
    throw new Error('--text says why, in 1 to 2,000 characters: whoever is stopped reads it.')
  const reference = values.reference?.trim() ?? ''
  if (reference.length === 0 || reference.length > 200)
    throw new Error('--reference names your case, in 1 to 200 characters: whoever reviews it looks there.')
  return {
    scope: readScope(values.scope),
    reason: { code, text, reference },
    stack: values.stack,
    dryRun: values['dry-run'],
    yes: values.yes,
  }
}

function readScope(given: readonly string[]): HoldScope {
  if (given.length === 0)
    throw new Error('--scope names whom it stops, for instance --scope organisation=cedar.')
  const scope = new Map<string, string>()
  for (const text of given) {
    const [, field = '', value] = /^(\w+)=(.+)$/.exec(text) ?? []
    if (value === undefined) throw new Error(`--scope ${text}: write it as organisation=cedar.`)
    if (scope.has(field)) throw new Error(`--scope ${field} stands twice; a hold names one of each.`)
    scope.set(field, value)
  }
  const parsed = holdScope.safeParse(Object.fromEntries(scope))
  if (parsed.success) return parsed.data as HoldScope
  const [issue] = parsed.error.issues
  if (issue?.code === 'unrecognized_keys')
    throw new Error(
      `--scope ${issue.keys[0]}: there are model, organisation, client, person, nationality and region.`,
    )
  throw new Error(`--scope ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'it is not what this takes'}.`)
}

function allowed<T>(answer: T | Refusal): T {
  if (answer instanceof Refusal) throw new Error(`${answer.code}: ${answer.facts.detail}`)
  return answer
}

function describe({ plan, effects, organisations }: Foreseen): string {
  const {
    clients,
    clientCount,
    people,
    sessions,
    streams,
    requestsPerDay,
    atLeast,
    unattested = [],
  } = effects
  const more = clientCount > clients.length ? ` and ${clientCount - clients.length} more` : ''
  return [
    `It stops ${plan.subject.name}: ${clientCount} clients${clientCount > 0 ? `, ${clients.map(({ id }) => id).join(', ')}${more}` : ''}.`,
    ...(people > 0 ? [`It stops ${people} people, who have ${sessions} sessions.`] : []),
    `${streams} live calls end; ${atLeast ? 'at least ' : ''}${requestsPerDay} calls of the last day would have been refused.`,
    ...(unattested.length > 0
      ? [
          `Not stopped, since nobody attests them, or nobody any more: ${unattested.map(({ id }) => id).join(', ')}.`,
        ]
      : []),
    `To be told: ${organisations.join(', ')}.`,
  ].join('\n')
}

async function confirm(scope: HoldScope): Promise<void> {
  const wanted = scopeText(scope)
  const typed = await ask(`To stop it, type its scope, "${wanted}": `, 'give --yes.')
  if (typed !== wanted) throw new Error('that is another scope.')
}

main(process.argv.slice(2)).catch((error: Error) => {
  console.error(
    error instanceof StoreUnavailable
      ? 'The store did not answer: look whether the hold stands before you try again (sallyport hold list).'
      : `Nothing was held: ${error.message}`,
  )
  process.exitCode = 1
})
