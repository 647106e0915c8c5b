import { hash } from 'node:crypto'
import { startOfEpoch } from '../watermark/epoch.ts'
import { entryId } from './id.ts'
import type { NamedEntry } from './put.ts'
import { makeEntry, status } from './record.ts'

/** OCSF Entity Management (3004), "Create". */
const create = { classUid: 3004, activityId: 1 } as const

export interface EpochFacts {
  /** The origin of the log. */
  readonly log: string
  readonly epoch: number
  /** Readers' slots of each entry. */
  readonly slots: number
  /** `epochKeyDigest` */
  readonly keyDigest: string
}

/** The same for an epoch, whoever makes it: it stands at the epoch's first moment. */
export const epochEntryId = (log: string, epoch: number): string =>
  entryId(startOfEpoch(epoch), hash('sha256', `epoch\n${log}\n${epoch}`, 'buffer'))

/**
 * The key by which the entries of a month are bound to their readers is committed to before it is used, so that nobody
 * can make another one up later, to have some reader's slot in some copy.
 */
export function epochEntry({ log, epoch, slots, keyDigest }: EpochFacts): NamedEntry {
  const eid = epochEntryId(log, epoch)
  const entry = makeEntry(
    {
      eid,
      now: startOfEpoch(epoch),
      ...create,
      statusId: status.success,
      fields: {
        actor: { app_name: 'sequencer' },
        entity: { type: 'log_epoch', uid: String(epoch) },
        unmapped: { kind: 'epoch_commitment', log, epoch, slots, key_digest: keyDigest },
      },
    },
    {},
  )
  return { eid, entry }
}
