/**
 * What each function may do, and why: the roles are made of this table, and the tests compare them with it. An
 * action that is not here is refused by AWS, whatever the code asks for.
 */
import { indexes } from '../shared/domain/keys.ts'
import type { SecretDomain } from '../shared/ports/keys.ts'
import type { Index, Table } from '../shared/ports/store.ts'
import { has, type Target } from './targets.ts'

export const functionNames = [
  'token',
  'gate',
  'api',
  'sweeper',
  'notifier',
  'sequencer',
  'exporter',
  'console',
] as const
export type FunctionName = (typeof functionNames)[number]

/**
 * `read` several items by their keys, `put`, `update` or `remove` one; a transaction asks for the same of each of its
 * items, and for `check` of one that only has to be as it was seen.
 */
export type Use = 'read' | 'put' | 'update' | 'check' | 'remove'

/** No function reads without a key, or scans; nothing is removed but what was spent, and bodies by the exporter. */
export const actionOf = {
  read: 'dynamodb:BatchGetItem',
  put: 'dynamodb:PutItem',
  update: 'dynamodb:UpdateItem',
  check: 'dynamodb:ConditionCheckItem',
  remove: 'dynamodb:DeleteItem',
} as const satisfies Record<Use, string>

export interface TableUse {
  readonly uses: readonly Use[]
  /** Those that are queried. A query of the table itself is never made. */
  readonly indexes?: readonly Index[]
  readonly why: string
}

/** What of the bucket a function uses, by the beginnings of names. */
export interface ObjectsUse {
  readonly reads: readonly string[]
  readonly puts?: readonly string[]
  /** Of those that it puts, what it may keep from everybody until a moment. */
  readonly keeps?: readonly string[]
  /** What it may take away, version by version, once no lock keeps it. */
  readonly removes?: readonly string[]
  /** Of those, what it may take away although the bucket's own lock keeps it. */
  readonly releases?: readonly string[]
  /** That it asks for a list of, beside learning of a name that it reads whether it is there. */
  readonly lists?: readonly string[]
  readonly why: string
}

export interface Permissions {
  readonly tables: Readonly<Partial<Record<Table, TableUse>>>
  /** The domains of secrets that it derives from. */
  readonly secrets: Readonly<Partial<Record<SecretDomain, string>>>
  /** What it wraps under the wrapping key, and why it unwraps; absent where it must do neither. */
  readonly wrappingKey?: { readonly wraps?: true; readonly why: string }
  /** Why it reads the credentials of the upstreams; absent where it must not. */
  readonly upstreamSecret?: string
  /** Why it signs statements, and reads the public half of their key; absent where it must not. */
  readonly statementKey?: string
  /** Why it puts events on the deployment's bus; absent where it must not. */
  readonly eventBus?: string
  /** Absent where it must not touch the bucket. */
  readonly objects?: ObjectsUse
  /** Why it signs checkpoints, and reads the public half of their key; absent where it must not. */
  readonly logKey?: string
  /** Why it reads the stream of the table of entries; absent where it must not. */
  readonly entriesStream?: string
}

const nonces = 'Makes and checks the nonces of DPoP proofs.'
const byOwner = [indexes.byOwner]

