/**
 * `npm run reopen -- <meter> --raise <figure>=<tokens> --reason <text>`: opens a meter again that a provider's
 * bill closed, once the bound that was too low has been raised. Beside a running server or without one.
 */
import { existsSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { openSqliteStore } from '../shared/adapters/embedded/sqlite-store.ts'
import { systemClock, systemRandom } from '../shared/adapters/embedded/world.ts'
import { indexes, keys } from '../shared/domain/keys.ts'
import { type Meter, reopen } from '../shared/domain/meter.ts'
import type { Model } from '../shared/domain/records.ts'
import { type Figure, figureOf, figures, isFigure } from '../shared/domain/token-bounds.ts'
import type { Entry } from '../shared/entries/entry.ts'
import { outcomeId } from '../shared/entries/id.ts'
import { putEntry } from '../shared/entries/put.ts'
import { reopeningEntry } from '../shared/entries/reopening.ts'
import type { Condition, Store, Update } from '../shared/ports/store.ts'
import { readConfig } from './embedded/config.ts'

interface Overrun {
  readonly meter: Meter
  readonly model: Model
  /** The outcome that says what was billed. */
  readonly outcome: Entry
  readonly intent: string
  readonly charge: number
  readonly reserve: number
}

interface Asked {
  readonly meter: string
  readonly raise: ReadonlyMap<Figure, number>
  readonly reason: string | undefined
}

async function main(args: readonly string[]): Promise<void> {
  const asked = readArguments(args)
  const { data } = readConfig(process.env)
  const file = join(data, 'sallyport.db')
  if (!existsSync(file)) throw new Error(`there is no Sallyport in ${data}; SALLYPORT_DATA names its folder.`)
  const store = openSqliteStore(file, Object.values(indexes))
  try {
    const overrun = await readOverrun(store, asked.meter)
    console.log(describe(overrun))
    const eid = await apply(store, overrun, asked)
    const [meter] = await store.get([keys.meter(asked.meter)])
    console.log(`${asked.meter} is open, ${meter?.remaining} tokens remain. Entry: ${eid}`)
  } finally {
    store.close()
  }
}

function readArguments(args: readonly string[]): Asked {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { raise: { type: 'string', multiple: true, default: [] }, reason: { type: 'string' } },
  })
  const [meter, ...more] = positionals
  if (meter === undefined || more.length > 0) throw new Error('name one meter, for instance grant_cedar.')
  const raise = new Map(
    values.raise.map(text => {
      const [name = '', tokens = ''] = text.split('=')
      if (!isFigure(name))
        throw new Error(`${name} is no figure; there are ${Object.keys(figures).join(', ')}.`)
      if (!/^[1-9]\d{0,9}$/.test(tokens)) throw new Error(`${text}: write tokens as a whole number.`)
      return [name, Number(tokens)] as const
    }),
  )
  return { meter, raise, reason: values.reason }
}

async function readOverrun(store: Store, id: string): Promise<Overrun> {
  const [meter] = await store.get([keys.meter(id)])
  if (meter === undefined) throw new Error(`there is no meter ${id}.`)
  if (meter.state === 'open') throw new Error(`the meter ${id} is open.`)
  const { closedBy: intent } = meter
  if (intent === undefined)
    throw new Error(`the meter ${id} was not closed by an overrun, but by a decision.`)
  const [outcome] = await store.get([keys.entry(outcomeId(intent))])
  if (outcome?.charge === undefined) throw new Error(`the outcome of ${intent} is missing.`)
  const { ai_model, unmapped } = JSON.parse(outcome.body) as {
    ai_model: { uid: string }
    unmapped: { reserve: number }
  }
  const [model] = await store.get([keys.model(ai_model.uid)])
  if (model === undefined) throw new Error(`there is no model ${ai_model.uid}.`)
  return { meter, model, outcome, intent, charge: outcome.charge, reserve: unmapped.reserve }
}

function describe({ model, intent, charge, reserve }: Overrun): string {
  const known = Object.keys(figures).map(
    name => `${name}=${figureOf(model.tokens, name as Figure) ?? 'none'}`,
  )
  return [
    `The call ${intent} was billed ${charge} tokens and had reserved ${reserve}: ${charge - reserve} too few.`,
    `The entry of ${model.id} has ${known.join(', ')}.`,
  ].join('\n')
}

async function apply(
  store: Store,
  { meter, model, outcome, intent, charge, reserve }: Overrun,
  asked: Asked,
) {
  const { raise, reason } = asked
  if (raise.size === 0 || reason === undefined)
    throw new Error(
      `raise the bound that was too low, and say why: npm run reopen -- ${meter.id} ` +
        `--raise overhead.request=${model.tokens.overhead.request + charge - reserve} --reason '…'`,
    )
  const raised: Record<string, { from: number; to: number }> = {}
  for (const [name, to] of raise) {
    const from = figureOf(model.tokens, name) ?? 0
    if (to <= from) throw new Error(`${name} is ${from} already; ${to} would not raise it.`)
    raised[name] = { from, to }
  }
  const named = reopeningEntry({
    now: systemClock.now(),
    random: systemRandom.bytes(16),
    meter: meter.id,
    model: model.id,
    ...(outcome.organisation && { organisation: outcome.organisation }),
    overrun: intent,
    raised,
    reason,
    operator: userInfo().username,
  })
  const done = await store.transact([raiseBounds(model, raise), reopen(meter), putEntry(named)])
  if (!done.ok) throw new Error('the model or the meter was changed meanwhile; look again.')
  return named.eid
}

/** Only on the figures that were seen. */
const raiseBounds = (model: Model, raise: ReadonlyMap<Figure, number>): Update<Model> => ({
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

main(process.argv.slice(2)).catch((error: Error) => {
  console.error(`Nothing was changed: ${error.message}`)
  process.exitCode = 1
})
