/** A protected agreement as it is signed: canonical JSON, whose SHA-256 is its identity. */
import { hash } from 'node:crypto'
import canonicalize from 'canonicalize'
import type { Clause } from '../domain/clauses.ts'
import type { AgreementKind } from '../domain/records.ts'

export const documentFormat = 'sallyport-agreement/1'

export interface Party {
  readonly organisation: string
  readonly name: string
  readonly as: 'developer' | 'partner' | 'government'
}

/** Times are RFC 3339, UTC. */
export interface AgreementDocument {
  readonly format: typeof documentFormat
  /** The id of the agreement, so that no other has a document of the same digest. */
  readonly agreement: string
  readonly version: number
  readonly kind: AgreementKind
  readonly title: string
  /** What it was drafted from; null where somebody wrote it. */
  readonly template: string | null
  /** The text is made up and binds nobody: every document says so that is of a template, or holds a clause of one. */
  readonly made_up: boolean
  readonly parties: readonly Party[]
  readonly models: readonly string[]
  readonly starts_at: string
  readonly ends_at: string
  readonly clauses: readonly Clause[]
}

/** Canonical JSON (RFC 8785), which is what is signed. */
export function documentText(document: AgreementDocument): string {
  const text = canonicalize(document)
  if (text === undefined) throw new TypeError('a document has no canonical form')
  return text
}

/** SHA-256 of canonical bytes, base64url. */
export const digestOf = (text: string | Uint8Array): string => hash('sha256', text, 'base64url')

/** Who signs it besides its developer, and is given access by it. */
export function counterpartyOf({
  kind,
  parties,
}: Pick<AgreementDocument, 'kind' | 'parties'>): string | undefined {
  const as = kind === 'engagement' ? 'government' : 'partner'
  return parties.find(party => party.as === as)?.organisation
}

/** One place in which two versions differ, by its path: `clauses[quota-1].terms.total`. */
export interface Changed {
  readonly path: string
  readonly from: unknown
  readonly to: unknown
}

/** What one version says that another does not; clauses are compared by their ids, whatever their order. */
export function differenceOf(from: AgreementDocument, to: AgreementDocument): readonly Changed[] {
  return compare('', byId(from), byId(to))
}

const byId = ({ clauses, parties, ...rest }: AgreementDocument): object => ({
  ...rest,
  parties: Object.fromEntries(parties.map(party => [party.organisation, party])),
  clauses: Object.fromEntries(clauses.map(clause => [clause.id, clause])),
})

function compare(path: string, from: unknown, to: unknown): readonly Changed[] {
  if (canonicalize(from ?? null) === canonicalize(to ?? null)) return []
  if (!isObject(from) || !isObject(to)) return [{ path, from: from ?? null, to: to ?? null }]
  const names = [...new Set([...Object.keys(from), ...Object.keys(to)])].sort()
  return names.flatMap(name => compare(below(path, name), ownOf(from, name), ownOf(to, name)))
}

/** Ids of clauses and parties are people's own: one may be called as what every object has by itself. */
const ownOf = (value: Readonly<Record<string, unknown>>, name: string): unknown =>
  Object.hasOwn(value, name) ? value[name] : undefined

const below = (path: string, name: string): string =>
  path === '' ? name : path === 'clauses' || path === 'parties' ? `${path}[${name}]` : `${path}.${name}`

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
