/** From a clause of an agreement to what it did: the grants that it limits, and the entries that name it. */
import { isUnseen } from '../../shared/domain/agreement-step.ts'
import type { Clause } from '../../shared/domain/clauses.ts'
import type { Finding } from '../../shared/domain/findings.ts'
import { indexes, keys, type RecordKind } from '../../shared/domain/keys.ts'
import type { Limits, Meter } from '../../shared/domain/meter.ts'
import type { Agreement, AgreementVersion, Grant, Organisation } from '../../shared/domain/records.ts'
import { Refusal, refuse, unknownRecord } from '../../shared/domain/refusal.ts'
import type { Review } from '../../shared/domain/reviews.ts'
import { sees } from '../../shared/domain/who-sees.ts'
import type { Entry } from '../../shared/entries/entry.ts'
import { entryIdFrom } from '../../shared/entries/id.ts'
import type { Key, Store } from '../../shared/ports/store.ts'
import { documentOf, readAgreement } from '../governance/agreements/read-agreement.ts'
import { factsOf } from '../governance/engine/sight.ts'
import { grantSubject } from '../governance/engine/subjects.ts'
import { readGrants } from '../grants.ts'
import { type Reader, viewOf } from '../log/entry-view.ts'
import { pages } from '../pages.ts'

/** How often something stands in the log, and its newest entries. */
export interface Traced {
  readonly count: number
  readonly latest: readonly string[]
}

export interface ClauseEffects {
  readonly agreement: string
  readonly clause: Clause
  /** Digests, newest first. */
  readonly versions: readonly string[]
  /** Of a quota: what all grants share. */
  readonly pool?: Pick<Meter, 'id' | 'limits'>
  readonly grants: readonly { readonly grant: Grant; readonly limits?: Limits }[]
  readonly tokens: Traced
  readonly admissions: Traced
  readonly refusals: Traced & { readonly byCode: ReadonlyMap<string, number> }
  readonly decisions: Traced
  readonly findings: Traced
  /** Milliseconds. */
  readonly since: number
  readonly atLeast: boolean
}

export interface Named {
  readonly agreement: string
  readonly clause: string
  readonly since: number
}

/** Entries of one request at most, newest first. */
const maxEntries = 5_000

export async function clauseEffects(
  store: Store,
  reader: Reader,
  named: Named,
  most = maxEntries,
): Promise<ClauseEffects | Refusal> {
  const found = await readSeen(store, reader, named)
  if (found instanceof Refusal) return found
  const { agreement, counterparty, clause, versions } = found
  const limited = await readLimited(store, reader, agreement, counterparty, clause)
  const raised = clause.kind === 'no-extraction' ? await readRaised(store, agreement.developer, named) : []
  const made = await readMade(store, counterparty.id, named)
  const tally = new Tally(named, new Set([...made, ...raised.map(({ id }) => `finding#${id}`)]))
  // They are the developer's, who may have more entries than all of its partners.
  for (const { eid, entry } of await entriesOfRaised(store, raised, named.since)) {
    const seen = viewOf(reader, entry) as { readonly body: Told } | undefined
    if (seen) tally.count(eid, seen.body)
  }
  const atLeast = await eachEntry(store, counterparty.id, named.since, most, (eid, entry) => {
    const seen = viewOf(reader, entry) as { readonly body: Told } | undefined
    if (seen) tally.count(eid, seen.body)
  })
  return {
    agreement: agreement.id,
    clause,
    versions,
    ...limited,
    ...tally.traced(),
    since: named.since,
    atLeast,
  }
}

interface Seen {
  readonly agreement: Agreement
  readonly counterparty: Organisation
  readonly clause: Clause
  readonly versions: readonly string[]
}

