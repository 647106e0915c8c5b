/** Every key and every index of the four tables. `docs/storage-schema.md` shows each with an example. */
import type { Entry } from '../entries/entry.ts'
import type { Index, Key, Table } from '../ports/store.ts'
import type { Opinion } from './consultation.ts'
import type { Finding } from './findings.ts'
import type { HoldRecord } from './holds.ts'
import type { LedgerLine } from './ledger.ts'
import type { Meter } from './meter.ts'
import type { Notice } from './notices.ts'
import type { Organisation, Person, Session } from './parties.ts'
import type { Appeal, Proposal } from './proposals.ts'
import type {
  Agreement,
  AgreementVersion,
  Client,
  Grant,
  KeyRing,
  Model,
  Spent,
  Standing,
} from './records.ts'
import type { Review } from './reviews.ts'
import type { Rules } from './rules.ts'
import type { AuthorizationCode, SignIn, Ticket } from './tickets.ts'

const registry = <R extends object>(pk: string): Key<R> => ({ table: 'registry', pk, sk: '-' })

export const keys = {
  standing: registry<Standing>('standing'),
  keyRing: registry<KeyRing>('keyring'),
  rules: registry<Rules>('rules'),
  model: (id: string) => registry<Governed<Model>>(`model#${id}`),
  organisation: (id: string) => registry<Governed<Organisation>>(`organisation#${id}`),
  person: (id: string) => registry<Governed<Person>>(`person#${id}`),
  /** Who a provider's user is here. `hash` is `identityHash` of issuer and subject: others chose them. */
  identity: (hash: string) => registry<Identity>(`identity#${hash}`),
  session: (id: string) => registry<Session & Listed>(`session#${id}`),
  client: (id: string) => registry<Governed<Client>>(`client#${id}`),
  /** Which client of an organisation a public key was ever registered for: it is none's a second time. */
  clientKey: (organisation: string, kid: string) => registry<Registered>(`clientkey#${organisation}#${kid}`),
  /** Who a key to sign agreements with was ever registered for: with one key, nobody signs for two parties. */
  signatoryKey: (kid: string) => registry<Identity>(`signatorykey#${kid}`),
  agreement: (id: string) => registry<Governed<Agreement>>(`agreement#${id}`),
  /** A document by its digest, with the signatures under it; its owner is the agreement. */
  agreementVersion: (digest: string) => registry<AgreementVersion & Listed>(`version#${digest}`),
  grant: (id: string) => registry<Governed<Grant>>(`grant#${id}`),
  proposal: (id: string) => registry<Governed<Proposal>>(`proposal#${id}`),
  hold: (id: string) => registry<Governed<HoldRecord>>(`hold#${id}`),
  appeal: (id: string) => registry<Governed<Appeal>>(`appeal#${id}`),
  finding: (id: string) => registry<Governed<Finding>>(`finding#${id}`),
  opinion: (id: string) => registry<Governed<Opinion>>(`opinion#${id}`),
  review: (id: string) => registry<Governed<Review>>(`review#${id}`),
  /** What became of a model, by the entry that records it; its owner is the model. */
  ledgerLine: (model: string, eid: string) => registry<LedgerLine & Listed>(`ledger#${model}#${eid}`),
  notice: (id: string) => registry<Notice & Listed>(`notice#${id}`),
  meter: (id: string): Key<Meter> => ({ table: 'meters', pk: `meter#${id}`, sk: '-' }),
  /** `jti` is hashed by the caller: an attacker chooses it, and a key's length is bounded. */
  assertion: (client: string, jtiHash: string): Key<Spent> => spent(`assertion#${client}#${jtiHash}`),
  proof: (thumbprint: string, jtiHash: string): Key<Spent> => spent(`proof#${thumbprint}#${jtiHash}`),
  revokedToken: (jti: string): Key<Spent> => spent(`token#${jti}`),
  /** What a request that creates has made: the same key from the same person makes it once. */
  idempotency: (actor: string, keyHash: string): Key<Made> => spent(`idempotency#${actor}#${keyHash}`),
  /** A person on the way to their provider and back, by the hash of `state`. */
  signIn: (stateHash: string): Key<SignIn> => spent(`signin#${stateHash}`),
  code: (codeHash: string): Key<AuthorizationCode> => spent(`code#${codeHash}`),
  ticket: (secretHash: string): Key<Ticket> => spent(`ticket#${secretHash}`),
  entry: (eid: string): Key<Entry> => ({ table: 'entries', pk: eid, sk: '-' }),
}

const spent = <R extends object = Spent>(pk: string): Key<R> => ({ table: 'spent', pk, sk: '-' })

/** What puts a registry item into the indexes: its kind, its owner and `<kind>#<id>`. */
export interface Listed {
  readonly record: RecordKind
  /** The organisation; of a session, the person; of a version, the agreement; of a ledger and an opinion, the model. */
  readonly owner: string
  readonly listed: string
}

export type RecordKind =
  | 'model'
  | 'organisation'
  | 'person'
  | 'session'
  | 'client'
  | 'agreement'
  | 'version'
  | 'finding'
  | 'opinion'
  | 'review'
  | 'ledger'
  | 'grant'
  | 'proposal'
  | 'hold'
  | 'appeal'
  | 'notice'
  | 'rules'

/** A record that people decide about: each decision raises `rev`, and a change is made on the one that was seen. */
export type Governed<R extends object> = R & Listed & { readonly rev: number }

export const listed = (record: RecordKind, owner: string, id: string): Listed => ({
  record,
  owner,
  listed: `${record}#${id}`,
})

export interface Identity {
  readonly person: string
}

export interface Registered {
  readonly client: string
}

/** The answer of a request that created, for its repetition. `exp` in seconds. */
export interface Made extends Spent {
  /** SHA-256 of the request, base64url: the same key for another one is a mistake. */
  readonly digest: string
  /** What was answered, in JSON: no secret. */
  readonly answer: string
  readonly status: number
}

/** Long texts that no condition, change or index names: a store that charges by size may keep them packed. */
export const longTexts = { entries: ['body'] } as const satisfies Partial<Record<Table, readonly string[]>>

export const indexes = {
  /** An organisation's grants, clients, agreements, people, notices; a person's sessions. */
  byOwner: { table: 'registry', name: 'by_owner', partition: 'owner', sort: 'listed' },
  /** Every record of a kind: the sweeper finds each meter through the grants. */
  byRecord: { table: 'registry', name: 'by_record', partition: 'record', sort: 'listed' },
  /** Notices that a webhook or an event bus waits for, `due` is `pending`; findings on their way, it is `hand_off`. */
  byDue: { table: 'registry', name: 'by_due', partition: 'due', sort: 'listed' },
  /** An organisation's entries, in the order of their ids, which is that of time. */
  byOrganisation: { table: 'entries', name: 'by_organisation', partition: 'organisation', sort: 'pk' },
  /** The entries of what an organisation's people decided, in the same order. */
  byActor: { table: 'entries', name: 'by_actor', partition: 'actor', sort: 'pk' },
  /** Intents without an outcome yet, over `openShards` partitions. */
  openIntents: { table: 'entries', name: 'open_intents', partition: 'open', sort: 'pk' },
} as const satisfies Record<string, Index>
