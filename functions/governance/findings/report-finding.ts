/** `finding.report`: whoever uses, governs or audits a model says what they found, and the clocks run from then. */
import { agreementStateAt, isUnseen } from '../../../shared/domain/agreement-step.ts'
import { embargo, type Finding, type ReportedKind, type Severity } from '../../../shared/domain/findings.ts'
import { type Governed, indexes, keys, listed } from '../../../shared/domain/keys.ts'
import type { Organisation } from '../../../shared/domain/parties.ts'
import type { Agreement, Model } from '../../../shared/domain/records.ts'
import { Refusal, refuse, unknownRecord } from '../../../shared/domain/refusal.ts'
import { time } from '../../../shared/domain/time.ts'
import { sees } from '../../../shared/domain/who-sees.ts'
import { itemAbsent, type Store } from '../../../shared/ports/store.ts'
import { readGrants } from '../../grants.ts'
import { pages } from '../../pages.ts'
import type { Actor, Definition } from '../engine/plan.ts'
import { factsOf, viewerOf } from '../engine/sight.ts'
import { judgeRole } from '../engine/signer.ts'
import { deciders, modelSubject } from '../engine/subjects.ts'
import { findingSubject } from './finding-record.ts'
import { type SaltedWords, wordsDigest } from './words-digest.ts'

export interface Reported extends SaltedWords {
  readonly kind: ReportedKind
  readonly model: string
  readonly agreement?: string
  readonly severity: Severity
  readonly title: string
  readonly text: string
  /** Milliseconds. */
  readonly discoveredAt: number
  readonly embargoDays?: number
}

/** By so much the clock of whoever reports may be ahead. Milliseconds. */
const skewMs = 60_000

const hourMs = 3_600_000

export const report: Definition = {
  async plan({ store }, { id, params }, { now, actor }) {
    if (actor === undefined) throw new Error('a finding is reported by a person')
    const asked = params as unknown as Reported
    const { organisation } = actor
    // Before anything is read: who may not report learns nothing of what there is.
    const role = judgeRole('finding.report', actor, {
      ...{ kind: 'finding', id, name: id, rev: 0, developers: [], governments: [] },
      organisation: organisation.id,
    })
    if (role instanceof Refusal) return role
    const agreements = await agreementsOf(store, organisation.id)
    const model = await readSeen(store, asked.model, actor, agreements)
    if (model instanceof Refusal) return model
    const agreement = await agreementFor(store, asked, { organisation, model, agreements, now })
    if (agreement instanceof Refusal) return agreement
    if (asked.discoveredAt > now + skewMs)
      return refuse('body_malformed', 'It was discovered in the past, or now.', { field: 'discovered_at' })
    if (asked.kind === 'incident' && asked.embargoDays !== undefined)
      return refuse('body_malformed', 'Only a vulnerability has an embargo.', { field: 'embargo_days' })

    const short = judgeEmbargo(asked, agreement)
    if (short) return short

    const terms = termsOf(asked, agreement, now)
    const finding: Omit<Governed<Finding>, 'by' | 'entry'> = {
      id,
      kind: asked.kind,
      organisation: organisation.id,
      model: model.id,
      developer: model.developer,
      governments: [...new Set([...(model.governments ?? []), ...deciders(organisation).governments])],
      severity: asked.severity,
      title: asked.title,
      text: asked.text,
      salt: asked.salt,
      state: 'reported',
      discoveredAt: Math.min(asked.discoveredAt, now),
      reportedAt: now,
      ...terms,
      sharedWith: [],
      rev: 1,
      ...listed('finding', organisation.id, id),
    }
    const late = finding.late ? ' It is late by the agreement.' : ''
    return {
      subject: { ...findingSubject(finding as Governed<Finding>), rev: 0 },
      difference: [
        { field: 'state', from: null, to: 'reported' },
        { field: 'severity', from: null, to: finding.severity },
        ...(finding.dueAt === undefined ? [] : [{ field: 'due_at', from: null, to: time(finding.dueAt) }]),
        ...(finding.late ? [{ field: 'late', from: null, to: true }] : []),
        ...(finding.embargoUntil === undefined
          ? []
          : [{ field: 'embargo_until', from: null, to: time(finding.embargoUntil) }]),
      ],
      recorded: recorded(finding),
      writes: ({ by, eid }) => [
        { kind: 'put', key: keys.finding(id), item: { ...finding, by, entry: eid }, if: itemAbsent },
      ],
      told: {
        type: 'finding.reported',
        text: `${organisation.name} reports ${asked.kind === 'incident' ? 'an incident' : 'a vulnerability'} of ${model.name}, severity ${asked.severity}.${late}`,
        next: `sallyport finding get ${id}`,
      },
    }
  },
}

/** All but the words, which are kept to some; that they are the ones that were reported, their digest proves. */
const recorded = (finding: Omit<Finding, 'by' | 'entry'>): Readonly<Record<string, unknown>> => ({
  kind: finding.kind,
  model: finding.model,
  severity: finding.severity,
  discoveredAt: finding.discoveredAt,
  ...(finding.agreement !== undefined && { agreement: finding.agreement }),
  ...(finding.clause !== undefined && { clause: finding.clause }),
  ...(finding.dueAt !== undefined && { dueAt: finding.dueAt }),
  ...(finding.dueAt !== undefined && { inTime: finding.late !== true }),
  ...(finding.embargoUntil !== undefined && { embargoUntil: finding.embargoUntil }),
  digest: wordsDigest(finding),
})