async function readSeen(store: Store, { viewer }: Reader, named: Named): Promise<Seen | Refusal> {
  const seen = await readAgreement(store, named.agreement)
  if (seen instanceof Refusal) return seen
  const { agreement, counterparty, subject } = seen
  if (!sees(viewer, factsOf('agreement', subject))) return unknownRecord('agreement', named.agreement)

  const drafts = viewer.organisation === agreement.developer
  const holding = (await readOwned<AgreementVersion>(store, agreement.id, 'version'))
    .filter(one => drafts || wasOffered(agreement, one))
    .toSorted((a, b) => b.version - a.version || b.draftedAt - a.draftedAt)
    .flatMap(version => {
      const clause = documentOf(version).clauses.find(({ id }) => id === named.clause)
      return clause ? [{ digest: version.digest, clause }] : []
    })
  // As it stands in the version in force; else as it was said last.
  const { clause } = holding.find(({ digest }) => digest === agreement.digest) ?? holding[0] ?? {}
  if (clause === undefined)
    return refuse('record_unknown', `The agreement ${agreement.id} has no clause ${named.clause} for you.`, {
      next: `See which it has: sallyport agreement get ${agreement.id}`,
    })
  return { agreement, counterparty, clause, versions: holding.map(({ digest }) => digest) }
}

async function readOwned<R extends object>(
  store: Store,
  partition: string,
  kind: RecordKind,
): Promise<readonly R[]> {
  const found: R[] = []
  // `$` is the character after `#`.
  for await (const batch of pages<R>(store, {
    index: indexes.byOwner,
    partition,
    from: `${kind}#`,
    to: `${kind}$`,
  }))
    for (const one of await store.get(batch)) if (one) found.push(one)
  return found
}

/** What its developer still drafts, or has drafted and never offered, is for nobody else. */
const wasOffered = (
  { digest, previous, next, state }: Agreement,
  version: Pick<AgreementVersion, 'digest' | 'effectiveAt'>,
): boolean =>
  version.effectiveAt !== undefined ||
  version.digest === previous?.digest ||
  (version.digest === digest && !isUnseen(state)) ||
  (version.digest === next?.digest && next.state === 'offered')

async function readLimited(
  store: Store,
  { viewer }: Reader,
  agreement: Agreement,
  counterparty: Organisation,
  { kind }: Clause,
): Promise<Pick<ClauseEffects, 'grants' | 'pool'>> {
  const under = (await readGrants(store, counterparty.id)).filter(one => one.agreement === agreement.id)
  const grants = await Promise.all(
    under.map(async grant => {
      const [model] = await store.get([keys.model(grant.model)])
      if (!model || !sees(viewer, factsOf('grant', grantSubject(grant, model, counterparty)))) return []
      if (kind !== 'quota') return [{ grant }]
      const meters = await store.get(grant.meters.map(keys.meter))
      const limits = meters.find(one => one !== undefined && one.shared === undefined)?.limits
      return [{ grant, ...(limits && { limits }) }]
    }),
  )
  const pooled = kind === 'quota' ? agreement.pool : undefined
  const [pool] = pooled === undefined ? [] : await store.get([keys.meter(pooled)])
  return { grants: grants.flat(), ...(pool && { pool: { id: pool.id, limits: pool.limits } }) }
}

/** Findings and reviews that its clause is the reason of, as the subjects of decisions. */
async function readMade(
  store: Store,
  organisation: string,
  { agreement, clause }: Named,
): Promise<ReadonlySet<string>> {
  const findings = await readOwned<Finding>(store, organisation, 'finding')
  const reviews = await readOwned<Review>(store, organisation, 'review')
  const made = (kind: string, all: readonly (Finding | Review)[]): readonly string[] =>
    all.filter(one => one.agreement === agreement && one.clause === clause).map(({ id }) => `${kind}#${id}`)
  return new Set([...made('finding', findings), ...made('review', reviews)])
}

/** Patterns that were found by its clause. */
const readRaised = async (
  store: Store,
  developer: string,
  { agreement, clause }: Named,
): Promise<readonly Finding[]> =>
  (await readOwned<Finding>(store, developer, 'finding')).filter(
    one => one.kind === 'pattern' && one.agreement === agreement && one.clause === clause,
  )

