/**
 * Whether a new OpenAPI document keeps what an earlier one promised: `/v1` changes only by addition. What somebody
 * could send must still be taken, and what they were told they would get must still come. Lists of values in answers
 * may grow, as the document says.
 */
import { isDeepStrictEqual } from 'node:util'
import type { ApiDocument } from './document.ts'

type Json = Readonly<Record<string, unknown>>
/** `taken`: parameters and bodies of requests. `given`: bodies of answers. */
type Side = 'taken' | 'given'

const methods = ['get', 'post', 'patch', 'delete', 'put']

/** A sentence for each promise that is broken. */
export function breaks(before: ApiDocument, after: ApiDocument): readonly string[] {
  const old = operationsOf(before)
  const now = operationsOf(after)
  const judge = schemaJudge(before, after)
  return [...old].flatMap(([at, was]) => {
    const is = now.get(at)
    if (is === undefined) return [`${at} is gone`]
    return [
      ...(was.operationId === is.operationId ? [] : [`${at} is no longer called ${was.operationId}`]),
      ...lostSecurity(was, is).map(what => `${at} ${what}`),
      ...parameterBreaks(at, parametersOf(before, was), parametersOf(after, is), judge),
      ...bodyBreaks(at, was, is, judge),
      ...answerBreaks(at, responsesOf(before, was), responsesOf(after, is), judge),
    ]
  })
}

type Judge = (side: Side, at: string, was: Json, is: Json) => readonly string[]

const operationsOf = (document: ApiDocument): ReadonlyMap<string, Json> =>
  new Map(
    Object.entries(asObject(document.paths)).flatMap(([path, item]) =>
      Object.entries(asObject(item))
        .filter(([method]) => methods.includes(method))
        .map(([method, operation]) => [`${method.toUpperCase()} ${path}`, asObject(operation)] as const),
    ),
  )

const lostSecurity = (was: Json, is: Json): readonly string[] =>
  asList(was.security).some(one => !asList(is.security).some(other => isDeepStrictEqual(one, other))) ||
  (asList(was.security).length === 0 && asList(is.security).length > 0)
    ? ['asks for another token']
    : []

function parameterBreaks(
  at: string,
  was: ReadonlyMap<string, Json>,
  is: ReadonlyMap<string, Json>,
  judge: Judge,
): readonly string[] {
  const lost = [...was].flatMap(([name, one]) => {
    const other = is.get(name)
    if (other === undefined) return [`${at} no longer takes ${name}`]
    return judge('taken', `${at} ${name}`, asObject(one.schema), asObject(other.schema))
  })
  const asked = [...is].filter(([name, one]) => one.required === true && was.get(name)?.required !== true)
  return [...lost, ...asked.map(([name]) => `${at} newly asks for ${name}`)]
}

function bodyBreaks(at: string, was: Json, is: Json, judge: Judge): readonly string[] {
  const [old, now] = [was, is].map(one => contentOf(asObject(one.requestBody)))
  if (old === undefined) return now === undefined ? [] : [`${at} newly asks for a body`]
  return now === undefined ? [`${at} no longer takes a body`] : judge('taken', `${at} body`, old, now)
}

/** Of answers and of refusals: what comes with a status that stays. A status of an answer stays. */
function answerBreaks(
  at: string,
  was: ReadonlyMap<string, Json>,
  is: ReadonlyMap<string, Json>,
  judge: Judge,
): readonly string[] {
  return [...was].flatMap(([status, one]) => {
    const other = is.get(status)
    if (other === undefined) return status.startsWith('2') ? [`${at} no longer answers ${status}`] : []
    const [old, now] = [contentOf(one), contentOf(other)]
    return old && now ? judge('given', `${at} ${status}`, old, now) : []
  })
}

