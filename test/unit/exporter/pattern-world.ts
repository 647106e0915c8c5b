/** Partners, offices and an agreement that sets thresholds, with what was sent on days before, as segments in a bucket. */

import { nameOfSegment, segmentKey } from '../../../functions/exporter/fingerprints/names.ts'
import { findPatterns, type PatternDeps } from '../../../functions/exporter/patterns.ts'
import { documentFormat } from '../../../shared/agreements/document.ts'
import type { Clause, PatternTerms } from '../../../shared/domain/clauses.ts'
import type { Finding } from '../../../shared/domain/findings.ts'
import { type Governed, indexes, keys, listed } from '../../../shared/domain/keys.ts'
import type { Notice } from '../../../shared/domain/notices.ts'
import { hourOf } from '../../../shared/domain/time.ts'
import { entryId, outcomeId } from '../../../shared/entries/id.ts'
import { buildSegment } from '../../../shared/fingerprint/build-segment.ts'
import type { PendingReply } from '../../../shared/fingerprint/pending.ts'
import type { Key } from '../../../shared/ports/store.ts'
import { epochAt } from '../../../shared/watermark/epoch.ts'
import { memoryObjects } from '../../world/memory-objects.ts'
import { findingWorld, issuer } from '../functions/governance/finding-world.ts'
import { day, start } from '../functions/governance/grant-world.ts'

export { day, issuer }
export const hour = 3_600_000
/** The day that is over at `start`, by when it began. */
export const yesterday = start - (start % day) - day
export const dayText = (ms: number): string => new Date(ms).toISOString().slice(0, 10)

export interface Sent {
  readonly client: string
  /** What its fingerprints are made of: the same for the same. */
  readonly of: readonly number[]
  readonly agreement?: string
  readonly words?: number
}

const fingerprintsOf = (of: readonly number[]): BigUint64Array =>
  BigUint64Array.from(
    of.flatMap(n =>
      Array.from({ length: 6 }, (_, i) => (BigInt(n) * 0x9e3779b97f4a7c15n + BigInt(i)) % 2n ** 64n),
    ),
  ).sort()

let made = 0
/** Of no other reply. */
export const apart = (n: number): number[] => Array.from({ length: n }, () => ++made + 1_000_000)

/** Asked once by each of so many clients. */
export const repeatedSent = (clients = 4, answers = 6): readonly Sent[] =>
  Array.from({ length: answers }, () => apart(3)).flatMap(of =>
    Array.from({ length: clients }, (_, i) => ({ client: `client_${i}`, of })),
  )

export async function patternWorld(
  terms: PatternTerms | undefined = { repetition_percent: 50, least_replies: 10 },
) {
  const world = await findingWorld()
  const objects = memoryObjects()
  const errors: string[] = []
  const deps = (over: Partial<PatternDeps> = {}): PatternDeps => ({
    ...world.deps,
    objects,
    telemetry: { ...world.deps.telemetry, error: message => void errors.push(message) },
    ...over,
  })

  /** What the agreement says of extraction, since `effectiveAt`. */
  async function version(digest: string, said: PatternTerms | undefined, effectiveAt: number): Promise<void> {
    const clause: Clause = {
      id: 'no-extraction-7',
      kind: 'no-extraction',
      text: 'No.',
      terms: said ? { patterns: said } : {},
    }
    const document = JSON.stringify({ format: documentFormat, clauses: [clause] })
    const item = { agreement: 'agreement_1', version: 1, digest, document, draftedAt: 0, signatures: {} }
    await world.store.write({
      kind: 'put',
      key: keys.agreementVersion(digest),
      item: { ...item, effectiveAt, ...listed('version', 'agreement_1', digest) },
    })
  }
  await version('digest-1', terms, 0)

  async function listedAs<R extends object>(record: 'finding' | 'notice'): Promise<R[]> {
    const page = await world.store.query({
      ...{ index: indexes.byRecord, partition: record, order: 'asc', limit: 1_000 },
    })
    const found = await world.store.get(page.keys as readonly Key<R>[])
    return found.flatMap(one => one ?? [])
  }

  return {
    ...world,
    objects,
    errors,
    version,
    deps,
    /** As packed: a segment for each hour that something was sent in. */
    async send(at: number, sent: readonly Sent[]): Promise<void> {
      const replies = sent.map(({ client, of, agreement = 'agreement_1', words = 100 }, i): PendingReply => {
        const random = Buffer.alloc(16)
        random.writeUInt32BE(++made, 12)
        return {
          eid: outcomeId(entryId(at + (i % 3) * hour, random)),
          ...{ organisation: 'cedar', agreement, client, model: i % 3 === 0 ? 'borealis' : 'aurora', words },
          fingerprints: fingerprintsOf(of),
        }
      })
      for (const [i, some] of Map.groupBy(replies, (_, i) => i % 3)) {
        const epoch = epochAt(at)
        const bytes = buildSegment(epoch, some)
        const span = { epoch, first: hourOf(at) + i, last: hourOf(at) + i }
        await objects.put(segmentKey(nameOfSegment(span, bytes)), bytes, { ifAbsent: true })
      }
    },
    find: (over: Partial<PatternDeps> = {}): Promise<number> =>
      findPatterns(deps(over), Number.POSITIVE_INFINITY),
    findings: () => listedAs<Governed<Finding>>('finding'),
    notices: () => listedAs<Notice>('notice'),
    judged: async () => (await world.store.get([keys.patternsJudged]))[0]?.day,
  }
}

export type PatternWorld = Awaited<ReturnType<typeof patternWorld>>
