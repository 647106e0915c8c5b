/** One entry of every kind, by what makes them in the product, and a few of those that differ within a kind. */
import { remind } from '../../../functions/sweeper/reminder.ts'
import type { Subject } from '../../../shared/domain/proposals.ts'
import { refuse } from '../../../shared/domain/refusal.ts'
import type { Signature } from '../../../shared/domain/stop.ts'
import { type CallFacts, intentEntry, outcomeEntry, refusalEntry } from '../../../shared/entries/call.ts'
import { type DecisionFacts, decisionEntry } from '../../../shared/entries/decision.ts'
import { epochEntry } from '../../../shared/entries/epoch.ts'
import {
  exportCountersignedEntry,
  exportDownloadedEntry,
  exportFailedEntry,
  exportGrantedEntry,
  exportMadeEntry,
} from '../../../shared/entries/export.ts'
import { findingRaisedEntry } from '../../../shared/entries/finding-raised.ts'
import { foundingEntry } from '../../../shared/entries/founding.ts'
import { receiptEntry } from '../../../shared/entries/hand-off.ts'
import { entryId } from '../../../shared/entries/id.ts'
import {
  inquiryAnsweredEntry,
  inquiryAskedEntry,
  inquiryFailedEntry,
} from '../../../shared/entries/inquiry.ts'
import { logRestoredEntry } from '../../../shared/entries/log-restored.ts'
import { monthDeletedEntry } from '../../../shared/entries/month-deleted.ts'
import type { NamedEntry } from '../../../shared/entries/put.ts'
import { readEntry } from '../../../shared/entries/read.ts'
import { recountEntry } from '../../../shared/entries/recount.ts'
import { reopeningEntry } from '../../../shared/entries/reopening.ts'
import { endedSessionEntry } from '../../../shared/entries/session.ts'
import {
  noticeEntry,
  personRevocationEntry,
  refreshEntry,
  sessionEndEntry,
  signInEntry,
  signInRefusalEntry,
} from '../../../shared/entries/sign-in.ts'
import { issuanceEntry, revocationEntry, tokenRefusalEntry } from '../../../shared/entries/token.ts'
import { webhookDisabledEntry } from '../../../shared/entries/webhook.ts'
import type { Store } from '../../../shared/ports/store.ts'

export const now = Date.UTC(2026, 10, 27, 9, 0, 7)
let made = 0
const random = (): Uint8Array => new Uint8Array(16).fill(++made)
const eid = (): string => entryId(now, random())

const exported = {
  id: 'export_1',
  kind: 'bundle',
  organisation: 'cedar',
  person: { id: 'person_priya', name: 'Priya Rao' },
  ...{ q: 'decision:refuse', from: 0, to: now, size: 7, purpose: 'A review', entry: 'entry_1', sha256: 'aa' },
} as const

const traced = {
  id: 'trace_1',
  kind: 'trace',
  organisation: 'ledger',
  person: { id: 'person_ida', name: 'Ida' },
  ...{ purpose: 'A list on the web', case: 'case_1', input: { sha256: 'aa', bytes: 9 }, entry: 'entry_1' },
} as const
const attributed = { ...traced, id: 'attribution_1', kind: 'attribution' } as const

export const bodyOf = ({ entry }: NamedEntry): Readonly<Record<string, unknown>> => JSON.parse(entry.body)

const call: CallFacts = {
  request: 'r-1',
  address: '192.0.2.1',
  protocol: 'openai',
  operation: 'chat.completions',
  organisation: 'cedar',
  client: 'client_1',
  clientName: 'planner',
  tokenId: 'token_1',
  key: 'thumb',
  model: 'aurora-preview',
  developer: 'halcyon',
  grant: 'grant_1',
  agreement: { id: 'agreement_1', digest: 'd' },
  purpose: 'evaluation',
  clauses: ['quota-1', 'logging-1'],
}
const intent = intentEntry(call, { reserve: 1_200, meters: ['meter_1'] }, now, random())

