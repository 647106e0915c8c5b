/** What is kept of the transparency log beside its entries and objects. */
import type { OrganisationKind } from './parties.ts'

/** Where the tree stands: one item, which only the sequencer changes, each time on the version that it read. */
export interface LogState {
  readonly size: number
  /** The signed note of that size. */
  readonly checkpoint: string
  /** The object that holds all that came with it. */
  readonly staged: string
  /** The staged object that has been applied whole: tiles, checkpoint, and every entry's place. */
  readonly finished: string
  /** When that tree was made. Milliseconds. */
  readonly at: number
  readonly rev: number
  /** Nothing more is appended, until a person has looked. */
  readonly halted?: Halt
}

export interface Halt {
  readonly why: HaltReason
  /** Milliseconds. */
  readonly at: number
  readonly detail: string
}

/**
 * The state is `behind` what is published; a `contradiction` stands between what is there and what would be written;
 * something that was there is `missing`.
 */
export type HaltReason = 'behind' | 'contradiction' | 'missing'

/** A month of entries, which share a key and a number of slots. */
export interface LogEpoch {
  readonly epoch: number
  readonly slots: number
  /** The entry that commits to both, in the tree before any other of the epoch. */
  readonly commitment: string
}

/** What the fingerprints of a month's replies are made with: random, and gone with them. */
export interface AttributionKey {
  readonly epoch: number
  /** 32 bytes under the deployment's wrapping key, base64url. */
  readonly wrapped: string
}

export interface EpochReaders {
  readonly slots: number
  /** How many that are marked have been given. */
  readonly given: number
  /** And how many that are not, behind them: for evidence. */
  readonly plain?: number
  /** By whoever reads: which slot is theirs, and whose people they are. */
  readonly readers: Readonly<Record<string, GivenSlot>>
}

export interface GivenSlot {
  readonly slot: number
  readonly organisation: string
  readonly kind: OrganisationKind
}

/** What is known of a witness: a hint, which its own answers correct. */
export interface WitnessMemory {
  /** Of the largest tree that it is known to have cosigned; 0 where it has cosigned none. */
  readonly size: number
  /** When it last cosigned. Milliseconds. */
  readonly at?: number
  /** How its last answer was no cosignature; gone with the next one that is. */
  readonly refused?: WitnessRefused
}

export interface WitnessRefused {
  /** Of its answer (200: a cosignature that is not its own); 0 where it gave none. */
  readonly status: number
  readonly detail: string
  /** Milliseconds. */
  readonly at: number
}
