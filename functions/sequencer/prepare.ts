/** Step 4: what a batch brings. Nothing is written here but the one object that holds all of it. */

import { timeOfEntry } from '../../shared/entries/id.ts'
import type { NamedEntry } from '../../shared/entries/put.ts'
import { formatCheckpoint } from '../../shared/tlog/checkpoint.ts'
import { formatBundle } from '../../shared/tlog/entries-bundle.ts'
import { grow, rootOf } from '../../shared/tlog/grow.ts'
import { leafInput } from '../../shared/tlog/hash.ts'
import { tilePath, tileWidth } from '../../shared/tlog/tile.ts'
import { epochAt } from '../../shared/watermark/epoch.ts'
import { bind, type EpochKey } from '../../shared/watermark/slots.ts'
import { logFolder } from '../log-origin.ts'
import { sha256 } from '../log-tiles.ts'
import { archivesOf } from './archive.ts'
import type { SequencerDeps } from './deps.ts'
import type { OpenEdge } from './edge.ts'
import type { Placed } from './placed.ts'
import { type Staged, type StagedObject, stagingKey } from './staged.ts'

export interface Prepared {
  readonly key: string
  readonly staged: Staged
  readonly edge: OpenEdge
}

export async function prepare(
  deps: Pick<SequencerDeps, 'secrets' | 'epochs' | 'logKey'>,
  edge: OpenEdge,
  entries: readonly NamedEntry[],
): Promise<Prepared> {
  const { logKey } = deps
  const older = edge.tree.size
  const placed: readonly Placed[] = entries.map(({ eid, entry }, n) => ({ i: older + n, eid, entry }))
  const leaves = await leavesOf(deps, placed)
  const grown = grow(
    sha256,
    edge.tree,
    leaves.map(leaf => sha256(leafInput(leaf))),
  )
  const newer = grown.edge.size
  const root = rootOf(sha256, grown.edge)
  const { objects, rest } = bundlesOf(older, [...edge.leaves, ...leaves])
  const tiles = grown.tiles.map(({ id, bytes }) => ({ key: logFolder + tilePath(id), bytes }))
  return {
    key: stagingKey(older, newer, Buffer.from(root).toString('hex')),
    staged: {
      older,
      newer,
      checkpoint: await logKey.sign(formatCheckpoint({ origin: logKey.origin, size: newer, root })),
      eids: placed.map(({ eid }) => eid),
      objects: [...tiles, ...objects, ...(await archivesOf(deps.secrets, placed))],
    },
    edge: { tree: grown.edge, leaves: rest },
  }
}

async function leavesOf(
  { epochs }: Pick<SequencerDeps, 'epochs'>,
  placed: readonly Placed[],
): Promise<readonly Uint8Array[]> {
  const leaves: Uint8Array[] = []
  for (const { eid, entry } of placed)
    leaves.push(leafOf(await epochs(epochAt(timeOfEntry(eid))), { eid, entry }))
  return leaves
}

/** A body that cannot be read: without its leaf nothing is appended, since what waits gets its place in order. */
export class Unreadable extends Error {
  override readonly name = 'Unreadable'
  readonly eid: string

  constructor(eid: string, cause: unknown) {
    super(`${eid} waits for its place and cannot be read`, { cause })
    this.eid = eid
  }
}

function leafOf(epoch: EpochKey, { eid, entry }: NamedEntry): Uint8Array {
  try {
    return bind(epoch, eid, entry).leaf
  } catch (error) {
    throw new Unreadable(eid, error)
  }
}

/** `leaves` begin with those of the last bundle of the older tree. */
function bundlesOf(
  older: number,
  leaves: readonly Uint8Array[],
): { readonly objects: readonly StagedObject[]; readonly rest: readonly Uint8Array[] } {
  const first = Math.floor(older / tileWidth)
  const full = Math.floor(leaves.length / tileWidth)
  const rest = leaves.slice(full * tileWidth)
  const objects = Array.from({ length: rest.length > 0 ? full + 1 : full }, (_, n) => {
    const part = leaves.slice(n * tileWidth, (n + 1) * tileWidth)
    const path = tilePath({ level: 'entries', index: first + n, width: part.length })
    return { key: logFolder + path, bytes: formatBundle(part) }
  })
  return { objects, rest }
}
