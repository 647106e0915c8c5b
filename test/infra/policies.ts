/** The policies of a template, to be compared with what somebody would write: exact statements, without intrinsics. */
import type { Resource, TemplateJson } from './synthesis.ts'

export interface Statement {
  readonly Effect: string
  /** A list, whatever the template has; so are `Resource` and the names of `Principal`. */
  readonly Action: readonly string[]
  readonly Resource?: readonly string[]
  readonly Principal?: Readonly<Record<string, readonly string[]>>
  readonly Condition?: unknown
}

export interface Placed {
  /** The resource's id without its hash. */
  readonly id: string
  readonly type: string
  readonly statement: Statement
}

/** The reference of `Fn::Sub`, without its dollar: an attribute of a resource, whose id loses its hash. */
export const arn = (id: string): string => `{${id}.Arn}`

/** Every statement of a template, wherever it stands, an exclusion such as `NotAction` too. */
export function placedStatements(json: TemplateJson): readonly Placed[] {
  return Object.entries(json.Resources).flatMap(([id, { Type, Properties }]) =>
    within(Properties).map(statement => ({ id: withoutHash(id), type: Type, statement: plain(statement) })),
  )
}

export const statementsOf = (json: TemplateJson, type: string, id = ''): readonly Statement[] =>
  placedStatements(json)
    .filter(one => one.type === type && one.id.startsWith(id))
    .map(({ statement }) => statement)

/** The same in any order, of the values and of the names within them. */
export const sorted = <T>(values: readonly T[]): readonly T[] =>
  values.toSorted((a, b) => (inOrder(a) < inOrder(b) ? -1 : 1))

const inOrder = (value: unknown): string =>
  JSON.stringify(value, (_, one: unknown) =>
    typeof one === 'object' && one !== null && !Array.isArray(one)
      ? Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)))
      : one,
  )

/** What CloudFormation would make of a value, with its references left as they are: `{AWS::Region}`, `{KeysData.Arn}`. */
export function readable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(readable)
  if (typeof value !== 'object' || value === null) return value
  const [[name, inner] = ['', undefined], ...others] = Object.entries(value)
  if (others.length === 0 && name === 'Ref') return `{${withoutHash(String(inner))}}`
  if (others.length === 0 && name === 'Fn::GetAtt') {
    const [id, attribute] = inner as readonly [string, string]
    return `{${withoutHash(id)}.${attribute}}`
  }
  if (others.length === 0 && name === 'Fn::Join') {
    const [separator, parts] = inner as readonly [string, readonly unknown[]]
    return parts.map(readable).join(separator)
  }
  if (others.length === 0 && name.startsWith('Fn::')) return `{${name} ${JSON.stringify(readable(inner))}}`
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, readable(one)]))
}

const withoutHash = (id: string): string => id.replace(/[0-9A-F]{8}$/, '')

type Raw = Readonly<Record<string, unknown>>

function within(value: unknown): readonly Raw[] {
  if (typeof value !== 'object' || value === null) return []
  if ('Effect' in value) return [value as Raw]
  return Object.values(value).flatMap(within)
}

function plain(raw: Resource['Properties']): Statement {
  const { Sid: _, ...rest } = readable(raw) as Record<string, unknown>
  const { Action, Resource, Principal } = rest
  return {
    ...rest,
    Action: Action === undefined ? [] : list(Action),
    ...(Resource !== undefined && { Resource: list(Resource) }),
    ...(Principal !== undefined && { Principal: principals(Principal) }),
  } as Statement
}

/** `*` alone says the same as the AWS principal `*`. */
const principals = (value: unknown): Record<string, readonly string[]> =>
  typeof value === 'string'
    ? { AWS: [value] }
    : Object.fromEntries(Object.entries(value as Raw).map(([kind, names]) => [kind, list(names)]))

const list = (value: unknown): readonly string[] => [value].flat() as readonly string[]