export const permissions: Readonly<Record<FunctionName, Permissions>> = {
  token: {
    tables: {
      registry: {
        uses: ['read', 'put', 'update'],
        indexes: byOwner,
        why: 'Judges clients and people and finds grants; keeps sessions; marks the first use of a client.',
      },
      spent: {
        uses: ['read', 'put', 'update', 'remove'],
        why: 'Spends assertions and proofs, marks tokens as revoked; sign-ins under way and codes, each used once.',
      },
      entries: { uses: ['put'], why: 'Records what it issues, refuses and revokes.' },
    },
    secrets: { nonce: nonces },
  },
  gate: {
    tables: {
      registry: { uses: ['read'], indexes: byOwner, why: 'Reads the authority of a call; lists models.' },
      meters: { uses: ['read', 'update'], why: 'Reserves, renews and settles; a meter is made elsewhere.' },
      spent: { uses: ['read', 'put'], why: 'Looks for a revoked token; spends proofs.' },
      entries: {
        uses: ['read', 'put', 'update'],
        why: 'Writes intents and outcomes, closes intents, settles by them.',
      },
    },
    secrets: { nonce: nonces },
    wrappingKey: { wraps: true, why: 'Makes the key of a month’s fingerprints, and opens it.' },
    objects: {
      reads: [],
      puts: ['attr/pending/'],
      why: 'Leaves the fingerprints of each reply for the exporter, and reads none.',
    },
    upstreamSecret: 'Asks the upstreams in the deployment’s own name.',
  },
  api: {
    tables: {
      registry: {
        uses: ['read', 'put', 'update', 'check'],
        indexes: [indexes.byOwner, indexes.byRecord],
        why: 'Shows and decides on every record, in one transaction with whoever decides as they were authorised.',
      },
      meters: {
        uses: ['read', 'put', 'update', 'check'],
        why: 'Shows what is left; makes, limits and closes the meters of the grants it decides on; a new version of an agreement rests on those that it leaves as they are.',
      },
      spent: {
        uses: ['read', 'put', 'update'],
        why: 'Looks for a revoked token; spends proofs; tickets, and what a repeated request has made.',
      },
      entries: {
        uses: ['read', 'put'],
        indexes: [
          indexes.byOrganisation,
          indexes.byActor,
          indexes.byDay,
          indexes.byRequest,
          indexes.openIntents,
          indexes.pending,
        ],
        why: 'Records decisions; searches, and shows each organisation the entries that are its to see; says how many wait.',
      },
    },
    secrets: {
      nonce: nonces,
      webhook: 'Shows the secret of a webhook, and that of a ticket, to whoever made it.',
      watermark: 'Shows each reader entries as theirs, with what proves them.',
    },
    objects: {
      reads: ['log/', 'export/', 'inquiry/'],
      puts: ['inquiry/'],
      why: 'Makes proofs from the tiles, pins what it shows to a checkpoint, and hands out what was exported; leaves what an inquiry is about for the exporter.',
    },
    statementKey: 'Signs attestations, certificates and advisories; publishes the key to verify them with.',
  },
  sweeper: {
    tables: {
      registry: {
        uses: ['read', 'put', 'update', 'check'],
        indexes: [indexes.byRecord, indexes.byOwner],
        why: 'Finds every meter through the grants; ends what time ends, and puts the notices of it.',
      },
      meters: { uses: ['read', 'update'], why: 'Settles leases that have expired; closes meters.' },
      entries: {
        uses: ['read', 'put', 'update'],
        indexes: [indexes.openIntents],
        why: 'Finds open intents, writes the outcomes they lack, closes them; records what time ended.',
      },
    },
    secrets: {},
  },
  notifier: {
    tables: {
      registry: {
        uses: ['read', 'put', 'update'],
        indexes: [indexes.byDue, indexes.byOwner],
        why: 'Finds the notices and findings that wait and marks what became of them, with a notice of a receipt, or of a webhook that is disabled.',
      },
      entries: {
        uses: ['put'],
        why: 'Records that a webhook was disabled, and the receipt of a clearinghouse.',
      },
    },
    secrets: { webhook: 'Signs what it sends.' },
    eventBus: 'Publishes every notice.',
  },
  sequencer: {
    tables: {
      entries: {
        uses: ['read', 'put', 'update'],
        indexes: [indexes.pending],
        why: 'Finds entries that wait, gives each its place, records epochs, and keeps where the tree stands.',
      },
    },
    secrets: {
      seal: 'Seals the bodies that it archives.',
      watermark: 'Binds each body to the readers of its epoch.',
    },
    objects: {
      reads: ['log/', 'staging/', 'body/'],
      puts: ['log/', 'staging/', 'body/'],
      keeps: ['log/tile/', 'body/'],
      lists: ['staging/'],
      why: 'Stages each commit, then publishes its tiles, its archives and its checkpoint.',
    },
    logKey: 'Signs checkpoints, and publishes the key to verify them with.',
    entriesStream: 'Is started by new entries.',
  },
  exporter: {
    tables: {
      registry: {
        uses: ['read', 'put', 'update', 'check'],
        indexes: [indexes.byDue],
        why: 'Finds exports, preservation orders and deletions, judges whoever asked for exports, gives reader slots, and keeps how far it is; takes nothing away but on the orders that stand.',
      },
      entries: {
        uses: ['read', 'put', 'update', 'remove'],
        indexes: [
          indexes.byOrganisation,
          indexes.byActor,
          indexes.byDay,
          indexes.byRequest,
          indexes.openIntents,
        ],
        why: 'Collects what an export is of, and records how it ended; keeps what an order covers; removes the bodies of a month, as was decided.',
      },
    },
    secrets: {
      seal: 'Opens the bodies that were archived.',
      watermark: 'Binds what it exports to its reader.',
    },
    wrappingKey: { why: 'Opens the key of a month’s fingerprints, to look for a text.' },
    objects: {
      reads: ['log/', 'body/', 'export/', 'attr/', 'inquiry/'],
      puts: ['export/', 'attr/'],
      removes: ['body/', 'staging/', 'export/', 'attr/', 'inquiry/'],
      releases: ['attr/', 'inquiry/'],
      lists: ['body/', 'staging/', 'export/', 'attr/', 'inquiry/'],
      why: 'Reads tiles and archives; puts what it has collected, and the files that it makes, and removes them when they are kept no longer; removes the archives of a month, as was decided; packs fingerprints, and answers inquiries.',
    },
  },
  console: {
    tables: {},
    secrets: {},
    objects: { reads: ['log/'], why: 'Serves the log, which is public: commitments, and no entry.' },
  },
}

/** Where a target’s KMS has no key for checkpoints, the sequencer derives one: then the right to its root is the right to sign. */
export function permissionsOn(target: Target): Readonly<Record<FunctionName, Permissions>> {
  if (has(target, 'ed25519')) return permissions
  const { logKey = '', ...sequencer } = permissions.sequencer
  return {
    ...permissions,
    sequencer: { ...sequencer, secrets: { ...sequencer.secrets, log: logKey } },
  }
}

/** The domains that some function derives from: each has a key, and no other has. */
export function domainsOn(target: Target): readonly SecretDomain[] {
  const on = permissionsOn(target)
  return [...new Set(functionNames.flatMap(name => Object.keys(on[name].secrets) as SecretDomain[]))]
}
