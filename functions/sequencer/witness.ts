/**
 * Asks witnesses to cosign a checkpoint that is published (c2sp.org/tlog-witness). They are for whoever reads the log:
 * the log itself waits for none of them longer than its patience, and no answer of theirs stops it.
 *
 *   remembered size ──old, proof──▶ 200: its cosignature
 *                                   409 with a size ──▶ asked once more from there
 *                                       a size that this log has not reached: it was rolled back, or has a double
 *                                   403, 404, 422, …: it refuses; a person has to look
 */
import { keys } from '../../shared/domain/keys.ts'
import type { WitnessMemory } from '../../shared/domain/log.ts'
import type { Http } from '../../shared/ports/http.ts'
import type { Store } from '../../shared/ports/store.ts'
import type { Clock, Telemetry } from '../../shared/ports/world.ts'
import { isOf, type NoteSignature, parseNote } from '../../shared/tlog/note.ts'
import { proveConsistency, type ReadSubtree } from '../../shared/tlog/proof.ts'
import type { Witness } from '../../shared/tlog/witness-list.ts'
import { ask, type WitnessAnswer } from './witness-answer.ts'

export interface WitnessDeps {
  readonly store: Pick<Store, 'get' | 'write'>
  readonly http: Http
  readonly clock: Clock
  readonly telemetry: Telemetry
  readonly witnesses: readonly Witness[]
  /** For one witness, all that is asked of it together. Milliseconds. */
  readonly witnessPatienceMs?: number
  /** For so long one that refused or did not answer is left alone. Milliseconds. */
  readonly witnessRestMs?: number
}

export interface PublishedCheckpoint {
  /** The signed note, with the cosignatures that it has. */
  readonly checkpoint: string
  readonly size: number
}

const patienceMs = 5_000
const restMs = 60_000

/** `broken`: something here failed, which says nothing about the witness. */
type Told =
  | WitnessAnswer
  | { readonly unreached: string }
  | { readonly stale: number }
  | { readonly broken: true }

/**
 * Cosignatures of those witnesses whose the note has not, as they are to be appended to it. `read` reads the tree of
 * `size`. Never throws for what a witness, the store or a tile does.
 */
export async function witnessCheckpoint(
  deps: WitnessDeps,
  published: PublishedCheckpoint,
  read: ReadSubtree,
): Promise<readonly NoteSignature[]> {
  const { signatures } = parseNote(published.checkpoint)
  const wanted = deps.witnesses.filter(({ key }) => !signatures.some(signature => isOf(key, signature)))
  if (wanted.length === 0) return []
  const memories = await deps.store
    .get(wanted.map(({ key }) => keys.logWitness(key.name)))
    .catch((error: unknown) => {
      deps.telemetry.error('what is known of witnesses could not be read', error)
      return []
    })
  const cosignatures = await Promise.all(
    wanted.map(async (witness, i) => {
      const memory = memories[i] ?? { size: 0 }
      const { refused } = memory
      if (refused && deps.clock.now() - refused.at < (deps.witnessRestMs ?? restMs)) return undefined
      const told = await withinPatience(deps, signal =>
        inquire(deps, witness, published, memory, read, signal),
      )
      await remember(deps, witness, published, memory, told)
      return 'cosignature' in told ? told.cosignature : undefined
    }),
  )
  return cosignatures.filter(one => one !== undefined)
}

async function inquire(
  { store, http, telemetry }: WitnessDeps,
  witness: Witness,
  { checkpoint, size }: PublishedCheckpoint,
  memory: WitnessMemory,
  read: ReadSubtree,
  signal: AbortSignal,
): Promise<Told> {
  const from = async (older: number): Promise<WitnessAnswer | { readonly broken: true }> => {
    const proof = await proveConsistency(read, older, size).catch((error: unknown) => {
      telemetry.error('a proof for a witness could not be made', error, { witness: witness.key.name })
    })
    return proof ? ask(http, witness, { older, proof, checkpoint }, signal) : { broken: true }
  }
  try {
    let answer = await from(Math.min(memory.size, size))
    if ('conflict' in answer && answer.conflict <= size) answer = await from(answer.conflict)
    if (!('conflict' in answer)) return answer
    // Another sequencer may have gone on meanwhile, and have asked for more than this one has.
    const [state] = await store.get([keys.logState]).catch(() => [undefined])
    if (state && state.size > size && answer.conflict <= state.size) return { stale: answer.conflict }
    return answer
  } catch (error) {
    return { unreached: error instanceof Error ? error.name : 'unknown' }
  }
}

async function withinPatience(
  { clock, witnessPatienceMs = patienceMs }: WitnessDeps,
  act: (signal: AbortSignal) => Promise<Told>,
): Promise<Told> {
  const over = new AbortController()
  const done = new AbortController()
  const late = clock.sleep(witnessPatienceMs, done.signal).then((): Told => {
    over.abort()
    return { unreached: 'it took too long' }
  })
  // A race, because reading a proof's tiles has no signal.
  return Promise.race([act(over.signal), late]).finally(() => done.abort())
}

/** Keeps what was learned, and tells people of what they must look at. */
async function remember(
  { store, clock, telemetry }: WitnessDeps,
  { key }: Witness,
  { size }: PublishedCheckpoint,
  memory: WitnessMemory,
  told: Told,
): Promise<void> {
  const now = clock.now()
  const witness = key.name
  const before: WitnessMemory = { size: memory.size, ...(memory.at !== undefined && { at: memory.at }) }
  let next: WitnessMemory
  if ('broken' in told) return
  if ('cosignature' in told) {
    telemetry.count('witness_cosigned', { witness })
    next = { size, at: now }
  } else if ('stale' in told) {
    next = { ...before, size: told.stale }
  } else if ('unreached' in told) {
    telemetry.count('witness_unreached', { witness })
    next = { ...before, refused: { status: 0, detail: told.unreached, at: now } }
  } else {
    const refused = refusalOf(told, size)
    // A server that fails, or has too much to do, has not judged the tree.
    if (refused.status >= 500 || refused.status === 429) telemetry.count('witness_unreached', { witness })
    else telemetry.alarm('witness_refused', { witness, ...refused, size })
    const known = 'conflict' in told ? told.conflict : memory.size
    next = { ...before, size: known, refused: { ...refused, at: now } }
  }
  try {
    await store.write({ kind: 'put', key: keys.logWitness(witness), item: next })
  } catch (error) {
    telemetry.error('what a witness answered could not be kept', error, { witness })
  }
}

function refusalOf(
  told: Exclude<WitnessAnswer, { cosignature: NoteSignature }>,
  size: number,
): { readonly status: number; readonly detail: string } {
  if (!('conflict' in told)) return told
  const { conflict } = told
  return {
    status: 409,
    detail:
      conflict > size
        ? `it has cosigned a tree of ${conflict}, and this log has one of ${size}`
        : `it says that the tree that it cosigned last is of ${conflict}, and says so again when asked from there`,
  }
}
