/** What an expression of DynamoDB's comes to on an item, by the service's own rules. Pure. */
import { isDeepStrictEqual } from 'node:util'
import type { AttributeValue } from '@aws-sdk/client-dynamodb'
import { fromAttribute } from '../../shared/adapters/aws/attribute-value.ts'
import type { Change, Path } from '../../shared/ports/store.ts'
import { invalid } from './dynamo-errors.ts'
import {
  type Operand,
  type Operator,
  parseTest,
  parseUpdate,
  type Test,
  type Update,
} from './dynamo-syntax.ts'

export interface Request {
  readonly ConditionExpression?: string | undefined
  readonly KeyConditionExpression?: string | undefined
  readonly UpdateExpression?: string | undefined
  readonly ExpressionAttributeNames?: Readonly<Record<string, string>> | undefined
  readonly ExpressionAttributeValues?: Readonly<Record<string, AttributeValue>> | undefined
}

export interface Expressions {
  holds(item: object | undefined): boolean
  /** Throws a `ValidationException` on an item that cannot take the change. */
  updated(item: object): object
  /** The update as the port has it, for whoever tells of it. */
  readonly change: Change
}

type Item = Readonly<Record<string, unknown>>

/** Throws a `ValidationException` on what DynamoDB refuses before it looks at the item. */
export function readExpressions(request: Request): Expressions {
  const placeholders = createPlaceholders(request)
  const { ConditionExpression, KeyConditionExpression = ConditionExpression, UpdateExpression } = request
  const holds =
    KeyConditionExpression === undefined
      ? () => true
      : compile(parsed(parseTest, KeyConditionExpression), placeholders)
  const change =
    UpdateExpression === undefined ? {} : changeOf(parsed(parseUpdate, UpdateExpression), placeholders)
  placeholders.refuseUnused()
  return { holds, updated: item => updated(item, change), change }
}

const texts = new Map<string, unknown>()

/** The same texts come again and again: their values go by placeholders. */
function parsed<T>(parse: (text: string) => T, text: string): T {
  try {
    const known = (texts.get(text) as T | undefined) ?? parse(text)
    texts.set(text, known)
    return known
  } catch (error) {
    throw error instanceof SyntaxError ? invalid(`Syntax error: ${error.message}`) : error
  }
}

interface Placeholders {
  path(steps: readonly string[]): Path
  value(name: string): unknown
  refuseUnused(): void
}

function createPlaceholders({
  ExpressionAttributeNames: names = {},
  ExpressionAttributeValues: values = {},
}: Request): Placeholders {
  const unused = new Set([...Object.keys(names), ...Object.keys(values)])
  const known = <T>(from: Readonly<Record<string, T>>, name: string): T => {
    const found = from[name]
    if (found === undefined) throw invalid(`An expression attribute is not defined: ${name}`)
    unused.delete(name)
    return found
  }
  return {
    path: steps => steps.map(step => known(names, step)) as unknown as Path,
    value: name => fromAttribute(known(values, name)),
    refuseUnused() {
      if (unused.size > 0) throw invalid(`Unused in expressions: ${[...unused].join(', ')}`)
    },
  }
}

type Holds = (item: object | undefined) => boolean

function compile(test: Test, placeholders: Placeholders): Holds {
  const parts = (tests: readonly Test[]): readonly Holds[] => tests.map(one => compile(one, placeholders))
  if ('every' in test) {
    const every = parts(test.every)
    return item => every.every(one => one(item))
  }
  if ('some' in test) {
    const some = parts(test.some)
    return item => some.some(one => one(item))
  }
  if ('not' in test) {
    const one = compile(test.not, placeholders)
    return item => !one(item)
  }
  if ('exists' in test) {
    const path = placeholders.path(test.exists)
    return item => (at(item, path) !== undefined) === test.is
  }
  if ('typed' in test) {
    const [path, type] = [placeholders.path(test.typed), placeholders.value(test.type)]
    if (!types.some(one => one === type)) throw invalid(`Invalid attribute type name: ${type}`)
    return item => typeOf(at(item, path)) === type
  }
  if ('between' in test) return between(test, placeholders)
  const left = operandOf(test.left, test.operator, placeholders)
  const right = operandOf(test.right, test.operator, placeholders)
  return item => compare(left(item), test.operator, right(item))
}

function between(test: Extract<Test, { between: Operand }>, placeholders: Placeholders): Holds {
  const value = operandOf(test.between, '<=', placeholders)
  const low = operandOf(test.low, '<=', placeholders)
  const high = operandOf(test.high, '<=', placeholders)
  if (!compare(low(undefined), '<=', high(undefined)))
    throw invalid('The BETWEEN operator requires upper bound to be greater than or equal to lower bound')
  return item => compare(low(item), '<=', value(item)) && compare(value(item), '<=', high(item))
}

