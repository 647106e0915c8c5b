/** Every key and every index of the four tables. `docs/storage-schema.md` shows each with an example. */
import type { Entry } from '../entries/entry.ts'
import type { Index, Key, Table } from '../ports/store.ts'
import type { Meter } from './meter.ts'
import type { Agreement, Client, Grant, KeyRing, Model, Organisation, Spent, Standing } from './records.ts'

const registry = <R extends object>(pk: string): Key<R> => ({ table: 'registry', pk, sk: '-' })

export const keys = {
  standing: registry<Standing>('standing'),
  keyRing: registry<KeyRing>('keyring'),
  model: (id: string) => registry<Model & Listed>(`model#${id}`),
  organisation: (id: string) => registry<Organisation & Listed>(`organisation#${id}`),
  client: (id: string) => registry<Client & Listed>(`client#${id}`),
  agreement: (id: string) => registry<Agreement & Listed>(`agreement#${id}`),
  grant: (id: string) => registry<Grant & Listed>(`grant#${id}`),
  meter: (id: string): Key<Meter> => ({ table: 'meters', pk: `meter#${id}`, sk: '-' }),
  /** `jti` is hashed by the caller: an attacker chooses it, and a key's length is bounded. */
  assertion: (client: string, jtiHash: string): Key<Spent> => spent(`assertion#${client}#${jtiHash}`),
  proof: (thumbprint: string, jtiHash: string): Key<Spent> => spent(`proof#${thumbprint}#${jtiHash}`),
  revokedToken: (jti: string): Key<Spent> => spent(`token#${jti}`),
  entry: (eid: string): Key<Entry> => ({ table: 'entries', pk: eid, sk: '-' }),
}

const spent = (pk: string): Key<Spent> => ({ table: 'spent', pk, sk: '-' })

/** What puts a registry item into the indexes: its kind, its owner and `<kind>#<id>`. */
export interface Listed {
  readonly record: 'model' | 'organisation' | 'client' | 'agreement' | 'grant'
  /** The organisation it belongs to. */
  readonly owner: string
  readonly listed: string
}

/** Long texts that no condition, change or index names: a store that charges by size may keep them packed. */
export const longTexts = { entries: ['body'] } as const satisfies Partial<Record<Table, readonly string[]>>

export const indexes = {
  /** An organisation's grants, clients and agreements. */
  byOwner: { table: 'registry', name: 'by_owner', partition: 'owner', sort: 'listed' },
  /** Every record of a kind: the sweeper finds each meter through the grants. */
  byRecord: { table: 'registry', name: 'by_record', partition: 'record', sort: 'listed' },
  /** An organisation's entries, in the order of their ids, which is that of time. */
  byOrganisation: { table: 'entries', name: 'by_organisation', partition: 'organisation', sort: 'pk' },
  /** Intents without an outcome yet, over `openShards` partitions. */
  openIntents: { table: 'entries', name: 'open_intents', partition: 'open', sort: 'pk' },
} as const satisfies Record<string, Index>
