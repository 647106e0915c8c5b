/** The witness itself: what it is sent, one after the other, judged by what it has seen, and cosigned. */
import { cosignature, cosignatureInput } from '../../shared/tlog/cosignature.ts'
import { formatNote, formatSignature, type VerifierKey } from '../../shared/tlog/note.ts'
import {
  contradicts,
  judgeSubmission,
  readSubmission,
  type Signed,
  type WitnessRefusal,
} from '../../shared/tlog/witness.ts'
import type { WitnessKey } from './witness-key.ts'
import type { KeptLog, WitnessMemory } from './witness-memory.ts'

export interface Cosigner {
  /** A line of signature, or why there is none. Rejects where the memory could not be kept. */
  submit(body: Uint8Array): Promise<{ readonly status: 200; readonly line: string } | WitnessRefusal>
  /** The note that was cosigned last of a log. */
  latest(isIt: (origin: string) => boolean): string | undefined
}

export interface CosignerDeps {
  readonly key: WitnessKey
  readonly memory: WitnessMemory
  readonly logs: readonly VerifierKey[]
  /** Milliseconds. */
  now(): number
  /** What whoever runs it should read. */
  tell(text: string): void
}

export function createCosigner(deps: CosignerDeps): Cosigner {
  const { memory } = deps
  const oneByOne = inTurn()
  return {
    async submit(body) {
      // Before its turn: what nobody has signed makes no one wait.
      const signed = await readSubmission(body, deps.logs)
      return 'status' in signed ? signed : oneByOne(() => cosign(deps, signed))
    },
    latest(isIt) {
      const origin = [...memory.origins()].find(isIt)
      return origin === undefined ? undefined : memory.seen(origin)?.checkpoint
    },
  }
}

async function cosign(
  { key, memory, now, tell }: CosignerDeps,
  signed: Signed,
): Promise<{ readonly status: 200; readonly line: string } | WitnessRefusal> {
  const { checkpoint, note } = signed
  const { origin, size, root } = checkpoint
  const seen = memory.seen(origin)
  const refused = await judgeSubmission(signed, seen)
  if (refused) {
    if (seen && contradicts(signed, seen) && seen.contradiction === undefined) {
      await memory.keep(origin, { ...seen, contradiction: formatNote(note) })
      tell(`${origin} has signed two trees of ${size} leaves. Both notes are in the state file: keep a copy.`)
    }
    return refused
  }
  // A clock that went back must not date a larger tree before a smaller one.
  const at = Math.max(Math.floor(now() / 1000), seen?.at ?? 1)
  const own = cosignature(key.verifier, at, key.sign(cosignatureInput(note.text, at)))
  const kept: KeptLog = {
    ...seen,
    ...{ size, root, at },
    checkpoint: formatNote({ ...note, signatures: [...note.signatures, own] }),
  }
  // The same tree again is no news: whoever repeats a checkpoint makes no work for the disk.
  if (seen === undefined || size > seen.size) {
    await memory.keep(origin, kept)
    // A log grows every second: only that it began is news.
    if (seen === undefined) tell(`${origin} is cosigned from ${size} leaves on.`)
  }
  return { status: 200, line: formatSignature(own) }
}

/** Comparing with what was seen and keeping what is next are one step, between which nothing else is judged. */
function inTurn(): <T>(task: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  return task => {
    const mine = last.then(task, task)
    last = mine
    return mine
  }
}
