/**
 * A pattern becomes a finding, with its entry and its notices in one transaction. Nobody decides it: it is found. Its id
 * follows from agreement, pattern and day, so that of several who find it one raises it.
 */
import { hash } from 'node:crypto'
import type { Clause } from '../../../shared/domain/clauses.ts'
import type { Finding } from '../../../shared/domain/findings.ts'
import { base32, stamp } from '../../../shared/domain/id.ts'
import { type Governed, keys, listed } from '../../../shared/domain/keys.ts'
import type { Organisation } from '../../../shared/domain/parties.ts'
import { dayMs, type PatternSeen } from '../../../shared/domain/patterns.ts'
import type { Agreement } from '../../../shared/domain/records.ts'
import { Refusal, refuse } from '../../../shared/domain/refusal.ts'
import { findingRaisedEntry } from '../../../shared/entries/finding-raised.ts'
import { entryId } from '../../../shared/entries/id.ts'
import { itemAbsent } from '../../../shared/ports/store.ts'
import { type Commit, commit } from '../engine/commit.ts'
import { noticePuts } from '../engine/notices.ts'
import type { GovernanceDeps } from '../engine/plan.ts'
import { agreementSubject } from '../engine/subjects.ts'
import { findingSubject } from './finding-record.ts'
import { patternWords } from './pattern-words.ts'
import { newSalt, wordsDigest } from './words-digest.ts'

export interface Raising {
  readonly seen: PatternSeen
  readonly agreement: Governed<Agreement>
  readonly counterparty: Governed<Organisation>
  /** That sets the threshold, and the digest of its version. */
  readonly clause: Pick<Clause, 'id'>
  readonly digest: string
  /** That most of it was sent by. */
  readonly model: string
}

/** False where it was raised before. */
export async function raisePattern(deps: GovernanceDeps, raising: Raising): Promise<boolean> {
  const { measures } = raising.seen
  const name = hash(
    'sha256',
    `pattern\n${raising.agreement.id}\n${measures.pattern}\n${measures.day}`,
    'buffer',
  )
  const id = `finding_${base32(stamp(name, 8))}`
  // Of the moment at which the day was over, so that whoever finds it later writes the same entry.
  const eid = entryId(Date.parse(measures.day) + dayMs, name.subarray(16))
  const done = await commit<true>(deps, eid, undefined, async () => {
    const [there] = await deps.store.get([keys.finding(id)])
    return there === undefined
      ? raised(raising, { id, eid, now: deps.clock.now(), salt: newSalt(deps.random) })
      : raisedBefore
  })
  if (done instanceof Refusal && done !== raisedBefore) throw new Error(`${done.code}: ${done.facts.detail}`)
  return done === true
}

const raisedBefore = refuse('state_forbids', 'It was raised before.')

interface Made {
  readonly id: string
  readonly eid: string
  readonly now: number
  readonly salt: string
}

function raised(
  { seen, agreement, counterparty, clause, digest, model }: Raising,
  { id, eid, now, salt }: Made,
): Commit<true> {
  const { measures, clients } = seen
  const words = patternWords({
    measures,
    counterparty: counterparty.name,
    agreement: agreement.id,
    clause: clause.id,
  })
  // Whoever can stop the agreement is shown the reason for it; an office that it is about is the other side.
  const offices = agreementSubject(agreement, counterparty).governments.filter(one => one !== counterparty.id)
  const finding: Governed<Finding> = {
    id,
    kind: 'pattern',
    organisation: agreement.developer,
    model,
    developer: agreement.developer,
    governments: offices,
    agreement: agreement.id,
    clause: clause.id,
    severity: 'medium',
    ...words,
    salt,
    state: 'reported',
    discoveredAt: now,
    reportedAt: now,
    entry: eid,
    about: counterparty.id,
    clients,
    measures,
    handedTo: offices,
    sharedWith: [],
    rev: 1,
    ...listed('finding', agreement.developer, id),
  }
  const subject = findingSubject(finding)
  return {
    ops: [
      { kind: 'put', key: keys.finding(id), item: finding, if: itemAbsent },
      ...noticePuts({
        eid,
        now,
        type: 'finding.raised',
        text: `A pattern in what ${counterparty.name} was sent on ${measures.day}: ${measures.pattern}, by clause ${clause.id} of ${agreement.id}. It is a reason to look; nothing was narrowed.`,
        next: `sallyport finding get ${id}`,
        subject,
      }),
    ],
    entry: findingRaisedEntry({
      ...{ eid, now, about: counterparty.id, clients, measures },
      subject: { ...subject, rev: 0 },
      agreement: { id: agreement.id, digest },
      digest: wordsDigest({ salt, ...words }),
    }),
    done: true,
  }
}
