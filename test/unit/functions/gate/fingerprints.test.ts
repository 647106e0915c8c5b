/** What of a reply is kept as fingerprints: what its caller was sent, no more and no less, named by the call's outcome. */
import { afterEach, describe, expect, test } from 'vitest'
import { createAttributionKeys } from '../../../../functions/attribution-keys.ts'
import type { Admitted } from '../../../../functions/gate/admit.ts'
import { type ExchangeDeps, exchange } from '../../../../functions/gate/exchange.ts'
import { openTrace, type SentReply } from '../../../../functions/gate/fingerprints.ts'
import { openSqliteStore } from '../../../../shared/adapters/embedded/sqlite-store.ts'
import { systemClock, systemRandom } from '../../../../shared/adapters/world.ts'
import { keys } from '../../../../shared/domain/keys.ts'
import { Refusal } from '../../../../shared/domain/refusal.ts'
import { type CallFacts, intentEntry } from '../../../../shared/entries/call.ts'
import { outcomeId, timeOfEntry } from '../../../../shared/entries/id.ts'
import { putEntry } from '../../../../shared/entries/put.ts'
import { fingerprintsOf } from '../../../../shared/fingerprint/fingerprints.ts'
import { parsePending, pendingKey } from '../../../../shared/fingerprint/pending.ts'
import { formatSet, setDigest } from '../../../../shared/fingerprint/set.ts'
import type { HttpResponse } from '../../../../shared/ports/http.ts'
import { ObjectsUnavailable } from '../../../../shared/ports/objects.ts'
import { openaiChat } from '../../../../shared/upstream/openai-chat.ts'
import { openaiEmbeddings } from '../../../../shared/upstream/openai-embeddings.ts'
import type { Operation } from '../../../../shared/upstream/operation.ts'
import { epochAt } from '../../../../shared/watermark/epoch.ts'
import { told } from '../../../world/entries.ts'
import { memoryObjects } from '../../../world/memory-objects.ts'
import { base, event, prepared } from '../../upstream/reading.ts'

const agreement = { id: 'agreement_1', digest: 'd' }
const caller = { organisation: 'cedar', client: 'client_1', model: 'aurora', agreement }
const opened: { close(): void }[] = []
afterEach(() => {
  for (const one of opened.splice(0)) one.close()
})

/** One call that was admitted, up to the end of its reply. */
async function world(operation: Operation = openaiChat) {
  const store = openSqliteStore(':memory:', [])
  opened.push(store)
  const objects = memoryObjects()
  const alarms: unknown[] = []
  const failing = { puts: 0 }
  const asIs = async (bytes: Uint8Array): Promise<Uint8Array> => bytes
  const attribution = createAttributionKeys({
    store,
    secrets: { wrap: asIs, unwrap: asIs },
    random: systemRandom,
  })
  const deps = {
    store,
    // Pauses between attempts are not waited for; the beat's are.
    clock: {
      ...systemClock,
      sleep: (ms: number, signal?: AbortSignal) => systemClock.sleep(signal ? ms : 0, signal),
    },
    telemetry: {
      count: () => undefined,
      error: () => undefined,
      alarm: (name: string, fields: object) => void alarms.push({ name, ...fields }),
    },
    leaseMs: 30_000,
    idleMs: { stream: 10_000, json: 10_000 },
    credential: async () => 'key',
    fingerprinting: {
      keys: attribution,
      objects: {
        put: async (...put: Parameters<typeof objects.put>) => {
          if (failing.puts-- > 0) throw new ObjectsUnavailable('no answer')
          return objects.put(...put)
        },
      },
    },
  }
  const facts = { ...caller, request: 'r', clauses: [], protocol: 'openai', operation: operation.name }
  const { eid, entry } = intentEntry(
    facts as unknown as CallFacts,
    { reserve: 50, meters: [] },
    Date.now(),
    systemRandom.bytes(16),
  )
  await store.write(putEntry({ eid, entry }))

  const answer = async (
    response: Pick<HttpResponse, 'bytes'> & { readonly status?: number },
    stream: boolean,
  ) => {
    const sent = await openTrace(deps, operation, eid)
    if (sent instanceof Refusal) throw new Error(sent.code)
    const ask = prepared(openaiChat, { ...base, ...(stream && { stream }) })
    const admitted = {
      caller,
      allow: { ask, until: Date.now() + 60_000, model: { tokens: {}, upstreams: { openai: { url: '' } } } },
      call: { eid, intent: entry, meters: [], told: [] },
      sent,
      inForce: {},
      readAt: Date.now(),
    }
    const headers = { 'content-type': stream ? 'text/event-stream' : 'application/json' }
    const http = { open: async () => ({ status: 200, headers, ...response }) }
    const reply = await exchange(
      { ...deps, http } as unknown as ExchangeDeps,
      admitted as unknown as Admitted,
      { request: 'r', operation, version: undefined },
      new AbortController().signal,
    )
    if (reply instanceof Refusal) return undefined
    return reply.body as string | AsyncIterable<Uint8Array>
  }
  const outcome = async () => {
    const [found] = await store.get([keys.entry(outcomeId(eid))])
    if (found === undefined) throw new Error('no outcome')
    const { fingerprints, fingerprints_cut, ending } = told(found)
    return { attr: found.attr, fingerprints, fingerprints_cut, ending, body: found.body }
  }
  const kept = () => {
    const bytes = objects.all.get(pendingKey(outcomeId(eid)))
    return bytes && parsePending(bytes)
  }
  /** What the outcome and the set must be of these texts. */
  const expected = async (...texts: readonly string[]) =>
    fingerprintsOf(await attribution.open(epochAt(timeOfEntry(eid))), texts)
  return { eid, deps, objects, alarms, failing, answer, outcome, kept, expected }
}

