/** How the log stands: what is published, what waits, who has cosigned it, and whether clocks agree. */
import { keys } from '../../../shared/domain/keys.ts'
import type { HaltReason, LogState } from '../../../shared/domain/log.ts'
import { time } from '../../../shared/domain/time.ts'
import { floorTime } from '../../../shared/entries/id.ts'
import type { Store } from '../../../shared/ports/store.ts'
import { parseNote } from '../../../shared/tlog/note.ts'
import { readTree } from '../../log/proofs.ts'
import { verifierKeyObject } from '../../log-origin.ts'
import { behindMs, looksAt, readWaiting } from '../../log-waiting.ts'
import type { ApiDeps } from '../app.ts'

export async function readIntegrity({ store, clock, log }: ApiDeps): Promise<object> {
  const [tree, [state], made, verifierKey] = await Promise.all([
    readTree(log.objects),
    store.get([keys.logState]),
    readWaiting(store),
    log.objects.get(verifierKeyObject),
  ])
  const now = clock.now()
  // Of other people's entries, too: whoever asks again and again must not learn more of them than a body would tell.
  const waiting = made.map(floorTime)
  const cosigned = tree ? parseNote(tree.checkpoint).signatures.map(({ name }) => name) : []
  const oldest = waiting.length > 0 ? Math.min(...waiting) : undefined
  return {
    log: log.origin,
    verifier_key: verifierKey === undefined ? null : new TextDecoder().decode(verifierKey.bytes).trimEnd(),
    checkpoint: tree
      ? {
          size: tree.size,
          root: Buffer.from(tree.root).toString('base64'),
          note: tree.checkpoint,
          made_at: state && state.size >= tree.size ? time(state.at) : null,
          age_s: state && state.size >= tree.size ? seconds(now - state.at) : null,
        }
      : null,
    pending: {
      entries: waiting.length,
      // Each shard is looked at so far and no further.
      at_least: waiting.length >= looksAt,
      oldest_s: oldest === undefined ? null : tens(now - oldest),
    },
    ...standing(state, tree?.size ?? 0, waiting, now),
    witnesses: await readWitnesses(store, log.witnesses, cosigned),
  }
}

function standing(
  state: LogState | undefined,
  published: number,
  waiting: readonly number[],
  now: number,
): object {
  return {
    halted: state?.halted
      ? { why: state.halted.why, detail: haltedWords[state.halted.why], at: time(state.halted.at) }
      : null,
    gaps: {
      // Appended to the tree, and not published yet: another run of the sequencer finishes it.
      unfinished: Math.max(0, (state?.size ?? 0) - published),
      // Acknowledged long ago, and without a place.
      late: waiting.filter(made => now - made >= behindMs).length,
    },
    // Whoever recorded the newest has a clock that is ahead of this one.
    clock_skew_s: waiting.length === 0 ? 0 : tens(Math.max(...waiting) - now),
  }
}

async function readWitnesses(
  store: Store,
  names: readonly string[],
  cosigned: readonly string[],
): Promise<readonly object[]> {
  const found = await store.get(names.map(keys.logWitness))
  return names.map((name, n) => {
    const { size, at, refused } = found[n] ?? {}
    return {
      name,
      cosigned: cosigned.includes(name),
      size: size ?? 0,
      cosigned_at: at === undefined ? null : time(at),
      refused: refused ? { ...refused, at: time(refused.at) } : null,
    }
  })
}

/** What exactly it is names entries and objects: the operator has the alarm. */
const haltedWords: Readonly<Record<HaltReason, string>> = {
  behind: 'What is kept is behind what was published.',
  contradiction: 'What is kept contradicts what was published.',
  missing: 'A part of what was to be published is missing.',
}

/** Seconds, by tens. */
const tens = (ms: number): number => floorTime(Math.max(0, ms)) / 1_000

const seconds = (ms: number): number => Math.round(ms / 100) / 10