/** Of what was found, and of what was done about it; newest first. */
async function entriesOfRaised(store: Store, raised: readonly Finding[], since: number) {
  const from = entryIdFrom(Math.max(0, since))
  const eids = raised
    .flatMap(({ entry, resolved }) => [entry, ...(resolved ? [resolved.entry] : [])])
    .filter(eid => eid >= from)
    .toSorted()
    .reverse()
  const found: { readonly eid: string; readonly entry: Entry }[] = []
  for (let at = 0; at < eids.length; at += 100) {
    const some = eids.slice(at, at + 100)
    const entries = await store.get(some.map(keys.entry))
    for (const [i, eid] of some.entries()) {
      const entry = entries[i]
      if (entry) found.push({ eid, entry })
    }
  }
  return found
}

/** Newest first; true where there are more than `most`. */
async function eachEntry(
  store: Store,
  organisation: string,
  since: number,
  most: number,
  look: (eid: string, entry: Entry) => void,
): Promise<boolean> {
  let after: string | undefined
  let left = most
  while (left > 0) {
    const page = await store.query({
      index: indexes.byOrganisation,
      partition: organisation,
      // No entry is older than the epoch, and a time before it has no place in an id.
      from: entryIdFrom(Math.max(0, since)),
      order: 'desc',
      limit: Math.min(100, left),
      ...(after !== undefined && { after }),
    })
    const entries = await store.get(page.keys as readonly Key<Entry>[])
    for (const [i, { pk }] of page.keys.entries()) {
      const entry = entries[i]
      if (entry) look(pk, entry)
    }
    after = page.next
    if (after === undefined) return false
    left -= page.keys.length
  }
  return true
}

/** What of an entry says that it is of this clause. */
export interface Told {
  readonly unmapped?: {
    readonly kind?: string
    readonly code?: string
    readonly agreement?: { readonly id?: string } | string
    /** Those that bind a call or a token. */
    readonly clauses?: readonly string[]
    /** The one that it was refused by. */
    readonly clause?: string
    readonly subject?: { readonly kind: string; readonly id: string }
  }
}

const maxLatest = 10

class Trace {
  readonly latest: string[] = []
  count = 0

  add(eid: string): void {
    this.count++
    if (this.latest.length < maxLatest) this.latest.push(eid)
  }
}

/** Given entries newest first. */
class Tally {
  readonly #named: Pick<Named, 'agreement' | 'clause'>
  readonly #made: ReadonlySet<string>
  readonly #tokens = new Trace()
  readonly #admissions = new Trace()
  readonly #refusals = new Trace()
  readonly #byCode = new Map<string, number>()
  readonly #decisions = new Trace()
  readonly #findings = new Trace()

  /** `made`: findings and reviews by the clause, each as `<kind>#<id>`. */
  constructor(named: Pick<Named, 'agreement' | 'clause'>, made: ReadonlySet<string>) {
    this.#named = named
    this.#made = made
  }

  count(eid: string, { unmapped = {} }: Told): void {
    const { agreement, clause } = this.#named
    if (unmapped.kind === 'decision' || unmapped.kind === 'finding_raised') {
      const { kind, id } = unmapped.subject ?? {}
      if ((kind === 'agreement' && id === agreement) || this.#made.has(`${kind}#${id}`))
        (kind === 'finding' ? this.#findings : this.#decisions).add(eid)
      return
    }
    // Ids of clauses are the parties' own: another agreement may have the same.
    if (agreementOf(unmapped) !== agreement) return
    if (unmapped.code !== undefined && unmapped.clause === clause) {
      this.#refusals.add(eid)
      this.#byCode.set(unmapped.code, (this.#byCode.get(unmapped.code) ?? 0) + 1)
      return
    }
    if (!unmapped.clauses?.includes(clause)) return
    if (unmapped.kind === 'issuance') this.#tokens.add(eid)
    if (unmapped.kind === 'intent') this.#admissions.add(eid)
  }

  traced(): Pick<ClauseEffects, 'tokens' | 'admissions' | 'refusals' | 'decisions' | 'findings'> {
    return {
      tokens: this.#tokens,
      admissions: this.#admissions,
      refusals: { count: this.#refusals.count, latest: this.#refusals.latest, byCode: this.#byCode },
      decisions: this.#decisions,
      findings: this.#findings,
    }
  }
}

const agreementOf = ({ agreement }: NonNullable<Told['unmapped']>): string | undefined =>
  typeof agreement === 'string' ? agreement : agreement?.id