const words = 'the quick brown fox jumps over the lazy dog and then it sleeps for the rest of a long day'
const chunks = words.split(/(?<= )/)
const delta = (content: string): Buffer => event({ choices: [{ index: 0, delta: { content } }] })
const end = [event({ choices: [], usage: { prompt_tokens: 3, completion_tokens: 4 } }), event('[DONE]')]

async function* sending(events: readonly Uint8Array[], broken = false): AsyncGenerator<Uint8Array> {
  yield* events
  if (broken) throw new Error('the connection broke')
}
const stream = (events: readonly Uint8Array[], broken = false) => ({ bytes: sending(events, broken) })
const document = (content: string) =>
  stream([
    Buffer.from(
      JSON.stringify({
        choices: [{ index: 0, message: { content } }],
        usage: { prompt_tokens: 3, completion_tokens: 4 },
      }),
    ),
  ])

async function taken(body: string | AsyncIterable<Uint8Array> | undefined): Promise<string> {
  if (body === undefined || typeof body === 'string') return body ?? ''
  const parts: Uint8Array[] = []
  for await (const part of body) parts.push(part)
  return Buffer.concat(parts).toString()
}

describe('the fingerprints of a reply', () => {
  test('are of what was streamed, and the outcome names their set and counts them, without a word of the text', async () => {
    const { eid, answer, outcome, kept, expected, objects } = await world()
    await taken(await answer(stream([...chunks.map(delta), ...end]), true))
    const set = await expected(words)
    expect(set.length).toBeGreaterThan(1)
    const found = await outcome()
    expect(found).toMatchObject({
      ending: 'completed',
      fingerprints: set.length,
      attr: setDigest(formatSet(set)),
    })
    expect(found).toMatchObject({ fingerprints_cut: undefined })
    expect(kept()).toEqual({
      eid: outcomeId(eid),
      organisation: 'cedar',
      agreement: 'agreement_1',
      client: 'client_1',
      model: 'aurora',
      words: 20,
      fingerprints: set,
    })
    for (const text of [found.body, Buffer.from([...objects.all.values()][0] ?? []).toString('latin1')])
      expect(text).not.toMatch(/quick|jumps|sleeps/)
  })

  test('are the same of a reply that is one document', async () => {
    const { answer, outcome, kept, expected } = await world()
    expect(await answer(document(words), false)).toContain(words)
    expect(kept()?.fingerprints).toEqual(await expected(words))
    expect(await outcome()).toMatchObject({ attr: setDigest(formatSet(await expected(words))) })
  })

  test('end with what the upstream sent, where it broke off', async () => {
    const { answer, outcome, kept, expected } = await world()
    await taken(await answer(stream(chunks.slice(0, 9).map(delta), true), true))
    expect(await outcome()).toMatchObject({ ending: 'upstream_failed', fingerprints: expect.any(Number) })
    expect(kept()?.fingerprints).toEqual(await expected(chunks.slice(0, 9).join('')))
  })

  test('end with what the caller was given, where it has gone', async () => {
    const { answer, outcome, kept, expected } = await world()
    const body = (await answer(stream([...chunks.map(delta), ...end]), true)) as AsyncIterable<Uint8Array>
    let pieces = 0
    for await (const _ of body) if (++pieces === 9) break
    expect(await outcome()).toMatchObject({ ending: 'client_gone', fingerprints: expect.any(Number) })
    expect(kept()?.fingerprints).toEqual(await expected(chunks.slice(0, 9).join('')))
  })

  test('are none of what has not five words, of an upstream’s refusal, and of a reply without text', async () => {
    const short = await world()
    await taken(await short.answer(stream([delta('only four words here'), ...end]), true))
    const refused = await world()
    const message = 'a model with this name is not served here at all'
    await refused.answer(
      { ...stream([Buffer.from(JSON.stringify({ error: { message } }))]), status: 404 },
      false,
    )
    const numbers = await world(openaiEmbeddings)
    await numbers.answer(document(words), false)
    for (const { outcome, kept } of [short, refused, numbers]) {
      expect(await outcome()).toMatchObject({ attr: undefined, fingerprints: undefined })
      expect(kept()).toBeUndefined()
    }
  })

  test('are of the first 16 MB of a reply, and the outcome says so', async () => {
    const { answer, outcome, kept, expected } = await world()
    const pad = 'x'.repeat(1 << 20)
    const long = Array.from({ length: 17 }, () => event({ choices: [{ index: 0, delta: {} }], pad }))
    await taken(
      await answer(stream([delta(words), ...long, delta(' and what comes then is not held'), ...end]), true),
    )
    expect(await outcome()).toMatchObject({ fingerprints_cut: true })
    expect(kept()?.fingerprints).toEqual(await expected(words))
  })
})

