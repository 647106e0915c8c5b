/** Replies that wait to be packed, a bucket, and exporters that can die at any of its operations. */
import type { ExporterDeps } from '../../../functions/exporter/deps.ts'
import { listSegments, numbersBelow, segmentKey } from '../../../functions/exporter/fingerprints/names.ts'
import { repliesOf } from '../../../functions/exporter/fingerprints/segments.ts'
import { openSqliteStore } from '../../../shared/adapters/embedded/sqlite-store.ts'
import { indexes } from '../../../shared/domain/keys.ts'
import { entryId, outcomeId } from '../../../shared/entries/id.ts'
import { fingerprintsOf } from '../../../shared/fingerprint/fingerprints.ts'
import {
  formatPending,
  type PendingReply,
  parsePending,
  pendingKey,
} from '../../../shared/fingerprint/pending.ts'
import { units } from '../../../shared/fingerprint/units.ts'
import type { RemovableObjects } from '../../../shared/ports/objects.ts'
import { epochAt } from '../../../shared/watermark/epoch.ts'
import { quiet } from '../../world/embedded.ts'
import { testLogView, testSecrets } from '../../world/log-view.ts'
import { memoryObjects } from '../../world/memory-objects.ts'

export const hourMs = 3_600_000
export const dayMs = 24 * hourMs
/** The first hour of a month. */
export const begins = Date.UTC(2026, 10, 1)
export const epoch = epochAt(begins)
export const retentionMs = 365 * dayMs

const key = Buffer.alloc(32, 7)

/** A text of `words` words that no other `seed` has. */
export const textOf = (seed: number | string, words = 60): string =>
  Array.from({ length: words }, (_, n) => `w${seed}x${n}`).join(' ')

export function fingerprintWorld() {
  const store = openSqliteStore(':memory:', Object.values(indexes))
  const objects = memoryObjects()
  const errors: string[] = []
  let now = begins
  let serial = 0
  const telemetry = {
    ...quiet,
    error: (message: string, error: unknown) => void errors.push(`${message}: ${(error as Error)?.message}`),
  }
  const random = { bytes: (n: number) => Buffer.alloc(n, ++serial) }
  const deps = (over: Partial<ExporterDeps> = {}): ExporterDeps => ({
    ...{ store, objects, secrets: testSecrets, random, telemetry, witnesses: [], retentionMs },
    clock: { now: () => now, sleep: async () => undefined },
    log: testLogView(store, 64, objects),
    ...over,
  })

  /** As the gate leaves one, of a call that began at `at`. */
  async function leave(
    at: number,
    text = textOf(serial),
    facts: Partial<PendingReply> = {},
  ): Promise<PendingReply> {
    const organisation = facts.organisation ?? 'cedar'
    const random16 = Buffer.alloc(16)
    random16.writeUInt32BE(++serial, 12)
    const reply: PendingReply = {
      eid: outcomeId(entryId(at, random16)),
      organisation,
      agreement: `agreement_${organisation}`,
      client: `client_${organisation}`,
      model: 'aurora',
      words: units(text).length,
      fingerprints: fingerprintsOf(key, [text]),
      ...facts,
    }
    await objects.put(pendingKey(reply.eid), formatPending(reply), { ifAbsent: true })
    return reply
  }

  const waiting = (): readonly string[] =>
    [...objects.all.keys()].filter(name => name.startsWith('attr/pending/')).sort()

  return {
    store,
    objects,
    errors,
    deps,
    leave,
    waiting,
    now: () => now,
    pass: (ms: number) => {
      now += ms
    },
    segments: async (of = epoch): Promise<readonly string[]> =>
      (await listSegments(objects, of)).map(segmentKey),
    /** The ids of all replies that stand in segments, as often as they do. */
    async packed(of = epoch): Promise<readonly string[]> {
      const found: string[] = []
      for (const name of await listSegments(objects, of))
        for (const { eid } of await repliesOf(objects, name)) found.push(eid)
      return found.sort()
    },
    epochs: () => numbersBelow(objects, 'attr/'),
    waitingReplies: (): readonly string[] =>
      waiting().map(name => parsePending(objects.all.get(name) ?? new Uint8Array())?.eid ?? 'none'),
  }
}
export type FingerprintWorld = ReturnType<typeof fingerprintWorld>

/** An exporter that dies at its `n`th operation on objects: before it is done, or behind it. */
export function dyingAt(objects: RemovableObjects, n: number, behind: boolean): RemovableObjects {
  let done = 0
  const died = new Error('the process died')
  const at = async <T>(work: () => Promise<T>): Promise<T> => {
    done += 1
    if (done > n || (done === n && !behind)) throw died
    const result = await work()
    if (done === n) throw died
    return result
  }
  return {
    put: (name, bytes, condition) => at(() => objects.put(name, bytes, condition)),
    get: (name, range) => at(() => objects.get(name, range)),
    list: (prefix, after) => at(() => objects.list(prefix, after)),
    remove: name => at(() => objects.remove(name)),
  }
}
