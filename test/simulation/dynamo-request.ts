/** What a command of the SDK's asks of DynamoDB. Throws a `ValidationException` where it asks for nothing that exists. */
import {
  type AttributeValue,
  BatchGetItemCommand,
  DeleteItemCommand,
  PutItemCommand,
  QueryCommand,
  type QueryCommandInput,
  type TransactWriteItem,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb'
import { fromAttributes } from '../../shared/adapters/aws/attribute-value.ts'
import type { Key, Table, TransactOp } from '../../shared/ports/store.ts'
import { invalid, noTable } from './dynamo-errors.ts'
import { type Expressions, type Request, readExpressions } from './dynamo-expressions.ts'

/** The tables go by their own names. */
export const tables = { registry: 'registry', meters: 'meters', spent: 'spent', entries: 'entries' } as const

/** `told` is the operation as the port has it, for those who look at what is written. */
export interface Operation {
  readonly told: TransactOp
  readonly expressions: Expressions
}

export type Asked =
  | { readonly kind: 'read'; readonly keys: readonly Key[] }
  | { readonly kind: 'query'; readonly query: QueryCommandInput; readonly expressions: Expressions }
  | { readonly kind: 'write'; readonly operation: Operation; readonly returns: string | undefined }
  | Transaction

export interface Transaction {
  readonly kind: 'transact'
  readonly operations: readonly Operation[]
  readonly token: string | undefined
  readonly parameters: string
}

type Attributes = Readonly<Record<string, AttributeValue>>

interface ItemRequest extends Request {
  readonly TableName?: string | undefined
  readonly Key?: Attributes | undefined
  readonly Item?: Attributes | undefined
}

export function readCommand(command: unknown): Asked {
  if (command instanceof BatchGetItemCommand) {
    const { RequestItems = {} } = command.input
    const keys = Object.entries(RequestItems).flatMap(([table, { Keys = [], ConsistentRead }]) => {
      if (!ConsistentRead) throw new Error('The port promises to read what was written')
      return Keys.map(key => keyOf(table, key))
    })
    const distinct = new Set(keys.map(idOf)).size
    if (keys.length === 0 || keys.length > 100 || distinct < keys.length)
      throw invalid('1 to 100 keys, each once')
    return { kind: 'read', keys }
  }
  if (command instanceof QueryCommand)
    return { kind: 'query', query: command.input, expressions: readExpressions(command.input) }
  if (command instanceof TransactWriteItemsCommand) {
    const { TransactItems = [], ClientRequestToken: token } = command.input
    const operations = TransactItems.map(transactOperation)
    const distinct = new Set(operations.map(({ told }) => idOf(told.key))).size
    if (operations.length === 0 || operations.length > 100 || distinct < operations.length)
      throw invalid('1 to 100 operations, each on an item of its own')
    if (token !== undefined && !/^.{1,36}$/.test(token)) throw invalid('A token has 1 to 36 characters')
    return { kind: 'transact', operations, token, parameters: JSON.stringify(TransactItems) }
  }
  const operation =
    command instanceof PutItemCommand
      ? operationOf('put', command.input)
      : command instanceof UpdateItemCommand
        ? operationOf('update', command.input)
        : command instanceof DeleteItemCommand
          ? operationOf('remove', command.input)
          : undefined
  if (operation === undefined) throw new Error('The simulated DynamoDB knows no such command')
  const { ReturnValues } = (command as UpdateItemCommand).input
  return { kind: 'write', operation, returns: ReturnValues }
}

/** For the history: as the port's own requests look. */
export function toldOf(asked: Asked): object {
  if (asked.kind === 'read') return asked.keys
  if (asked.kind === 'query') return { index: { name: asked.query.IndexName } }
  return asked.kind === 'write' ? asked.operation.told : asked.operations.map(({ told }) => told)
}

function transactOperation({ Put, Update, Delete, ConditionCheck }: TransactWriteItem): Operation {
  if (Put) return operationOf('put', Put)
  if (Delete) return operationOf('remove', Delete)
  if (Update?.UpdateExpression !== undefined) return operationOf('update', Update)
  if (ConditionCheck?.ConditionExpression !== undefined) return operationOf('check', ConditionCheck)
  throw invalid('An operation of a transaction is a put, an update, a removal or a check')
}

function operationOf(kind: TransactOp['kind'], request: ItemRequest): Operation {
  const { TableName = '', Key, Item = {} } = request
  const expressions = readExpressions(request)
  const key = keyOf(TableName, Key ?? Item)
  if (kind === 'put') return { expressions, told: { kind, key, item: fromAttributes(Item) } }
  if (kind === 'update') return { expressions, told: { kind, key, change: expressions.change } }
  return { expressions, told: { kind, key } }
}

function keyOf(name: string, { pk, sk }: Attributes): Key {
  const table = Object.keys(tables).find(one => one === name) as Table | undefined
  if (table === undefined) throw noTable()
  const key = { table, pk: pk?.S ?? '', sk: sk?.S ?? '' }
  const isPart = (text: string, longest: number): boolean =>
    text !== '' && text.isWellFormed() && Buffer.byteLength(text) <= longest
  if (!isPart(key.pk, 2048) || !isPart(key.sk, 1024)) throw invalid('No such key can exist')
  return key
}

export const idOf = ({ table, pk, sk }: Key): string => `${table} ${pk} ${sk}`
