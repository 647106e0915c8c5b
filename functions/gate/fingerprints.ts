/**
 * Fingerprints of what a caller was sent, made after its last byte, so that whoever is shown a leaked text can ask which
 * partner it went to. The text itself is kept nowhere.
 */
import { type Refusal, refuse } from '../../shared/domain/refusal.ts'
import type { ReplyFingerprints } from '../../shared/entries/call.ts'
import { outcomeId, timeOfEntry } from '../../shared/entries/id.ts'
import { fingerprintsInTurns } from '../../shared/fingerprint/fingerprints.ts'
import { formatPending, pendingKey } from '../../shared/fingerprint/pending.ts'
import { formatSet, setDigest } from '../../shared/fingerprint/set.ts'
import { type Objects, ObjectsUnavailable } from '../../shared/ports/objects.ts'
import type { Clock, Telemetry } from '../../shared/ports/world.ts'
import type { Operation } from '../../shared/upstream/operation.ts'
import {
  eventPieces,
  joined,
  type Piece,
  type ReplyText,
  wholeTexts,
} from '../../shared/upstream/reply-text.ts'
import { epochAt } from '../../shared/watermark/epoch.ts'
import type { AttributionKeys } from '../attribution-keys.ts'
import { othersTurn } from '../others-turn.ts'
import type { GateCaller } from './authority.ts'
import { backOff } from './call.ts'

export interface FingerprintDeps {
  readonly clock: Clock
  readonly telemetry: Telemetry
  readonly fingerprinting: {
    readonly keys: Pick<AttributionKeys, 'open'>
    readonly objects: Pick<Objects, 'put'>
  }
}

/** A reply is held for its text until its end: so much of it, as of a JSON reply. */
const heldBytes = 16 << 20

/** For so long a put is tried: nobody should wait much longer for the end of a reply. Milliseconds. */
const patienceMs = 10_000

/** What a call's reply will be fingerprinted with: nothing where its replies have no text. */
export async function openTrace(
  { telemetry, fingerprinting }: FingerprintDeps,
  { text }: Operation,
  eid: string,
): Promise<SentReply | undefined | Refusal> {
  if (text === undefined) return undefined
  try {
    return sentReply(text, await fingerprinting.keys.open(epochAt(timeOfEntry(eid))))
  } catch (error) {
    telemetry.error('the key of the fingerprints could not be opened', error, { entry: eid })
    return refuse('record_unavailable', 'It could not have been traced: the key of this month did not open.')
  }
}

/** The reply of one call, as far as it was sent. */
export interface SentReply {
  /** Some events go out now. They are held as they are. */
  events(events: readonly Uint8Array[]): void
  /** The whole reply, one document, goes out now. */
  document(body: string): void
  /** Nothing where no text was sent that has five words. */
  fingerprints(): Promise<Fingerprints | undefined>
}

export interface Fingerprints {
  /** For the outcome. */
  readonly told: ReplyFingerprints
  readonly set: BigUint64Array
  readonly words: number
}

function sentReply(text: ReplyText, key: Uint8Array): SentReply {
  const held: Uint8Array[] = []
  let bytes = 0
  let cut = false
  let body: string | undefined
  return {
    events(events) {
      for (const event of events) {
        bytes += event.length
        cut ||= bytes > heldBytes
        if (!cut) held.push(event)
      }
    },
    document(sent) {
      body = sent
    },
    async fingerprints() {
      const texts = body === undefined ? await streamed(text, held) : wholeTexts(text, body)
      const { set, words, cut: shortened } = await fingerprintsInTurns(key, texts, othersTurn)
      if (set.length === 0) return undefined
      cut ||= shortened
      return {
        told: { digest: setDigest(formatSet(set)), count: set.length, ...(cut && { cut }) },
        set,
        words,
      }
    },
  }
}

/** Events that are read before others have their turn. */
const eventsAtOnce = 2_000

async function streamed(text: ReplyText, events: readonly Uint8Array[]): Promise<readonly string[]> {
  const pieces: Piece[] = []
  for (const [i, event] of events.entries()) {
    if (i > 0 && i % eventsAtOnce === 0) await othersTurn()
    pieces.push(...eventPieces(text, event))
  }
  return joined(pieces)
}

/** Leaves them for the exporter. They are in no entry: where they cannot be kept, a person is told. */
export async function keepFingerprints(
  { clock, telemetry, fingerprinting }: FingerprintDeps,
  { organisation, agreement, client, model }: GateCaller,
  call: string,
  { set, words }: Fingerprints,
): Promise<void> {
  const eid = outcomeId(call)
  const facts = { eid, organisation, agreement: agreement.id, client, model, words }
  const bytes = formatPending({ ...facts, fingerprints: set })
  const until = clock.now() + patienceMs
  for (const pause of [...backOff, undefined]) {
    try {
      // One that is there is ours, put by an attempt whose answer was lost.
      await fingerprinting.objects.put(pendingKey(eid), bytes, { ifAbsent: true })
      return
    } catch (error) {
      if (error instanceof ObjectsUnavailable && pause !== undefined && clock.now() < until)
        await clock.sleep(pause)
      else return lost(telemetry, call, error)
    }
  }
}

export function lost(telemetry: Telemetry, entry: string, error: unknown): void {
  telemetry.alarm('fingerprints_lost', { entry })
  telemetry.error('the fingerprints of a reply were lost', error, { entry })
}
