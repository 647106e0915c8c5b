/**
 * What each function may do, and why: the roles are made of this table, and the tests compare them with it. An
 * action that is not here is refused by AWS, whatever the code asks for.
 */
import { indexes } from '../shared/domain/keys.ts'
import type { SecretDomain } from '../shared/ports/keys.ts'
import type { Index, Table } from '../shared/ports/store.ts'

export const functionNames = ['token', 'gate', 'api', 'sweeper'] as const
export type FunctionName = (typeof functionNames)[number]

/** `read` several items by their keys, `put` or `update` one; a transaction asks for the same of each of its items. */
export type Use = 'read' | 'put' | 'update'

/** No function removes an item, reads without a key, or scans. */
export const actionOf = {
  read: 'dynamodb:BatchGetItem',
  put: 'dynamodb:PutItem',
  update: 'dynamodb:UpdateItem',
} as const satisfies Record<Use, string>

export interface TableUse {
  readonly uses: readonly Use[]
  /** Those that are queried. A query of the table itself is never made. */
  readonly indexes?: readonly Index[]
  readonly why: string
}

export interface Permissions {
  readonly tables: Readonly<Partial<Record<Table, TableUse>>>
  /** The domains of secrets that it derives from. */
  readonly secrets: Readonly<Partial<Record<SecretDomain, string>>>
  /** Why it reads the credentials of the upstreams; absent where it must not. */
  readonly upstreamSecret?: string
}

const nonces = 'Makes and checks the nonces of DPoP proofs.'
const byOwner = [indexes.byOwner]

export const permissions: Readonly<Record<FunctionName, Permissions>> = {
  token: {
    tables: {
      registry: {
        uses: ['read'],
        indexes: byOwner,
        why: 'Judges the client and finds its organisation’s grants.',
      },
      spent: { uses: ['put'], why: 'Spends assertions and proofs; marks tokens as revoked.' },
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
    upstreamSecret: 'Asks the upstreams in the deployment’s own name.',
  },
  api: {
    tables: {
      registry: {
        uses: ['read'],
        indexes: byOwner,
        why: 'Reads the caller’s authority and its organisation’s grants.',
      },
      meters: { uses: ['read'], why: 'Shows what is left.' },
      spent: { uses: ['read', 'put'], why: 'Looks for a revoked token; spends proofs.' },
      entries: {
        uses: ['read'],
        indexes: [indexes.byOrganisation],
        why: 'Shows an organisation its own entries.',
      },
    },
    secrets: { nonce: nonces },
  },
  sweeper: {
    tables: {
      registry: { uses: ['read'], indexes: [indexes.byRecord], why: 'Finds every meter through the grants.' },
      meters: { uses: ['read', 'update'], why: 'Settles leases that have expired.' },
      entries: {
        uses: ['read', 'put', 'update'],
        indexes: [indexes.openIntents],
        why: 'Finds open intents, writes the outcomes they lack, closes them.',
      },
    },
    secrets: {},
  },
}

/** The domains that some function derives from: each has a key, and no other has. */
export const domainsInUse: readonly SecretDomain[] = [
  ...new Set(functionNames.flatMap(name => Object.keys(permissions[name].secrets) as SecretDomain[])),
]
