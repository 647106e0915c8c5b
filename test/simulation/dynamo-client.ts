/**
 * One process's client of DynamoDB, under the product's own adapter: what happens between the two. An attempt never
 * arrives, or long after its sender has given it up; it is throttled, or fails inside before or after it took effect;
 * its answer is lost, or late.
 */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import type { Dice } from './dice.ts'
import { cancelled, conflict, connectionError, internal, isInvalid, throttles } from './dynamo-errors.ts'
import { type Asked, readCommand, type Transaction, toldOf } from './dynamo-request.ts'
import type { DynamoService } from './dynamo-service.ts'
import type { Faults } from './faults.ts'
import { type RequestKind, travel, type Way } from './way.ts'

export interface ClientDeps extends Way {
  readonly service: DynamoService
}

export type Client = Pick<DynamoDBClient, 'send'>

export function createSimulatedClient(way: ClientDeps): Client {
  const send = (command: unknown, options: { readonly abortSignal?: AbortSignal } = {}): Promise<object> =>
    new Promise((resolve, reject) => {
      options.abortSignal?.addEventListener('abort', () => reject(new Error('Request aborted')))
      try {
        if (way.process.alive) attempt(way, readCommand(command), resolve, reject)
      } catch (error) {
        way.threw(error)
        throw error
      }
    })
  return { send } as unknown as Client
}

function attempt(
  way: ClientDeps,
  asked: Asked,
  resolve: (answer: object) => void,
  reject: (error: unknown) => void,
): void {
  const { scheduler, dice, process, service } = way
  const faults = way.faults()
  const told = toldOf(asked)
  const fail = ({ error }: Failure): void => {
    if (error) scheduler.after(dice.between(0, 50), () => reject(error), process)
  }
  const failure = onTheWay(way, asked)
  if (failure) {
    way.note(failure.why, told)
    fail(failure)
    return
  }
  const arrive = async (): Promise<void> => {
    const unanswered = dice.chance(faults.unanswered)
    const answer = (became: string, hear: () => void): void => {
      way.note(unanswered ? `${became}, unanswered` : became, told)
      if (unanswered) fail(noAnswer('unanswered', dice))
      else scheduler.after(travel(dice, faults), hear, process)
    }
    try {
      const done = await service.perform(asked, process, dice)
      answer(isPartial(done) ? 'done in part' : 'done', () => resolve(done))
    } catch (error) {
      if (isInvalid(error)) way.threw(error)
      answer(`not done, ${(error as Error).name}`, () => reject(error))
    }
  }
  // What was sent arrives, whether its sender waits for it, lives or not.
  scheduler.after(dice.between(0, 3) + delay(dice, faults, kindOf(asked)), arrive)
}

interface Failure {
  readonly why: string
  /** Nothing where the adapter waits in vain. */
  readonly error: Error | undefined
}

function onTheWay({ cutOff, faults, dice }: ClientDeps, asked: Asked): Failure | undefined {
  const { lost, throttled, conflict } = faults()
  const kind = kindOf(asked)
  if (cutOff(kind)) return { why: 'cut off', error: connectionError('ECONNREFUSED') }
  if (dice.chance(lost)) return noAnswer('lost', dice)
  if (dice.chance(throttled)) return { why: 'throttled', error: throttle(asked, dice) }
  if (kind === 'read' || !dice.chance(kind === 'write' ? conflict / 5 : conflict)) return undefined
  return { why: 'conflict', error: inTheWay(asked, dice) }
}

const kindOf = ({ kind }: Asked): RequestKind => (kind === 'query' ? 'read' : kind)

const isPartial = (done: { readonly UnprocessedKeys?: object }): boolean =>
  Object.keys(done.UnprocessedKeys ?? {}).length > 0

/** How much later than usual it arrives: after a retry of it, after its whole call, after its sender. */
function delay(dice: Dice, { stuck, twice }: Faults, kind: RequestKind): number {
  if (dice.chance(stuck)) return dice.between(3_000, 45_000)
  if (kind === 'read' || !dice.chance(twice / 2)) return 0
  return dice.pick([dice.below(50), dice.below(4_000), dice.below(60_000)])
}

/** What leaves open whether it was done. */
const noAnswer = (why: string, dice: Dice): Failure => ({
  why,
  error: dice.pick([undefined, connectionError('ECONNRESET'), internal()]),
})

/** A transaction is throttled as a whole, or for one of its items. */
function throttle(asked: Asked, dice: Dice): Error {
  if (asked.kind !== 'transact' || dice.chance(0.5)) return dice.pick(throttles)()
  return cancelledFor(dice.pick(['ThrottlingError', 'ProvisionedThroughputExceeded']), asked, dice)
}

function inTheWay(asked: Asked, dice: Dice): Error {
  return asked.kind === 'transact' ? cancelledFor('TransactionConflict', asked, dice) : conflict()
}

function cancelledFor(code: string, { operations }: Transaction, dice: Dice): Error {
  const at = dice.below(operations.length)
  return cancelled(operations.map((_, i) => ({ Code: i === at ? code : 'None' })))
}
