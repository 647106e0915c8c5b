/**
 * DynamoDB itself, on the items of the simulated world: what each request does once it has arrived, as AWS documents
 * it. Only transactions take time, and are in the way of others meanwhile.
 */
import type { AttributeValue, CancellationReason, QueryCommandInput } from '@aws-sdk/client-dynamodb'
import { toAttributes } from '../../shared/adapters/aws/attribute-value.ts'
import { indexes } from '../../shared/domain/keys.ts'
import type { Index, Key } from '../../shared/ports/store.ts'
import { type Backend, position, type Shown } from './backend.ts'
import type { Dice } from './dice.ts'
import {
  cancelled,
  conditionFailed,
  conflict,
  inProgress,
  invalid,
  isInvalid,
  noTable,
  otherParameters,
  throttles,
} from './dynamo-errors.ts'
import type { Expressions } from './dynamo-expressions.ts'
import { type Asked, idOf, type Operation, type Transaction } from './dynamo-request.ts'
import type { Faults } from './faults.ts'
import type { Process, Scheduler } from './scheduler.ts'

export interface ServiceDeps {
  readonly scheduler: Scheduler
  readonly backend: Backend
  readonly faults: () => Faults
}

/** How long a token makes a transaction that was done harmless. */
const tokenMs = 10 * 60_000

interface Known {
  readonly parameters: string
  /** Nothing while it is under way. */
  doneAt: number | undefined
}

type Attributes = Record<string, AttributeValue>

export class DynamoService {
  readonly #deps: ServiceDeps
  readonly #locked = new Set<string>()
  readonly #tokens = new Map<string, Known>()
  readonly #attributes = new WeakMap<object, Attributes>()

  constructor(deps: ServiceDeps) {
    this.#deps = deps
  }

  /** The members of the answer; by the rolls of whoever asks. Throws the service's errors. */
  async perform(asked: Asked, by: Process, dice: Dice): Promise<object> {
    if (asked.kind === 'read') return this.#read(asked.keys, dice)
    if (asked.kind === 'query') return this.#query(asked.query, asked.expressions, dice)
    if (asked.kind === 'write') return this.#write(asked.operation, asked.returns, by)
    return this.#transact(asked, by, dice)
  }