test('those of a long reply leave other calls their turns, whose authority is read each second', async () => {
  const { answer, kept, expected } = await world()
  const long = 'word '.repeat(100_000)
  let turns = 0
  let over = false
  const turn = (): void => {
    turns += 1
    if (!over) setImmediate(turn)
  }
  setImmediate(turn)
  await answer(document(long), false)
  over = true
  expect(turns).toBeGreaterThanOrEqual(15)
  expect(kept()).toMatchObject({ words: 100_000, fingerprints: await expected(long) })
})

describe('where they cannot be kept', () => {
  test('it is tried again, and the call ends once', async () => {
    const { answer, outcome, kept, failing, alarms, expected } = await world()
    failing.puts = 3
    await taken(await answer(stream([...chunks.map(delta), ...end]), true))
    expect(await outcome()).toMatchObject({ ending: 'completed' })
    expect(kept()?.fingerprints).toEqual(await expected(words))
    expect(alarms).toEqual([])
  })

  test('at last an alarm names the call, which has its outcome all the same', async () => {
    const { eid, answer, outcome, kept, failing, alarms } = await world()
    failing.puts = Number.POSITIVE_INFINITY
    expect(await taken(await answer(stream([...chunks.map(delta), ...end]), true))).toContain('[DONE]')
    expect(await outcome()).toMatchObject({ ending: 'completed', attr: expect.any(String) })
    expect(kept()).toBeUndefined()
    expect(alarms).toEqual([{ name: 'fingerprints_lost', entry: eid }])
  })

  test('one that is there already is the own of an attempt whose answer was lost', async () => {
    const { eid, answer, objects, alarms } = await world()
    await objects.put(pendingKey(outcomeId(eid)), new Uint8Array(), { ifAbsent: true })
    await taken(await answer(document(words), false))
    expect(alarms).toEqual([])
  })

  test('what is wrong with them keeps no call from its end', async () => {
    const { eid, deps, alarms, outcome, answer } = await world({
      ...openaiChat,
      text: {
        document: () => {
          throw new Error('a mistake')
        },
        event: () => [],
      },
    })
    expect(await answer(document(words), false)).toContain(words)
    expect(await outcome()).toMatchObject({ ending: 'completed', attr: undefined })
    expect(alarms).toEqual([{ name: 'fingerprints_lost', entry: eid }])
    expect(deps).toBeDefined()
  })
})

test('a call whose key does not open is refused before anything is asked for it', async () => {
  const { deps, eid } = await world()
  const fingerprinting = {
    ...deps.fingerprinting,
    keys: { open: () => Promise.reject(new Error('KMS did not answer')) },
  }
  const sent: SentReply | Refusal | undefined = await openTrace({ ...deps, fingerprinting }, openaiChat, eid)
  expect(sent).toBeInstanceOf(Refusal)
  expect(sent).toMatchObject({ code: 'record_unavailable' })
  expect(await openTrace({ ...deps, fingerprinting }, openaiEmbeddings, eid)).toBeUndefined()
})