const person = { id: 'person_priya', name: 'Priya Rao', organisation: 'cedar' }
const signedIn = {
  now,
  request: 'r-2',
  issuer: 'https://gate.example',
  person,
  app: 'sallyport-cli',
} as const
const issued = {
  session: 'session_1',
  audience: 'https://gate.example/api/v1',
  keyThumbprint: 'thumb',
  tokenId: 'token_2',
  scope: 'log:own',
  lifetime: 600,
  signingKid: 'kid_1',
  authTime: now - 60_000,
}
const requested = {
  now,
  request: 'r-3',
  issuer: 'https://gate.example',
  organisation: 'cedar',
  client: { id: 'client_1', name: 'planner', kind: 'workload' },
} as const

export const grantSubject: Subject = {
  kind: 'grant',
  id: 'grant_1',
  name: 'Aurora for Cedar',
  rev: 3,
  organisation: 'cedar',
  developers: ['halcyon'],
  governments: ['ofr'],
  model: 'aurora-preview',
}
const nora: Signature = {
  person: 'person_nora',
  name: 'Nora Okafor',
  organisation: 'ofr',
  role: 'nsa-admin',
  at: now,
  authTime: now - 60_000,
}
const dana: Signature = {
  ...nora,
  person: 'person_dana',
  name: 'dana',
  organisation: 'halcyon',
  role: 'developer-admin',
}

export const decided = (facts: Partial<DecisionFacts>): NamedEntry =>
  decisionEntry({
    eid: eid(),
    now,
    step: 'applied',
    action: { name: 'grant.suspend', params: {} },
    subject: grantSubject,
    rules: 1,
    ...facts,
  })

/** The entry that the sweeper makes where it was not made before. */
const reminded = await remind(
  { get: async () => [undefined] } as unknown as Store,
  { subject: grantSubject, type: 'grant.ending', text: 'It ends soon.', dueAt: now + 86_400_000 },
  { now, eid: eid(), rules: { version: 1 } as never },
)
if (reminded === undefined) throw new Error('nothing was made')