/** What the parties have agreed to keep, nobody of them publishes earlier; later, as they like. */
function judgeEmbargo({ embargoDays }: Reported, agreement: Agreement | undefined): Refusal | undefined {
  const least = agreement?.clocks?.embargoDays
  if (agreement === undefined || embargoDays === undefined || least === undefined || embargoDays >= least)
    return undefined
  return refuse(
    'body_malformed',
    `By the clause ${agreement.clauses['vulnerability-report']} of ${agreement.id} it is kept for ${least} days at least.`,
    { field: 'embargo_days' },
  )
}

/** The clocks, the embargo, and who is told at once: all of it by the clause. */
function termsOf(
  { kind, discoveredAt, embargoDays }: Reported,
  agreement: Agreement | undefined,
  now: number,
): Pick<Finding, 'agreement' | 'clause' | 'dueAt' | 'late' | 'embargoUntil' | 'handedTo'> {
  const { clauses, clocks = {} } = agreement ?? {}
  const clause = clauses?.[kind === 'incident' ? 'incident-report' : 'vulnerability-report']
  const hours = kind === 'incident' ? clocks.incidentHours : clocks.vulnerabilityHours
  const dueAt = hours === undefined ? undefined : Math.min(discoveredAt, now) + hours * hourMs
  const days = kind === 'incident' ? 0 : (embargoDays ?? clocks.embargoDays ?? embargo.defaultDays)
  return {
    ...(agreement && { agreement: agreement.id }),
    ...(clause !== undefined && { clause }),
    ...(dueAt !== undefined && { dueAt }),
    ...(dueAt !== undefined && now > dueAt && { late: true as const }),
    ...(days > 0 && { embargoUntil: now + days * 24 * hourMs }),
    // An agreement with such a clause has incidents told to the offices that are party to it.
    handedTo: kind === 'incident' && clause !== undefined ? (agreement?.governments ?? []) : [],
  }
}

/** What others have offered or agreed with it: of a draft nothing is known to it yet. */
async function agreementsOf(store: Store, organisation: string): Promise<readonly Governed<Agreement>[]> {
  const found: Governed<Agreement>[] = []
  const range = { index: indexes.byOwner, partition: organisation, from: 'agreement#', to: 'agreement$' }
  for await (const batch of pages<Governed<Agreement>>(store, range))
    for (const one of await store.get(batch))
      if (one && !isUnseen(one.state) && one.counterparty === organisation) found.push(one)
  return found
}

/** The model, where whoever reports sees it. */
async function readSeen(
  store: Store,
  id: string,
  actor: Actor,
  agreements: readonly Agreement[],
): Promise<Governed<Model> | Refusal> {
  const unknown = unknownRecord('model', id, { field: 'model' })
  const [model] = await store.get([keys.model(id)])
  if (model === undefined) return unknown
  const { organisation } = actor
  const offered =
    organisation.kind === 'partner' &&
    (agreements.some(one => one.models.includes(id)) ||
      (await readGrants(store, organisation.id)).some(grant => grant.model === id))
  const facts = {
    ...factsOf('model', modelSubject(model, model.governments ?? [])),
    offeredTo: offered ? [organisation.id] : [],
  }
  return sees(viewerOf(actor), facts) === undefined ? unknown : model
}

interface Covered {
  readonly organisation: Organisation
  readonly model: Model
  readonly agreements: readonly Governed<Agreement>[]
  readonly now: number
}

const signedStates: readonly Agreement['state'][] = [
  ...(['effective', 'suspended', 'expired', 'terminated', 'closing_out', 'closed'] as const),
]

/**
 * The agreement under which the clocks run: the one that is in force between the reporter and the developer for this
 * model; of the developer itself, its engagement. One that has ended can be named: what was found may date from then.
 */
async function agreementFor(
  store: Store,
  { agreement: named }: Reported,
  { organisation, model, agreements, now }: Covered,
): Promise<Governed<Agreement> | undefined | Refusal> {
  const [engagement] =
    organisation.id === model.developer && model.agreement !== undefined
      ? await store.get([keys.agreement(model.agreement)])
      : []
  const covering = [...agreements, ...(engagement ? [engagement] : [])].filter(
    one => one.developer === model.developer && one.models.includes(model.id),
  )
  if (named !== undefined) {
    const found = covering.find(one => one.id === named)
    if (found === undefined) return unknownRecord('agreement', named, { field: 'agreement' })
    return signedStates.includes(agreementStateAt(found, now))
      ? found
      : refuse('agreement_not_effective', 'It was not in force yet: nothing is owed under it.', {
          field: 'agreement',
        })
  }
  // While one is suspended, what was promised in it is owed all the same.
  const inForce = covering.filter(one => ['effective', 'suspended'].includes(agreementStateAt(one, now)))
  if (inForce.length > 1)
    return refuse(
      'body_malformed',
      `Several agreements cover it: name the one that it is reported under. ${inForce.map(({ id }) => id).join(', ')}`,
      { field: 'agreement' },
    )
  return inForce[0]
}