function schemaJudge(before: ApiDocument, after: ApiDocument): Judge {
  /** Pairs of references under way: shapes can contain themselves. */
  const open = new Set<string>()
  const judge: Judge = (side, at, oldShape, newShape) => {
    const pair = `${side} ${oldShape.$ref} ${newShape.$ref}`
    const named = oldShape.$ref !== undefined || newShape.$ref !== undefined
    if (named && open.has(pair)) return []
    if (named) open.add(pair)
    const found = judgeShapes(side, at, resolve(before, oldShape), resolve(after, newShape))
    if (named) open.delete(pair)
    return found
  }
  const judgeShapes: Judge = (side, at, was, is) => {
    const [old, now] = [alternatives(was), alternatives(is)]
    if (old.length > 1 || now.length > 1) {
      const [bound, free] = side === 'taken' ? [old, now] : [now, old]
      const fits = (one: Json, other: Json): boolean =>
        (side === 'taken' ? judge(side, at, one, other) : judge(side, at, other, one)).length === 0
      return bound.every(one => free.some(other => fits(one, other))) ? [] : [`${at} is of other kinds`]
    }
    return [...typeBreaks(side, at, was, is), ...boundBreaks(side, at, was, is), ...parts(side, at, was, is)]
  }
  /** What a shape is made of. */
  const parts: Judge = (side, at, was, is) => {
    const [old, now] = [asObject(was.properties), asObject(is.properties)]
    const [mustOld, mustNow] = [asList(was.required), asList(is.required)]
    const fields = Object.keys(old).flatMap(name => {
      if (name in now) return judge(side, `${at}.${name}`, asObject(old[name]), asObject(now[name]))
      return [`${at}.${name} is gone`]
    })
    const needs =
      side === 'given'
        ? mustOld.filter(name => !mustNow.includes(name)).map(name => `${at}.${name} may be missing`)
        : mustNow.filter(name => !mustOld.includes(name)).map(name => `${at}.${name} is newly asked for`)
    const inner = ['items', 'additionalProperties'].flatMap(key =>
      isObject(was[key]) && isObject(is[key]) ? judge(side, `${at}[]`, was[key], is[key]) : [],
    )
    const allOf = asList(was.allOf).flatMap((one, i) => {
      const other = asList(is.allOf)[i]
      return other === undefined ? [`${at} lost a part`] : judge(side, at, asObject(one), asObject(other))
    })
    return [...fields, ...needs, ...inner, ...allOf]
  }
  return judge
}

function typeBreaks(side: Side, at: string, was: Json, is: Json): readonly string[] {
  const [old, now] = [typesOf(was), typesOf(is)]
  const [narrow, wide] = side === 'taken' ? [old, now] : [now, old]
  if (wide !== undefined && (narrow === undefined || narrow.some(one => !wide.includes(one))))
    return [`${at} was ${old?.join(' or ') ?? 'anything'} and is ${now?.join(' or ') ?? 'anything'}`]
  if (side === 'given') return []
  const [oldValues, newValues] = [valuesOf(was), valuesOf(is)]
  if (newValues === undefined) return []
  if (oldValues === undefined) return [`${at} takes some values only`]
  return oldValues
    .filter(one => !newValues.includes(one))
    .map(one => `${at} no longer takes ${JSON.stringify(one)}`)
}

const most = ['maximum', 'maxLength', 'maxItems']
const least = ['minimum', 'minLength', 'minItems']

/** What can be sent is not bounded more narrowly. */
function boundBreaks(side: Side, at: string, was: Json, is: Json): readonly string[] {
  if (side === 'given') return []
  const number = (value: unknown, absent: number): number => (typeof value === 'number' ? value : absent)
  const narrower = [
    ...most.filter(
      key => number(is[key], Number.POSITIVE_INFINITY) < number(was[key], Number.POSITIVE_INFINITY),
    ),
    ...least.filter(
      key => number(is[key], Number.NEGATIVE_INFINITY) > number(was[key], Number.NEGATIVE_INFINITY),
    ),
    ...['pattern', 'format'].filter(key => is[key] !== undefined && is[key] !== was[key]),
    // Fields beyond those that are named are refused now.
    ...['additionalProperties'].filter(key => is[key] === false && was[key] !== false),
  ]
  return narrower.map(key => `${at} has another ${key}`)
}

const typesOf = ({ type, const: value }: Json): readonly unknown[] | undefined => {
  if (type !== undefined) return [type].flat()
  return value === undefined ? undefined : [value === null ? 'null' : typeof value]
}
const valuesOf = ({ enum: values, const: value }: Json): readonly unknown[] | undefined =>
  Array.isArray(values) ? values : value === undefined ? undefined : [value]
const alternatives = (shape: Json): readonly Json[] => {
  const listed = [...asList(shape.anyOf), ...asList(shape.oneOf)]
  return listed.length > 0 ? listed.map(asObject) : [shape]
}

function parametersOf(document: ApiDocument, operation: Json): ReadonlyMap<string, Json> {
  return new Map(
    asList(operation.parameters).map(one => {
      const parameter = resolve(document, asObject(one))
      return [`${parameter.in} ${parameter.name}`, parameter]
    }),
  )
}

const responsesOf = (document: ApiDocument, operation: Json): ReadonlyMap<string, Json> =>
  new Map(
    Object.entries(asObject(operation.responses)).map(([status, one]) => [
      status,
      resolve(document, asObject(one)),
    ]),
  )

const contentOf = ({ content }: Json): Json | undefined => {
  const [media] = Object.values(asObject(content))
  return media === undefined ? undefined : asObject(asObject(media).schema)
}

/** By a pointer into the document itself; there are no others. */
function resolve(document: ApiDocument, shape: Json): Json {
  if (typeof shape.$ref !== 'string') return shape
  const found = shape.$ref
    .slice(2)
    .split('/')
    .reduce<unknown>((at, step) => asObject(at)[step], document)
  return resolve(document, asObject(found))
}

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const asObject = (value: unknown): Json => (isObject(value) ? value : {})
const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])
