/** Judges what `/api/v1` answers by the shapes that it publishes. */
import * as z from 'zod'
import type { Operation } from '../../functions/api/operation.ts'
import { operations } from '../../functions/api/operations.ts'
import { answersOf } from '../../scripts/openapi/answers.ts'
import { problemShapes, refusedWith } from '../../scripts/openapi/problems.ts'

const byId = new Map(operations.map(operation => [operation.id, operation]))
const closed = new WeakMap<z.ZodType, z.ZodType>()

/**
 * Throws where the status is none that the operation publishes, or the body does not fit its shape. Strictly: a field
 * that the shape does not name fails as well, though readers of the published document must bear with it.
 */
export function validateAnswer(operationId: string, status: number, body: unknown): void {
  const operation = byId.get(operationId)
  if (operation === undefined) throw new Error(`There is no operation ${operationId}.`)
  const shape = shapeOf(operation, status)
  if (shape === undefined) throw new Error(`${operationId} publishes no answer ${status}: ${told(body)}`)
  for (const judge of [shape, strictly(shape)]) {
    const { error } = judge.safeParse(body)
    if (error) throw new Error(`${operationId} ${status}: ${z.prettifyError(error)}\n${told(body)}`)
  }
}

/** The operation that serves a path below `/api/v1`, its query left out. */
export function operationAt(method: string, path: string): string | undefined {
  const steps = path.split('/')
  return operations.find(operation => {
    const names = operation.path.split('/')
    return (
      operation.method === method &&
      names.length === steps.length &&
      names.every((name, i) => name.startsWith('{') || name === steps[i])
    )
  })?.id
}

const shapeOf = (operation: Operation, status: number): z.ZodType | undefined =>
  answersOf(operation).get(status) ??
  problemShapes.get(refusedWith(operation).find(one => one === status) ?? (0 as never))

/** By way of JSON Schema, which closes every object that is not open on purpose, also those within unions. */
function strictly(shape: z.ZodType): z.ZodType {
  const made = closed.get(shape) ?? z.fromJSONSchema(z.toJSONSchema(shape, { io: 'output' }) as never)
  closed.set(shape, made)
  return made
}

const told = (body: unknown): string => JSON.stringify(body, null, 1)?.slice(0, 2_000) ?? String(body)
