/**
 * `npm run break-glass -- --scope organisation=<id> --reason <code> --text <words> --reference <case>`: an emergency hold
 * under the operator's own rights to the store, for when nobody who decides can sign in. Beside a running server or
 * without one.
 */
import { parseArgs } from 'node:util'
import { counted } from '../client/cli/facts.ts'
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

const usage = `npm run break-glass -- --scope <field=value> --reason <code> --text <words> --reference <case>

An emergency hold, by whoever operates the deployment.
  --scope      whom it stops: organisation=cedar; several must all match
               (model, organisation, client, person, nationality, region)
  --reason     ${wrappedCodes()}
  --text       why, in your words: whoever is stopped reads it
  --reference  your case: whoever reviews it looks there
  --dry-run    show whom it would stop, and change nothing
  --yes        do not ask for the scope once more
  --stack      a deployed stack; else the folder of SALLYPORT_DATA`

function wrappedCodes(): string {
  const lines = ['']
  for (const code of reasonCodes) {
    const [line = ''] = lines.slice(-1)
    if (line.length + code.length < 62) lines[lines.length - 1] = line === '' ? code : `${line}, ${code}`
    else lines.push(code)
  }
  return lines.join(`,\n${' '.repeat(15)}`)
}

async function main(args: readonly string[]): Promise<void> {
  if (args.includes('--help')) return console.log(usage)
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
    const { hold, entry, reviewBy, organisations, reviewers } = allowed(
      await placeEmergencyHold(deps, { ...asked, operator }),
    )
    console.log(`The hold ${hold} is in force.`)
    console.log(`Told: ${organisations.join(', ')}.`)
    console.log(`To review it by ${time(reviewBy)}: ${reviewers.join(' or ')}.`)
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
  const missing = (['scope', 'reason', 'text', 'reference'] as const).filter(
    name => values[name] === undefined || values[name].length === 0,
  )
  if (missing.length > 0)
    throw new Error(
      `missing: ${missing.map(name => `--${name}`).join(', ')}. npm run break-glass -- --help explains them.`,
    )
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
  const { clients, clientCount, people, sessions, streams, requestsPerDay, atLeast } = effects
  const { missions = [], unattested = [] } = effects
  const more = clientCount > clients.length ? ` and ${clientCount - clients.length} more` : ''
  return [
    `It stops ${plan.subject.name}: ${counted(clientCount, 'client')}${clientCount > 0 ? `, ${clients.map(({ id }) => id).join(', ')}${more}` : ''}.`,
    ...(people > 0
      ? [`It stops ${counted(people, 'person', 'people')} with ${counted(sessions, 'session')}.`]
      : []),
    `Live calls that end: ${streams}.`,
    `Calls of the last day that would have been refused: ${atLeast ? 'at least ' : ''}${requestsPerDay}.`,
    ...missions.map(({ id }) => `A mission hangs on ${id}: it stops too.`),
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
