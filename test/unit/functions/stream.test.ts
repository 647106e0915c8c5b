import { describe, expect, test } from 'vitest'
import type { Admitted } from '../../../functions/gate/admit.ts'
import { Run } from '../../../functions/gate/run.ts'
import { streamBody } from '../../../functions/gate/stream.ts'
import { openSqliteStore } from '../../../shared/adapters/embedded/sqlite-store.ts'
import { systemClock as clock } from '../../../shared/adapters/world.ts'
import { refuse } from '../../../shared/domain/refusal.ts'
import type { StreamWatch } from '../../../shared/upstream/operation.ts'
import { memoryObjects } from '../../world/memory-objects.ts'

const telemetry = { count: () => undefined, alarm: () => undefined, error: () => undefined }

/** An upstream that sends these and then nothing more; of its silence the caller hears at once. */
async function streamed(...events: (string | Promise<string>)[]) {
  const store = openSqliteStore(':memory:', [])
  const admitted = {
    allow: { ask: { watch: () => passing }, model: { tokens: {} } },
    call: { eid: 'e', told: [] },
    inForce: {},
  }
  const fingerprinting = { keys: { open: async () => new Uint8Array(32) }, objects: memoryObjects() }
  const run = new Run({ store, clock, telemetry, fingerprinting }, admitted as unknown as Admitted)
  const never = new Promise<never>(() => undefined)
  const bytes = (async function* () {
    for (const event of events) yield Buffer.from(await event)
    await never
  })()
  const watch = {
    fresh: async () => undefined,
    heard: () => undefined,
    silence: () => new Promise<undefined>(resolve => setTimeout(() => resolve(undefined), 1)),
    stop: () => undefined,
  }
  const call = { run, watch, clock, events: passing, request: 'r', sent: undefined }
  return { run, body: streamBody(call, { status: 200, headers: {}, bytes })[Symbol.asyncIterator]() }
}

const passing: StreamWatch = {
  event: () => true,
  close: () => undefined,
  usage: () => undefined,
  finished: false,
  failure: undefined,
  errorEvent: () => Buffer.from(''),
}

const text = ({ value }: IteratorResult<Uint8Array>): string => Buffer.from(value ?? []).toString()

describe('while the caller takes nothing, the upstream', () => {
  test('rests when what it sent has not been taken yet', async () => {
    const { run, body } = await streamed('data: 1\n\n')
    expect(text(await body.next())).toBe('data: 1\n\n')
    expect(run).toMatchObject({ held: true, resting: true })
  })

  test('is still waited for when only a comment has not been taken yet: its silence counts', async () => {
    const { run, body } = await streamed()
    expect(text(await body.next())).toBe(': still waiting\n\n')
    expect(run).toMatchObject({ held: true, resting: false })
  })
})

test('what comes while a comment is not taken goes to nobody where the call was cut meanwhile', async () => {
  const late = Promise.withResolvers<string>()
  const { run, body } = await streamed(late.promise)
  expect(text(await body.next())).toBe(': still waiting\n\n')
  late.resolve('data: too late\n\n')
  // It has come, and the caller is still held to have gone on with the comment.
  await clock.sleep(0)
  run.abort(refuse('grant_revoked', 'It was revoked.'))
  expect(text(await body.next())).not.toContain('too late')
})
