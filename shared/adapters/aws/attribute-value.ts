import type { AttributeValue } from '@aws-sdk/client-dynamodb'
import { isMap } from '../condition.ts'
import { unpackText } from './packed-text.ts'

/**
 * JSON as DynamoDB types it; a member that is undefined is left out, as in JSON. Throws a `TypeError` on anything
 * else and on a name that the SDK cannot carry. Numbers come back as they were: a double's shortest form has 17 digits at most, and DynamoDB keeps 38.
 */
export function toAttribute(value: unknown): AttributeValue {
  if (value === null) return { NULL: true }
  if (typeof value === 'string') return { S: value }
  if (typeof value === 'boolean') return { BOOL: value }
  if (typeof value === 'number' && Number.isFinite(value)) return { N: String(value) }
  if (Array.isArray(value)) return { L: value.map(part => toAttribute(part ?? null)) }
  if (isMap(value) && isPlain(value)) return { M: toAttributes(value) }
  throw new TypeError(`No JSON value: ${typeof value}`)
}

export const toAttributes = (map: object): Record<string, AttributeValue> =>
  Object.fromEntries(
    Object.entries(map)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [checkedName(name), toAttribute(value)]),
  )

/** The SDK reads replies into ordinary objects, where this one is no name: the item could not be read again. */
export function checkedName(name: string): string {
  if (name === '__proto__') throw new TypeError('No attribute is named __proto__')
  return name
}

/** The way back; bytes are a packed text. Throws on sets, which this system never writes. */
export function fromAttribute(value: AttributeValue): unknown {
  if (value.S !== undefined) return value.S
  if (value.N !== undefined) return Number(value.N)
  if (value.BOOL !== undefined) return value.BOOL
  if (value.NULL !== undefined) return null
  if (value.M !== undefined) return fromAttributes(value.M)
  if (value.L !== undefined) return value.L.map(fromAttribute)
  if (value.B !== undefined) return unpackText(value.B)
  throw new Error(`An attribute has a type that this system does not write: ${Object.keys(value)}`)
}

export const fromAttributes = (map: Readonly<Record<string, AttributeValue>>): object =>
  Object.fromEntries(Object.entries(map).map(([name, value]) => [name, fromAttribute(value)]))

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
