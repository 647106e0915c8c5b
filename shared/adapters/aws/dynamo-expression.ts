/** The port's conditions and changes in DynamoDB's expression language. Pure. */
import type { AttributeValue } from '@aws-sdk/client-dynamodb'
import type { Change, Condition, Path } from '../../ports/store.ts'
import { checkedName, toAttribute } from './attribute-value.ts'

/** As the members of a request are named; those that would be empty are left out, since DynamoDB refuses them. */
export interface Expressions {
  ConditionExpression?: string
  UpdateExpression?: string
  ExpressionAttributeNames?: Record<string, string>
  ExpressionAttributeValues?: Record<string, AttributeValue>
}

/**
 * Both with one set of placeholders: every name goes by one, so that reserved words, dots and spaces are only names.
 * Throws a `TypeError` on a value that DynamoDB cannot hold, and on a path into what is `packed`, which it cannot read.
 * What else it would refuse, it refuses itself.
 */
export function expressions(
  condition: Condition | undefined,
  change?: Change,
  packed: readonly string[] = [],
): Expressions {
  const placeholders = createPlaceholders(packed)
  const required = condition && conditionTerm(condition, placeholders).text
  const update = change && updateText(change, placeholders)
  const { names, values } = placeholders
  return {
    ...(required && { ConditionExpression: required }),
    ...(update && { UpdateExpression: update }),
    ...(names.size > 0 && { ExpressionAttributeNames: Object.fromEntries(names) }),
    ...(values.size > 0 && { ExpressionAttributeValues: Object.fromEntries(values) }),
  }
}

interface Placeholders {
  readonly names: ReadonlyMap<string, string>
  readonly values: ReadonlyMap<string, AttributeValue>
  path(path: Path): string
  value(value: unknown): string
}

function createPlaceholders(packed: readonly string[]): Placeholders {
  const names = new Map<string, string>()
  const values = new Map<string, AttributeValue>()
  const known = new Map<string, string>()
  const nameOf = (step: string): string => {
    const placeholder = known.get(step) ?? `#n${known.size}`
    known.set(step, placeholder)
    names.set(placeholder, step)
    return placeholder
  }
  return {
    names,
    values,
    path: path => {
      if (packed.includes(path[0])) throw new TypeError(`${path[0]} is packed`)
      return path.map(nameOf).join('.')
    },
    value: value => {
      const placeholder = `:v${values.size}`
      values.set(placeholder, toAttribute(value))
      return placeholder
    },
  }
}

/** `joint` is the operator that would have to stand in parentheses below one that binds more tightly. */
interface Term {
  readonly text: string
  readonly joint?: 'AND' | 'OR'
}

const always: Condition = { or: [{ exists: ['pk'] }, { absent: ['pk'] }] }
const never: Condition = { and: [{ exists: ['pk'] }, { absent: ['pk'] }] }

function conditionTerm(condition: Condition, placeholders: Placeholders): Term {
  const term = (part: Condition): Term => conditionTerm(part, placeholders)
  if ('and' in condition)
    return condition.and.length === 0 ? term(always) : joined('AND', condition.and.map(term))
  if ('or' in condition) return condition.or.length === 0 ? term(never) : joined('OR', condition.or.map(term))
  if ('not' in condition) return { text: `NOT ${operand(term(condition.not), 'AND', 'OR')}` }
  const { path, value } = placeholders
  if ('exists' in condition) return { text: `attribute_exists(${path(condition.exists)})` }
  if ('absent' in condition) return { text: `attribute_not_exists(${path(condition.absent)})` }
  if ('sizeLt' in condition) {
    const [of, bound] = condition.sizeLt
    // DynamoDB also measures strings and lists.
    const text = `attribute_type(${path(of)}, ${value('M')}) AND size(${path(of)}) < ${value(bound)}`
    return { text, joint: 'AND' }
  }
  if ('eq' in condition) return { text: `${path(condition.eq[0])} = ${value(condition.eq[1])}` }
  const [of, operator, bound] = ordering(condition)
  // Nothing comes before or after a boolean; DynamoDB takes none there.
  if (typeof bound === 'boolean') return term(never)
  return { text: `${path(of)} ${operator} ${value(bound)}` }
}

type Ordering = Extract<Condition, { lt: unknown } | { le: unknown } | { gt: unknown } | { ge: unknown }>

function ordering(condition: Ordering) {
  if ('lt' in condition) return [condition.lt[0], '<', condition.lt[1]] as const
  if ('le' in condition) return [condition.le[0], '<=', condition.le[1]] as const
  if ('gt' in condition) return [condition.gt[0], '>', condition.gt[1]] as const
  return [condition.ge[0], '>=', condition.ge[1]] as const
}

/** Of one part only the part: DynamoDB refuses redundant parentheses. NOT binds before AND, AND before OR. */
function joined(joint: 'AND' | 'OR', parts: readonly Term[]): Term {
  const [only, ...more] = parts
  if (only && more.length === 0) return only
  const texts = parts.map(part => (joint === 'AND' ? operand(part, 'OR') : part.text))
  return { text: texts.join(` ${joint} `), joint }
}

const operand = ({ text, joint }: Term, ...looser: readonly string[]): string =>
  joint !== undefined && looser.includes(joint) ? `(${text})` : text

/** Every operand is read from the item as it stood before, whatever the order of the clauses. */
function updateText(change: Change, { path, value }: Placeholders): string {
  const { set = [], add = [], sum = [], remove = [] } = change
  const target = (at: Path): string => {
    at.forEach(checkedName)
    return path(at)
  }
  const assignments = [
    ...set.map(([at, to]) => `${target(at)} = ${value(to)}`),
    // Not ADD: it makes nothing inside a map, and is deprecated in favour of SET.
    ...add.map(([at, n]) => `${target(at)} = if_not_exists(${path(at)}, ${value(0)}) + ${value(n)}`),
    ...sum.map(([at, source, n]) => `${target(at)} = ${path(source)} + ${value(n)}`),
  ]
  return [
    ...(assignments.length > 0 ? [`SET ${assignments.join(', ')}`] : []),
    ...(remove.length > 0 ? [`REMOVE ${remove.map(path).join(', ')}`] : []),
  ].join(' ')
}
