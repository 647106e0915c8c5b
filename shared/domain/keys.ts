/** Every key and every index of the four tables. `docs/storage-schema.md` shows each with an example. */
import type { Entry } from '../entries/entry.ts'
import type { Index, Key, Table } from '../ports/store.ts'
import type { Case, CaseEntry, CaseNote, OpenCases } from './cases.ts'
import type { Opinion } from './consultation.ts'
import type { Evidence } from './evidence.ts'
import type { ExportRecord, OpenExports } from './exports.ts'
import type { Finding } from './findings.ts'
import type { HoldRecord } from './holds.ts'
import type { InquiryRecord, Investigation } from './inquiries.ts'
import type { LedgerLine } from './ledger.ts'
import type { AttributionKey, EpochReaders, LogEpoch, LogState, WitnessMemory } from './log.ts'
import type { LogDeletion } from './log-deletions.ts'
import type { Meter } from './meter.ts'
import type { Notice } from './notices.ts'
import type { Organisation, Person, Session } from './parties.ts'
import type { PatternMonth, PatternsJudged } from './patterns.ts'
import type { Preservation, StandingOrders } from './preservations.ts'
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
import type { SavedView, ViewNames } from './saved-views.ts'
import type { AuthorizationCode, SignIn, Ticket } from './tickets.ts'

const registry = <R extends object>(pk: string): Key<R> => ({ table: 'registry', pk, sk: '-' })

const log = <R extends object>(pk: string): Key<R> => ({ table: 'entries', pk, sk: '-' })

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
  /** How far what was sent has been looked through. */
  patternsJudged: registry<PatternsJudged>('patterns'),
  /** By the month: `2026-11`. */
  patternMonth: (agreement: string, month: string) =>
    registry<PatternMonth>(`patterns#${agreement}#${month}`),
  opinion: (id: string) => registry<Governed<Opinion>>(`opinion#${id}`),
  review: (id: string) => registry<Governed<Review>>(`review#${id}`),
  evidence: (id: string) => registry<Governed<Evidence>>(`evidence#${id}`),
  preservation: (id: string) => registry<Governed<Preservation>>(`preservation#${id}`),
  /** What is kept at this moment, whatever else is decided. */
  standingOrders: registry<StandingOrders>('orders'),
  /** By the month: `2026-01`. */
  logDeletion: (month: string) => registry<Governed<LogDeletion>>(`deletion#${month}`),
  /** What became of a model, by the entry that records it; its owner is the model. */
  ledgerLine: (model: string, eid: string) => registry<LedgerLine & Listed>(`ledger#${model}#${eid}`),
  notice: (id: string) => registry<Notice & Listed>(`notice#${id}`),
  export: (id: string) => registry<ExportRecord>(`export#${id}`),
  /** The exports of an organisation that are not made yet. */
  openExports: (organisation: string) => registry<OpenExports>(`exports#${organisation}`),
  inquiry: (id: string) => registry<InquiryRecord>(`inquiry#${id}`),
  /** What an organisation's inquiries into one leak may still risk. */
  investigation: (organisation: string, name: string) =>
    registry<Investigation>(`investigation#${organisation}#${name}`),
  case: (id: string) => registry<Governed<Case>>(`case#${id}`),
  /** An entry of a case, whose owner is the case. */
  caseEntry: (id: string, eid: string) => registry<CaseEntry & Listed>(`caseentry#${id}#${eid}`),
  /** By its number: the case says how many there are. */
  caseNote: (id: string, number: number) => registry<CaseNote>(`casenote#${id}#${number}`),
  /** The cases of an organisation that are open. */
  openCases: (organisation: string) => registry<OpenCases>(`cases#${organisation}`),
  /** One that was removed is in no index any more. */
  view: (id: string) => registry<Governed<SavedView>>(`view#${id}`),
  /** Under which names a person keeps views. */
  viewNames: (person: string) => registry<ViewNames>(`views#${person}`),
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
  entry: (eid: string) => log<Entry>(eid),
  /** Where the tree stands. */
  logState: log<LogState>('log'),
  logEpoch: (epoch: number) => log<LogEpoch>(`epoch#${epoch}`),
  /** The key of an epoch's fingerprints, wrapped. */
  attributionKey: (epoch: number) => log<AttributionKey>(`attr#${epoch}`),
  /** What is known of a witness, by the name of its key. */
  logWitness: (name: string) => log<WitnessMemory>(`witness#${name}`),
  /** Who has which slot of an epoch's entries. */
  epochReaders: (epoch: number) => registry<EpochReaders>(`readers#${epoch}`),
}

const spent = <R extends object = Spent>(pk: string): Key<R> => ({ table: 'spent', pk, sk: '-' })

/** What puts a registry item into the indexes: its kind, its owner and `<kind>#<id>`. */
export interface Listed {
  readonly record: RecordKind
  /** The organisation; of a session, an export and an inquiry, the person; of a version, the agreement; of a ledger and an opinion, the model; of what is in a case, the case. */
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
  | 'evidence'
  | 'preservation'
  | 'deletion'
  | 'ledger'
  | 'grant'
  | 'proposal'
  | 'hold'
  | 'appeal'
  | 'notice'
  | 'export'
  | 'trace'
  | 'attribution'
  | 'case'
  | 'case_entry'
  | 'view'
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

/**
 * What ends by itself, some time after its `exp`: whatever was spent, and entries that have their place in the tree. One
 * that waits for its place never does.
 */
export const expiring = [{ table: 'spent' }, { table: 'entries', needs: 'i' }] as const satisfies readonly {
  readonly table: Table
  readonly needs?: keyof Entry
}[]

export const indexes = {
  /** An organisation's grants, clients, agreements, people, notices; a person's sessions. */
  byOwner: { table: 'registry', name: 'by_owner', partition: 'owner', sort: 'listed' },
  /** Every record of a kind: the sweeper finds each meter through the grants. */
  byRecord: { table: 'registry', name: 'by_record', partition: 'record', sort: 'listed' },
  /** Notices that a webhook or an event bus waits for, `due` is `pending`; findings on their way, it is `hand_off`; exports to be made, it is `export`; inquiries, `inquiry`;
   * preservation orders `preserve`, deletions `delete`. */
  byDue: { table: 'registry', name: 'by_due', partition: 'due', sort: 'listed' },
  /** An organisation's entries, in the order of their ids, which is that of time. */
  byOrganisation: { table: 'entries', name: 'by_organisation', partition: 'organisation', sort: 'pk' },
  /** The entries of what an organisation's people decided, in the same order. */
  byActor: { table: 'entries', name: 'by_actor', partition: 'actor', sort: 'pk' },
  /** Intents without an outcome yet, over 16 partitions. */
  openIntents: { table: 'entries', name: 'open_intents', partition: 'open', sort: 'pk' },
  /** Entries of a day, over 16 partitions each. */
  byDay: { table: 'entries', name: 'by_day', partition: 'day', sort: 'pk' },
  byRequest: { table: 'entries', name: 'by_request', partition: 'request', sort: 'pk' },
  /** Entries that wait for their place in the tree, over 16 partitions. */
  pending: { table: 'entries', name: 'pending', partition: 'pending', sort: 'pk' },
} as const satisfies Record<string, Index>