function operandOf(
  operand: Operand,
  operator: Operator,
  placeholders: Placeholders,
): (item: object | undefined) => unknown {
  if ('size' in operand) {
    const path = placeholders.path(operand.size)
    return item => sizeOf(at(item, path))
  }
  if ('path' in operand) {
    const path = placeholders.path(operand.path)
    return item => at(item, path)
  }
  const value = placeholders.value(operand.value)
  if (operator !== '=' && !ordered.includes(typeOf(value)))
    throw invalid(`Incorrect operand type for ${operator}: ${typeOf(value)}`)
  return () => value
}

const types = ['S', 'N', 'BOOL', 'NULL', 'M', 'L', 'B', 'SS', 'NS', 'BS'] as const
const ordered: readonly unknown[] = ['S', 'N']

function typeOf(value: unknown): (typeof types)[number] | undefined {
  if (value === undefined) return undefined
  if (value === null) return 'NULL'
  if (typeof value === 'string') return 'S'
  if (typeof value === 'number') return 'N'
  if (typeof value === 'boolean') return 'BOOL'
  return Array.isArray(value) ? 'L' : 'M'
}

/** What is absent, or of another type, is neither equal nor before nor after. */
function compare(left: unknown, operator: Operator, right: unknown): boolean {
  if (left === undefined || right === undefined || typeOf(left) !== typeOf(right)) return false
  if (operator === '=') return left === right || isDeepStrictEqual(left, right)
  const order =
    typeof left === 'number' && typeof right === 'number'
      ? left - right
      : typeof left === 'string' && typeof right === 'string'
        ? Buffer.compare(Buffer.from(left), Buffer.from(right))
        : Number.NaN
  if (operator === '<') return order < 0
  if (operator === '<=') return order <= 0
  return operator === '>' ? order > 0 : order >= 0
}

function sizeOf(value: unknown): number | undefined {
  if (typeof value === 'string' || Array.isArray(value)) return value.length
  return isMap(value) ? Object.keys(value).length : undefined
}

function changeOf({ set, remove }: Update, { path, value }: Placeholders): Change {
  const change = {
    set: [] as [Path, unknown][],
    add: [] as [Path, number][],
    sum: [] as [Path, Path, number][],
    remove: remove.map(path),
  }
  for (const one of set) {
    const [target, operand] = [path(one.target), value(one.value)]
    if (one.base === undefined) {
      change.set.push([target, operand])
      continue
    }
    const source = path(one.base)
    if (typeof operand !== 'number') throw invalid('Incorrect operand type for +')
    if (one.otherwise === undefined) {
      change.sum.push([target, source, operand])
      continue
    }
    if (!isDeepStrictEqual(source, target) || value(one.otherwise) !== 0)
      throw new Error('The adapter counts an attribute from 0, and from itself')
    change.add.push([target, operand])
  }
  refuseOverlap([...change.set, ...change.add, ...change.sum].map(([target]) => target).concat(change.remove))
  return change
}

/** Every operand is read from the item as it stood before. */
function updated(item: object, { set = [], add = [], sum = [], remove = [] }: Change): object {
  const placed = [
    ...set,
    ...add.map(([path, n]) => [path, numberOf(at(item, path), 0) + n] as const),
    ...sum.map(([path, source, n]) => [path, numberOf(at(item, source)) + n] as const),
    ...remove.map(path => [path, undefined] as const),
  ]
  return placed.reduce((next, [path, value]) => place(next, path, value), item as Item)
}

function numberOf(found: unknown, otherwise?: number): number {
  const value = found === undefined ? otherwise : found
  if (value === undefined) throw invalid('The provided expression refers to an attribute that does not exist')
  if (typeof value !== 'number') throw invalid('An operand in the update expression has an incorrect type')
  return value
}

/** Nothing makes the maps above a path, and nothing looks past what is no map. */
function place(map: Item, [step = '', ...rest]: readonly string[], value: unknown): Item {
  if (rest.length === 0 && value !== undefined) return { ...map, [step]: value }
  const { [step]: child, ...others } = map
  if (rest.length === 0) return others
  if (!isMap(child) || !Object.hasOwn(map, step))
    throw invalid('The document path provided in the update expression is invalid for update')
  return { ...map, [step]: place(child, rest, value) }
}

function refuseOverlap(paths: readonly Path[]): void {
  for (const [i, path] of paths.entries()) {
    if (path[0] === 'pk' || path[0] === 'sk')
      throw invalid(`Cannot update attribute ${path[0]}, part of the key`)
    for (const other of paths.slice(i + 1))
      if (path.slice(0, other.length).every((step, depth) => step === other[depth]))
        throw invalid(`Two document paths overlap with each other: ${path.join('.')}, ${other.join('.')}`)
  }
}

function at(item: object | undefined, path: readonly string[]): unknown {
  let found: unknown = item
  for (const step of path) {
    if (!isMap(found) || !Object.hasOwn(found, step)) return undefined
    found = found[step]
  }
  return found
}

const isMap = (value: unknown): value is Item =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
