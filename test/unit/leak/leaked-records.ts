/** Records of every kind as an export has them, each with marks of its own. */
import type { BundleRecord } from '../../../shared/bundle/records.ts'
import { sentenceOf } from '../../../shared/search/sentence.ts'
import { bodyOf, everyKind } from '../search/every-kind.ts'

export interface Marked {
  /** Microseconds below ten seconds. */
  readonly digits: number
  readonly latency: number
}

const bytes = (text: string, length: number): string => Buffer.alloc(length, text).toString('base64url')

export const entries: readonly { readonly eid: string; readonly body: BundleRecord['body'] }[] =
  Object.values(everyKind).map(named => ({ eid: named.eid, body: bodyOf(named) }))

export function leakedRecord(n: number, { digits, latency }: Marked): BundleRecord {
  const { eid, body } = entries[n % entries.length] as (typeof entries)[number]
  const time = Number(body.time) + Math.floor(digits / 1_000)
  return {
    eid,
    digest: bytes(`digest of ${n}`, 32),
    body,
    sentence: sentenceOf(body),
    shown: {
      time: `${new Date(time).toISOString().slice(0, -1)}${String(digits % 1_000).padStart(3, '0')}Z`,
      ...(body.start_time !== undefined && { latency_s: `1${secondsText(latency)}` }),
      exact_to_s: 10,
    },
    view: {
      ...{ log: 'gate.example/log', epoch: 24_322, type: 2, flags: 0, index: 1_000 + n, position: 7 },
      body_salt: bytes('body', 16),
      carrier: bytes('carrier', 24),
      salt: bytes('salt', 16),
      path: [1, 2, 3].map(level => bytes(`level ${level}`, 32)),
      attr_commit: bytes('attr', 32),
      seal_commit: bytes('seal', 32),
    },
  }
}

/** `2.345678` */
export const secondsText = (micros: number): string =>
  `${Math.floor(micros / 1_000_000)}.${String(micros % 1_000_000).padStart(6, '0')}`

/** `2345678` */
export const digitsText = (micros: number): string => String(micros).padStart(7, '0')