export const everyKind: Readonly<Record<string, NamedEntry>> = {
  'an intent': intent,
  'an outcome': outcomeEntry(
    intent.eid,
    intent.entry,
    { ending: 'completed', charge: 1_180, meters: [], usage: { input: 180, output: 1_000 } },
    now + 4_000,
  ),
  'an outcome that was cut': outcomeEntry(
    intent.eid,
    intent.entry,
    { ending: 'cut', charge: 0, meters: [], refusal: refuse('hold_active', 'why') },
    now,
  ),
  'an outcome that was refused': outcomeEntry(
    intent.eid,
    intent.entry,
    {
      ending: 'refused',
      charge: 0,
      meters: [],
      refusal: refuse('streams_exhausted', 'why', { clause: 'quota-1' }),
    },
    now,
  ),
  'an outcome beyond what was reserved': outcomeEntry(
    intent.eid,
    intent.entry,
    { ending: 'estimated', charge: 1, meters: [], overrun: true },
    now,
  ),
  'a refusal': refusalEntry(call, refuse('hold_active', 'why', { clause: 'holds-1' }), now, random()),
  'a decision': decided({
    by: nora,
    signatures: [nora, dana],
    reason: { code: 'security_incident', text: 'Somebody called.', reference: 'CASE-1', sealed: true },
    request: 'r-4',
  }),
  'a decision of time': decided({
    action: { name: 'client.suspend', params: {} },
    subject: { ...grantSubject, kind: 'client', id: 'client_1', name: 'planner' },
  }),
  'a decision by a ticket': decided({
    action: { name: 'client.ticket', params: { used: 'enrol', person: 'person_priya' } },
    subject: { ...grantSubject, kind: 'client', id: 'client_1', name: 'planner' },
    actor: 'enrolment',
  }),
  'a hold by an operator': decided({
    action: { name: 'hold.place', params: { scope: { organisation: 'cedar' } } },
    subject: {
      ...grantSubject,
      kind: 'hold',
      id: 'hold_1',
      name: 'all of cedar',
      hit: [{ organisation: 'cedar', clients: 2, people: 1 }],
    },
    actor: 'break-glass by bob',
    breakGlass: true,
  }),
  'a token for a client': issuanceEntry({
    ...requested,
    ...issued,
    random: random(),
    grant: 'grant_1',
    agreement: { id: 'agreement_1', digest: 'd' },
    purpose: 'evaluation',
    clauses: ['quota-1'],
  }),
  'a token for a person': refreshEntry({ ...signedIn, ...issued, random: random() }),
  'a refused token': tokenRefusalEntry({
    ...requested,
    random: random(),
    code: 'grant_suspended',
    detail: 'It is.',
    grounds: { rules: 1, clause: 'term-1', agreement: { id: 'agreement_1', digest: 'd' } },
  }),
  'a token given up by a client': revocationEntry({ ...requested, random: random(), tokenId: 'token_1' }),
  'a token given up by a person': personRevocationEntry({
    ...signedIn,
    random: random(),
    session: 'session_1',
    tokenId: 'token_2',
  }),
  'a sign-in': signInEntry({ ...signedIn, ...issued, random: random(), notice: 'digest' }),
  'a refused sign-in': signInRefusalEntry({
    ...signedIn,
    random: random(),
    code: 'person_suspended',
    detail: 'It is.',
  }),
  'a refused token of a session': signInRefusalEntry({
    ...signedIn,
    random: random(),
    code: 'invalid_grant',
    detail: 'It is.',
    session: 'session_1',
  }),
  'a notice': noticeEntry({ ...signedIn, random: random(), session: 'session_1', notice: 'digest' }),
  'a sign-out': sessionEndEntry({
    ...signedIn,
    random: random(),
    session: 'session_1',
    reason: 'signed_out',
  }),
  'a code that came twice': sessionEndEntry({
    ...signedIn,
    random: random(),
    session: 'session_1',
    reason: 'code_reused',
  }),
  'a session ended by an administrator': endedSessionEntry({
    now,
    random: random(),
    request: 'r-5',
    by: { id: 'person_ada', name: 'Ada', organisation: 'cedar' },
    person,
    session: { id: 'session_1', app: 'sallyport-console' },
  }),
  'the founding': foundingEntry({
    now,
    random: random(),
    organisations: [
      { id: 'halcyon', name: 'Halcyon', kind: 'developer' },
      { id: 'ofr', name: 'OFR', kind: 'government' },
    ],
    people: [
      { id: 'person_dana', name: 'Dana', organisation: 'halcyon', roles: ['developer-admin'] },
      { id: 'person_nora', name: 'Nora', organisation: 'ofr', roles: ['nsa-admin'] },
    ],
    operator: 'bob',
  }),
  'a receipt': receiptEntry({
    eid: eid(),
    now,
    subject: {
      ...grantSubject,
      kind: 'finding',
      id: 'finding_1',
      name: 'the jailbreak of aurora',
      clause: 'findings-1',
    },
    to: 'ofr',
    advisory: 'ab',
    receipt: 'OFR-7',
    receiptDigest: 'd',
    attempts: 1,
  }),
  'a pattern': findingRaisedEntry({
    eid: eid(),
    now,
    subject: {
      ...grantSubject,
      kind: 'finding',
      id: 'finding_2',
      name: 'the pattern of aurora-preview',
      organisation: 'halcyon',
      clause: 'no-extraction-1',
    },
    about: 'cedar',
    agreement: { id: 'agreement_1', digest: 'd' },
    clients: ['client_1', 'client_2'],
    measures: {
      ...{ pattern: 'repetition', day: '2026-11-26', replies: 240, clients: 24, words: 96_000 },
      ...{ threshold: 40, matching: 150, percent: 62 },
    },
    digest: 'd',
  }),
  'a recount': recountEntry({
    now,
    random: random(),
    meter: 'meter_1',
    organisation: 'cedar',
    before: { used: 1_200, remaining: 1, today: 1, reserved: 1, seq: 1 },
    after: { used: 1_180, remaining: 1, today: 1, reserved: 0, seq: 1 },
    operator: 'bob',
  }),
  'a reopening': reopeningEntry({
    now,
    random: random(),
    meters: ['meter_1', 'meter_2'],
    model: 'aurora-preview',
    organisation: 'cedar',
    overruns: ['entry_1'],
    raised: {},
    reason: 'looked at',
    operator: 'bob',
  }),
  'a restored log': logRestoredEntry({
    now,
    random: random(),
    log: 'gate.example/log',
    from: 31,
    to: 57,
    putBack: 24,
    placed: 2,
    displaced: [{ eid: 'entry_1.outcome', digest: 'd', charge: 12 }],
    reason: 'the disk failed',
    operator: 'bob',
  }),
  'a deleted month': monthDeletedEntry(eid(), now, {
    id: '2026-01',
    epoch: 24_312,
    entry: 'entry_7',
    signatures: [],
    work: {
      ...{ turn: 9, nextAt: now, phase: 'archives' },
      kept: { entries: 0, archives: 0 },
      removed: { entries: 40, archives: 12 },
    },
  }),
  'a webhook': webhookDisabledEntry({
    eid: eid(),
    now,
    organisation: { id: 'cedar', name: 'Cedar' },
    webhook: 'webhook_1',
    why: 'failing',
    notice: 'notice_1',
  }),
  'a reminder': reminded.entry as NamedEntry,
  'a search of a person': readEntry({
    slots: [{ epoch: 24322, slot: 3 }],
    now,
    random: random(),
    request: 'r-6',
    reader: { id: 'person_priya', name: 'Priya Rao', organisation: 'cedar', kind: 'person' },
    operation: 'search',
    query: 'decision:refuse',
    eids: ['entry_1', 'entry_2'],
  }),
  'a read of a workload': readEntry({
    slots: [{ epoch: 24322, slot: 3 }],
    now,
    random: random(),
    request: 'r-7',
    reader: { id: 'client_1', name: 'planner', organisation: 'cedar', kind: 'workload' },
    operation: 'list',
    eids: ['entry_1'],
    repeats: true,
  }),
  'an export': exportGrantedEntry(exported, { now, random: random(), request: 'r-8' }),
  'an export that is made': exportMadeEntry(
    exported,
    { records: 1, bytes: 9, sha256: 'aa', slots: [{ epoch: 24322, slot: 3 }] },
    { now, random: random() },
  ),
  'an export that failed': exportFailedEntry(exported, 'person_suspended', { now, random: random() }),
  'a copy that its reader signed for': exportCountersignedEntry(
    { ...exported, rows: 1, bytes: 9, readers: [{ month: '2026-11', reader: '171aed1c0d6a2fb8' }] },
    { key: 'thumb', session: 'session_1', signature: 'e30.e30.AA' },
    { now, random: random(), request: 'r-9' },
  ),
  'a fetch of an export': exportDownloadedEntry(exported, {
    ...{ now, random: random(), request: 'r-9', from: 0, to: 9 },
    by: { id: 'person_priya', name: 'Priya Rao' },
  }),
  'a trace that was asked for': inquiryAskedEntry(traced, {
    ...{ now, random: random(), request: 'r-10', risk: { epsilon: 1_000_000, left: 9_000_000 } },
  }),
  'a trace that names somebody': inquiryAnsweredEntry(
    traced,
    { result: {}, named: [{ id: 'person_priya', bound: '2.9e-39' }] },
    { now, random: random() },
  ),
  'a trace that names nobody': inquiryAnsweredEntry(
    traced,
    { result: {}, named: [] },
    { now, random: random() },
  ),
  'a trace that failed': inquiryFailedEntry(traced, 'leak_unreadable', { now, random: random() }),
  'an attribution that was asked for': inquiryAskedEntry(attributed, {
    ...{ now, random: random(), request: 'r-11' },
  }),
  'an attribution': inquiryAnsweredEntry(
    attributed,
    { result: {}, named: [{ id: 'cedar', bound: '2.0e-30' }] },
    { now, random: random() },
  ),
  'an epoch': epochEntry({ log: 'gate.example/log', epoch: 2026 * 12 + 10, slots: 64, keyDigest: 'd' }),
}
