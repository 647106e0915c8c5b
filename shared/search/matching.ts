/** Whether an entry is one that a query asks for. */
import type { SearchFacts } from './facts.ts'
import type { Plan } from './plan.ts'
import type { ChargeTerm, Term, Value } from './query.ts'

/** All terms hold. */
export const matches = (filter: readonly Term[], facts: SearchFacts): boolean =>
  filter.every(term => holds(term, facts) !== term.negated)

/** The whole of it: its range, what is skipped, and every term. */
export const isFound = ({ from, to, skips, filter }: Plan, facts: SearchFacts): boolean =>
  facts.time >= from && facts.time <= to && !skips.some(kind => kind === facts.kind) && matches(filter, facts)

const holds = (term: Term, facts: SearchFacts): boolean =>
  'values' in term
    ? facts.words[term.key].some(word => term.values.some(value => isValue(word, value)))
    : facts.charge !== undefined && compares(facts.charge, term)

export const isValue = (word: string, { text, prefix }: Value): boolean =>
  prefix ? word.startsWith(text) : word === text

function compares(charge: number, { than, amount }: ChargeTerm): boolean {
  switch (than) {
    case '>=':
      return charge >= amount
    case '<=':
      return charge <= amount
    case '>':
      return charge > amount
    case '<':
      return charge < amount
  }
}
