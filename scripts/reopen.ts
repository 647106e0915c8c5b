/**
 * `npm run reopen -- <meter> --raise <figure>=<tokens> --reason <text>`: opens again what a provider's bill closed,
 * once the bound that was too low has been raised. Beside a running server or without one.
 */
import { parseArgs } from 'node:util'
import { systemClock, systemRandom } from '../shared/adapters/world.ts'
import type { Model } from '../shared/domain/records.ts'
import { type Figure, figureOf, figures, isFigure } from '../shared/domain/token-bounds.ts'
import { openDeployment, stackOption } from './deployment.ts'
import { type Overruns, readOverruns, reopenMeters } from './overruns.ts'

interface Asked {
  readonly stack: string | undefined
  readonly meter: string
  readonly raise: ReadonlyMap<Figure, number>
  readonly reason: string | undefined
}

async function main(args: readonly string[]): Promise<void> {
  const asked = readArguments(args)
  const deployment = await openDeployment(asked.stack)
  const { store } = deployment
  try {
    const overruns = await readOverruns(store, asked.meter)
    console.log(describe(overruns))
    const raised = judge(overruns, asked)
    const operator = await deployment.operator()
    const now = systemClock.now()
    const random = systemRandom.bytes(16)
    const done = await reopenMeters(store, overruns, { ...raised, operator, now, random })
    for (const { id, state, remaining } of done.meters)
      console.log(
        state === 'open'
          ? `${id} is open, ${remaining} tokens remain.`
          : `${id} stays closed: it was billed too much for another model as well; look again.`,
      )
    console.log(`Entry: ${done.eid}`)
  } finally {
    deployment.close()
  }
}

function readArguments(args: readonly string[]): Asked {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      ...stackOption,
      raise: { type: 'string', multiple: true, default: [] },
      reason: { type: 'string' },
    },
  })
  const [meter, ...more] = positionals
  if (meter === undefined || more.length > 0) throw new Error('name one meter, for instance meter_….')
  const raise = new Map<Figure, number>()
  for (const text of values.raise) {
    const [, name = '', tokens] = /^([^=]*)=([1-9]\d{0,9})$/.exec(text) ?? []
    if (tokens === undefined) throw new Error(`${text}: write it as overhead.request=500.`)
    if (!isFigure(name))
      throw new Error(`${name} is no figure; there are ${Object.keys(figures).join(', ')}.`)
    if (raise.has(name)) throw new Error(`${name} is raised twice.`)
    raise.set(name, Number(tokens))
  }
  return { stack: values.stack, meter, raise, reason: values.reason?.trim() || undefined }
}

function describe({ model, calls, meters }: Overruns): string {
  return [
    ...calls.map(
      ({ eid, charge, reserve }) =>
        `The call ${eid} was billed ${charge} tokens and had reserved ${reserve}: ${charge - reserve} too few.`,
    ),
    `They closed ${meters.map(({ id }) => id).join(', ')}.`,
    `The entry of ${model.id} has ${figuresOf(model).join(', ')}.`,
  ].join('\n')
}

const figuresOf = ({ tokens }: Model): string[] =>
  Object.keys(figures).map(name => `${name}=${(isFigure(name) && figureOf(tokens, name)) || 'none'}`)

/** What was asked for, where it raises something and does not make every call too large for its budget. */
function judge({ model, calls, meters }: Overruns, { stack, meter, raise, reason }: Asked) {
  const short = Math.max(...calls.map(({ charge, reserve }) => charge - reserve))
  if (raise.size === 0 || reason === undefined)
    throw new Error(
      `raise the bound that was too low, and say why: npm run reopen -- ${meter} ${stack === undefined ? '' : `--stack ${stack} `}` +
        `--raise overhead.request=${model.tokens.overhead.request + short} --reason '…'`,
    )
  const most = Math.min(...meters.map(({ limits }) => limits.total))
  for (const [name, to] of raise) {
    const from = figureOf(model.tokens, name)
    if (from === undefined) throw new Error(`the entry of ${model.id} has no figure ${name}.`)
    if (to <= from) throw new Error(`${name} is ${from} already; ${to} would not raise it.`)
    if (to > most) throw new Error(`${name}=${to} would be more than a whole budget, ${most}.`)
  }
  return { raise, reason }
}

main(process.argv.slice(2)).catch((error: Error) => {
  console.error(`Nothing was changed: ${error.message}`)
  process.exitCode = 1
})