  /** Each item as it stands when its turn comes: a batch is no snapshot. */
  async #read(keys: readonly Key[], dice: Dice): Promise<object> {
    const { scheduler, faults } = this.#deps
    const late = keys.map(() => false)
    if (keys.length > 1 && dice.chance(0.3)) for (const i of late.keys()) late[i] = dice.chance(0.5)
    const left = keys.filter(() => dice.chance(faults().throttled))
    if (left.length === keys.length) throw dice.pick(throttles)()
    const found: [table: string, item: Attributes][] = []
    const look = (at: boolean): void => {
      for (const [i, key] of keys.entries()) {
        if (late[i] !== at || left.includes(key)) continue
        const [item] = this.#deps.backend.get([key])
        if (item) found.push([key.table, this.#attributesOf(item)])
      }
    }
    look(false)
    if (late.includes(true)) await scheduler.sleep(dice.between(0, 5))
    look(true)
    const byTable = Object.entries(Object.groupBy(found, ([table]) => table))
    const Responses = Object.fromEntries(
      byTable.map(([table, some = []]) => [table, some.map(([, item]) => item)]),
    )
    return { Responses, UnprocessedKeys: requestFor(left) }
  }

  #write({ told, expressions }: Operation, returns: string | undefined, by: Process): object {
    if (this.#locked.has(idOf(told.key))) throw conflict()
    const { held, before, after } = this.#decide({ told, expressions })
    if (!held) throw conditionFailed(before && this.#attributesOf(before))
    if (before !== undefined || after !== undefined) this.#deps.backend.put(told, after, by)
    const [stored] = returns === 'ALL_NEW' ? this.#deps.backend.get([told.key]) : [before]
    return returns && stored ? { Attributes: this.#attributesOf(stored) } : {}
  }

  async #transact({ operations, token, parameters }: Transaction, by: Process, dice: Dice): Promise<object> {
    const { scheduler, faults, backend } = this.#deps
    const known = token === undefined ? undefined : this.#tokens.get(token)
    if (known && (known.doneAt ?? scheduler.now) + tokenMs > scheduler.now) {
      if (known.parameters !== parameters) throw otherParameters()
      if (known.doneAt === undefined) throw inProgress()
      return {}
    }

    const decided = operations.map(operation => this.#prepare(operation))
    if (decided.some(({ Code }) => Code !== 'None'))
      throw cancelled(decided.map(({ Code, Item }) => ({ Code, ...(Item && { Item }) })))
    const one: Known = { parameters, doneAt: undefined }
    if (token !== undefined) this.#tokens.set(token, one)
    for (const { told } of operations) this.#locked.add(idOf(told.key))
    await scheduler.sleep(dice.chance(faults().conflict) ? dice.between(0, 300) : dice.between(0, 2))

    backend.together(() => {
      for (const [i, { told }] of operations.entries()) {
        this.#locked.delete(idOf(told.key))
        const after = decided[i]?.after
        if (told.kind !== 'check') backend.put(told, after, by)
      }
    })
    one.doneAt = scheduler.now
    return {}
  }

  #prepare(operation: Operation): CancellationReason & { readonly after?: object | undefined } {
    if (this.#locked.has(idOf(operation.told.key))) return { Code: 'TransactionConflict' }
    try {
      const { held, before, after } = this.#decide(operation)
      if (held) return { Code: 'None', after }
      return { Code: 'ConditionalCheckFailed', ...(before && { Item: this.#attributesOf(before) }) }
    } catch (error) {
      if (isInvalid(error)) return { Code: 'ValidationError' }
      throw error
    }
  }

  /** An update makes the item where there is none and no condition asks for one. */
  #decide({ told, expressions }: Operation) {
    const [before] = this.#deps.backend.get([told.key])
    const held = expressions.holds(before)
    if (!held || told.kind === 'check') return { held, before, after: before }
    if (told.kind === 'put') return { held, before, after: told.item }
    const { pk, sk } = told.key
    const after = told.kind === 'update' ? expressions.updated(before ?? { pk, sk }) : undefined
    return { held, before, after }
  }

  /** A page may end before its limit, and one that ends at it says so, even where nothing follows. */
  #query(
    { TableName, IndexName, ...request }: QueryCommandInput,
    { holds }: Expressions,
    dice: Dice,
  ): object {
    const { backend, faults } = this.#deps
    const index: Index | undefined = Object.values(indexes).find(
      one => one.table === TableName && one.name === IndexName,
    )
    if (index === undefined) throw TableName ? invalid(`No index ${IndexName}`) : noTable()
    const { ExclusiveStartKey: start, ScanIndexForward: ascending = true, Limit = 1_000 } = request
    const shown = backend.shown(index, ({ partition, sort }) =>
      holds({ [index.partition]: partition, [index.sort]: sort }),
    )
    if (!ascending) shown.reverse()
    const from = start && position({ sort: text(start, index.sort), key: keyIn(index, start) })
    const rest = shown.filter(
      row => from === undefined || (ascending ? position(row) > from : position(row) < from),
    )
    const short = dice.chance(faults().throttled) ? dice.between(1, Limit) : Limit
    const page = rest.slice(0, short)
    const Items = page.map(row => rowOf(index, row))
    const LastEvaluatedKey = page.length === short ? Items.at(-1) : undefined
    return { Items, ...(LastEvaluatedKey && { LastEvaluatedKey }) }
  }

  #attributesOf(item: object): Attributes {
    const attributes = this.#attributes.get(item) ?? toAttributes(item)
    this.#attributes.set(item, attributes)
    return attributes
  }
}

function requestFor(keys: readonly Key[]): object {
  const byTable = Object.groupBy(keys, ({ table }) => table)
  const request = ([table, some = []]: readonly [string, Key[]?]) => [
    table,
    { Keys: some.map(({ pk, sk }) => toAttributes({ pk, sk })), ConsistentRead: true },
  ]
  return Object.fromEntries(Object.entries(byTable).map(request))
}

const rowOf = (index: Index, { partition, sort, key: { pk, sk } }: Shown): Attributes =>
  toAttributes({ [index.partition]: partition, [index.sort]: sort, pk, sk })

const text = (item: Attributes, name: string): string => item[name]?.S ?? ''

const keyIn = ({ table }: Index, item: Attributes): Key => ({
  table,
  pk: text(item, 'pk'),
  sk: text(item, 'sk'),
})
