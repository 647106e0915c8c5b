/**
 * `granted.json`: the entry that granted the export, as `records.jsonl` has its lines, with `proof` (c2sp.org/tlog-proof) by
 * the checkpoint of the bundle. It is a leaf of type 3, made before anything was collected: with it the log itself tells who
 * asked for what. Pure.
 */
import { floorTime } from '../entries/id.ts'
import { numberAt, textAt } from '../search/body.ts'
import type { Manifest } from './manifest.ts'
import type { BundleRecord } from './records.ts'

export const grantedKind = 'export_granted'

/** What `unmapped` of its body tells, beside its `kind`. */
export interface Granted {
  readonly export: string
  readonly export_kind: Manifest['kind']
  readonly query: string
  readonly by?: 'us'
  /** RFC 3339, as in the manifest. */
  readonly from: string
  readonly to: string
  readonly size: number
  readonly purpose: string
}

export const grantedFacts = (manifest: Manifest): Granted => {
  const { export: id, kind, query, decided_by, from, to, size, purpose } = manifest
  return {
    export: id,
    export_kind: kind,
    query,
    ...(decided_by && { by: decided_by }),
    from,
    to,
    size,
    purpose,
  }
}

/** With a newline. */
export const formatGranted = (record: BundleRecord & { readonly proof: string }): string =>
  `${JSON.stringify(record)}\n`

/** Which fact of the manifest the entry does not tell; `undefined`: it tells them all. */
export function grantContradicts(manifest: Manifest, body: BundleRecord['body']): string | undefined {
  if (textAt(body, 'unmapped', 'kind') !== grantedKind) return 'it grants no export'
  for (const [name, value] of Object.entries(grantedFacts(manifest))) {
    const told =
      typeof value === 'number' ? numberAt(body, 'unmapped', name) : (textAt(body, 'unmapped', name) ?? '')
    if (told !== value) return `its ${name} is not that of the manifest`
  }
  if (textAt(body, 'unmapped', 'by') !== manifest.decided_by) return 'it is of what others decided'
  if (body.time !== floorTime(Date.parse(manifest.asked_at))) return 'it was granted at another time'
  const { person, name, organisation } = manifest.by
  if (textAt(body, 'actor', 'user', 'uid') !== person) return 'it was granted to somebody else'
  if (textAt(body, 'actor', 'user', 'org', 'uid') !== organisation)
    return 'it was granted to another organisation'
  if (textAt(body, 'actor', 'user', 'name') !== name) return 'it was granted to another name'
  return undefined
}
