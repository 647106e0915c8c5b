/** How sure a leak names a reader, whatever those who leaked it did to the marks; and how seldom anybody else. */
import type { Row, Settings } from '../bench.ts'
import { loadNow } from '../results.ts'
import { table } from '../table.ts'
import { type Attack, attacks as does } from './coalitions.ts'
import { epsilons, type Leak, leaks, longer, type Tally, tally } from './tally.ts'

const seeds = 300
/** In per cent. */
const enough = 97
const [all, usual] = epsilons
const names = Object.keys(does) as Attack[]

/** A figure for each length, that of the attack that does best; what each of them does is printed. */
export function attacks({ scale, print }: Settings): readonly Row[] {
  const count = Math.max(5, Math.round(seeds * scale))
  print(`${leaks.length + longer.length} leaks, ${count} times each, with other keys and members every time:`)
  for (const name of names) print(`  ${name}: ${does[name]}`)
  const tallies = tally(
    [...leaks, ...longer],
    Array.from({ length: count }, (_, i) => i + 1),
    seed => seed % 50 === 0 && print(`${seed} of ${count}`),
  )
  const lengths = [...Map.groupBy(tallies, ({ leak }) => lengthOf(leak)).values()]
  print(`\nNamed, in % of ${count}: at ε ${all} / at ε ${usual}`)
  for (const line of eachAttack(lengths)) print(line)
  return [
    ...lengths.flatMap(own => worst(own) ?? []),
    ...(['digits', 'code'] as const).flatMap(layer => innocent(tallies, layer)),
  ]
}

const lengthOf = ({ layer, coalition, records }: Leak): string =>
  `${layer}, ${records.toLocaleString('en-US')} records of ${coalition === 1 ? '1 reader' : `${coalition} readers`}`

const percent = ({ named, times }: Tally, epsilon: (typeof epsilons)[number]): number =>
  (100 * named[epsilon]) / times

function eachAttack(lengths: readonly (readonly Tally[])[]): readonly string[] {
  const rows = lengths.map(own => [
    own[0] === undefined ? '' : lengthOf(own[0].leak),
    ...names.map(name => {
      const one = own.find(({ leak }) => leak.attack === name)
      return one === undefined ? '' : `${percent(one, all).toFixed(1)} / ${percent(one, usual).toFixed(1)}`
    }),
  ])
  return table([{ title: '' }, ...names.map(title => ({ title, align: 'right' as const }))], rows, 140)
}

function worst(own: readonly Tally[]): Row | undefined {
  const [first] = own
  if (first === undefined) return undefined
  // Where a length is given for the usual risk, that is what it is judged by.
  const [judged, beside] = longer.includes(first.leak) ? [usual, all] : [all, usual]
  const least = own.reduce(
    (least, one) => (percent(one, judged) < percent(least, judged) ? one : least),
    first,
  )
  const value = percent(least, judged)
  const by = value === 100 ? 'by any attack' : `by ${least.leak.attack}, which does best`
  return {
    what: `${lengthOf(least.leak)}, ${by}: one of them is named, ε ${judged}`,
    value,
    unit: `% of ${least.times}`,
    beside: { name: `ε ${beside}`, value: Math.min(...own.map(one => percent(one, beside))), by: 'added' },
    target: { at: 'least', value: enough },
    load: loadNow(),
  }
}

function innocent(tallies: readonly Tally[], layer: Leak['layer']): readonly Row[] {
  const own = tallies.filter(({ leak }) => leak.layer === layer)
  const sum = (of: (one: Tally) => number): number => own.reduce((total, one) => total + of(one), 0)
  const [times, innocents] = [sum(one => one.times), sum(one => one.innocents)]
  return epsilons.map(epsilon => ({
    what: `${layer}: leaks that name somebody innocent, of ${innocents.toLocaleString('en-US')} who were, ε ${epsilon}`,
    value: (100 * sum(({ falsely }) => falsely[epsilon])) / times,
    unit: `% of ${times.toLocaleString('en-US')}`,
    // Half of what is risked is this layer's.
    target: { at: 'most', value: (100 * epsilon) / 2 },
    load: loadNow(),
  }))
}
