/**
 * `evidence.export`: a developer and an office decide together that entries are handed over to whoever investigates. With
 * the last signature the exporter has a job; the file is the copy of whoever asked.
 */
import { hash } from 'node:crypto'
import { type Evidence, type EvidenceSelection, exportOfEvidence } from '../../../shared/domain/evidence.ts'
import { type EvidenceStep, exportJobOf } from '../../../shared/domain/exports.ts'
import { type Governed, keys, listed } from '../../../shared/domain/keys.ts'
import type { Subject } from '../../../shared/domain/proposals.ts'
import { Refusal, refuse } from '../../../shared/domain/refusal.ts'
import type { Signature } from '../../../shared/domain/stop.ts'
import { time } from '../../../shared/domain/time.ts'
import { exportGrantedEntry } from '../../../shared/entries/export.ts'
import { putEntry } from '../../../shared/entries/put.ts'
import { itemAbsent, type Store } from '../../../shared/ports/store.ts'
import type { Actor, Definition } from '../engine/plan.ts'
import { judgeRole } from '../engine/signer.ts'
import { evidenceSubject } from './evidence-record.ts'
import { receipt } from './receipt.ts'
import { selected } from './selection.ts'

export interface EvidenceAsked {
  /** Its times by RFC 3339: parameters stand in the log. */
  readonly selection: Omit<EvidenceSelection, 'from' | 'to'> & { readonly from: string; readonly to: string }
  readonly statutes: readonly string[]
  readonly officer: string
  readonly agency: string
  readonly purpose: string
  readonly developer?: string
}

const grant: Definition = {
  async plan({ store }, { id, params }, { now, actor, proposed }) {
    const asked = params as unknown as EvidenceAsked
    const by = actor ?? (proposed && (await readProposer(store, proposed.by)))
    if (by === undefined) throw new Error('evidence is asked for by a person')
    const own = by.organisation
    const whose = { kind: 'evidence', id, name: id, rev: 0, organisation: own.id } as const
    // Before anything is read: who has no part in it learns nothing of what there is.
    const role = judgeRole('evidence.export', by, {
      ...whose,
      developers: own.kind === 'developer' ? [own.id] : [],
      governments: own.kind === 'government' ? [own.id] : [],
    })
    if (role instanceof Refusal) return role
    const { from, to, ...of } = asked.selection
    const selection: EvidenceSelection = { ...of, from: Date.parse(from), to: Date.parse(to) }
    const named = [selection.person, selection.organisation, selection.client, selection.incident]
    if (named.every(one => one === undefined))
      return refuse('body_malformed', 'Name an actor, an agent, or an incident: evidence is of somebody.', {
        field: 'selection',
      })
    if (selection.from >= selection.to || selection.to > now)
      return refuse('body_malformed', 'The range begins before it ends, and ends now at the latest.', {
        field: 'selection.to',
      })
    const found = await selected(store, selection, asked.developer, by)
    if (found instanceof Refusal) return found
    const [state] = await store.get([keys.logState])
    const { developer, governments, model, q } = found
    // Whoever signed for one developer has not signed for another.
    if (proposed && !isAsProposed(proposed.subject, own.id, developer))
      return refuse('state_forbids', 'Whose entries they are is judged otherwise now.')
    if (governments.length === 0)
      return refuse('state_forbids', 'No office deals with that developer: it takes one to decide on it.')
    const concerning = {
      id,
      organisation: own.id,
      developer,
      governments,
      ...(model !== undefined && { model }),
    }
    return {
      subject: evidenceSubject({ ...concerning, rev: 0, at: now }),
      difference: [
        { field: 'state', from: null, to: 'granted' },
        { field: 'query', from: null, to: q },
        { field: 'developer', from: null, to: developer },
      ],
      writes: ({ eid, signatures, reason, now: at, proposed: opened }) => {
        const [first] = signatures
        if (first === undefined) throw new Error('evidence is decided on by two people')
        const evidence: Governed<Evidence> = {
          ...concerning,
          selection,
          q,
          statutes: asked.statutes,
          officer: asked.officer,
          agency: asked.agency,
          purpose: asked.purpose,
          // Sealed with the words.
          ...(reason.reference !== undefined && !reason.sealed && { reference: reason.reference }),
          signatures,
          entry: eid,
          at,
          export: exportOfEvidence(id),
          rev: 1,
          ...listed('evidence', own.id, id),
        }
        const asking = {
          id: evidence.export,
          kind: 'evidence' as const,
          organisation: first.organisation,
          person: { id: first.person, name: first.name },
          q,
          from: selection.from,
          to: selection.to,
          size: state?.size ?? 0,
          purpose: asked.purpose,
          requestedAt: at,
          evidence: {
            developer,
            statutes: asked.statutes,
            officer: asked.officer,
            agency: asked.agency,
            selection: inWords(selection, developer),
            asked: stepOf(first, opened?.entry ?? eid),
            approved: signatures.filter(one => one.person !== first.person).map(one => stepOf(one, eid)),
          },
        }
        // The same in every attempt at this decision.
        const random = hash('sha256', `${eid}\n${evidence.export}`, 'buffer')
        const granted = exportGrantedEntry(asking, { now: at, random, request: id })
        const job = exportJobOf({ ...asking, entry: granted.eid })
        return [
          { kind: 'put', key: keys.evidence(id), item: evidence, if: itemAbsent },
          { kind: 'put', key: keys.export(job.id), item: job, if: itemAbsent },
          putEntry(granted),
        ]
      },
      told: {
        type: 'evidence.granted',
        text: `The evidence ${id} is handed over to ${asked.agency}.`,
        next: `sallyport export evidence get ${id}`,
      },
    }
  },
}

const isAsProposed = (subject: Subject, organisation: string, developer: string): boolean =>
  subject.organisation === organisation &&
  subject.developers.length === 1 &&
  subject.developers[0] === developer

/** Between two signatures lie days: it is asked for by whoever proposed it, as they are now. */
async function readProposer(store: Store, { person: id }: Signature): Promise<Actor | undefined> {
  const [person] = await store.get([keys.person(id)])
  const [organisation] = await store.get([keys.organisation(person?.organisation ?? '-')])
  return person && organisation && { person, organisation, authTime: 0 }
}

const stepOf = ({ person, name, organisation, role, at }: Signature, entry: string): EvidenceStep => ({
  ...{ person, name, organisation, role, at, entry },
})

const inWords = ({ from, to, ...named }: EvidenceSelection, developer: string) => ({
  ...named,
  from: time(from),
  to: time(to),
  developer,
})

export const evidenceActions = {
  'evidence.export': grant,
  'evidence.receipt': receipt,
} satisfies Readonly<Record<string, Definition>>
