/** The checkpoint as everybody reads it, and that nothing but a larger tree ever takes its place. */
import type { Objects } from '../../shared/ports/objects.ts'
import type { Checkpoint } from '../../shared/tlog/checkpoint.ts'
import { sameHash } from '../../shared/tlog/hash.ts'
import { logFolder } from '../log-origin.ts'
import { Halted } from './halt.ts'
import type { LogKey } from './log-key.ts'

export const checkpointKey = `${logFolder}checkpoint`

export interface Published extends Checkpoint {
  readonly etag: string
  /** With every cosignature. */
  readonly note: string
}

interface Publishing {
  readonly objects: Objects
  readonly logKey: LogKey
}

/** `undefined` before the first. Throws `Halted` where it is not one that this log has signed. */
export async function readPublished({ objects, logKey }: Publishing): Promise<Published | undefined> {
  const found = await objects.get(checkpointKey)
  if (found === undefined) return undefined
  const note = Buffer.from(found.bytes).toString()
  try {
    return { ...logKey.open(note), etag: found.etag, note }
  } catch (error) {
    throw new Halted(
      'contradiction',
      `the published checkpoint is not this log's: ${(error as Error).message}`,
    )
  }
}

/** By compare-and-swap, and only if it is larger: whoever is late changes nothing. */
export async function publish(deps: Publishing, note: string): Promise<void> {
  const ours = deps.logKey.open(note)
  const bytes = new TextEncoder().encode(note)
  for (;;) {
    const there = await readPublished(deps)
    if (there && there.size > ours.size) return
    if (there && there.size === ours.size) {
      if (sameHash(there.root, ours.root)) return
      throw new Halted('contradiction', `another tree of ${ours.size} is published`)
    }
    const condition = there ? { ifMatch: there.etag } : ({ ifAbsent: true } as const)
    if ((await deps.objects.put(checkpointKey, bytes, condition)).ok) return
  }
}
