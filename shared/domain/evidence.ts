/** An export of evidence that two organisations decided on, and the receipt of whoever took it. */
import type { Signature } from './stop.ts'

/** What evidence may be asked for under: identity fraud, computer fraud, wire fraud. */
export const statutes = ['18 U.S.C. 1028', '18 U.S.C. 1030', '18 U.S.C. 1343'] as const
export type Statute = (typeof statutes)[number]

/** What is looked for: everything that is named holds. */
export interface EvidenceSelection {
  /** Who acted: a person, or an organisation. */
  readonly person?: string
  readonly organisation?: string
  /** The agent: a client. */
  readonly client?: string
  /** An incident that was reported: entries of its model, and of whoever reported it unless an actor is named. */
  readonly incident?: string
  /** Milliseconds; both belong to it. */
  readonly from: number
  readonly to: number
}

export interface Evidence {
  readonly id: string
  readonly organisation: string
  /** Whose calls and decisions it is made of: nothing is in it that this developer could not see itself. */
  readonly developer: string
  readonly governments: readonly string[]
  readonly model?: string
  readonly selection: EvidenceSelection
  readonly q: string
  readonly statutes: readonly string[]
  readonly officer: string
  readonly agency: string
  readonly purpose: string
  readonly reference?: string
  readonly signatures: readonly Signature[]
  readonly entry: string
  readonly at: number
  /** The job that makes the file; it has the digest of what was handed over. */
  readonly export: string
  readonly receipt?: EvidenceReceipt
}

export interface EvidenceReceipt {
  /** The officer's own reference. */
  readonly reference: string
  /** Of the file that they took, hexadecimal. */
  readonly sha256: string
  /** Milliseconds. */
  readonly receivedAt: number
  readonly by: Signature
  readonly entry: string
  /** The statement that this deployment signed. */
  readonly jws: string
}

/** The job of an export of evidence is called by the same name. */
export const exportOfEvidence = (id: string): string => id.replace(/^evidence_/, 'export_')

const quoted = (text: string): string => (/^[A-Za-z0-9._~-]+$/.test(text) ? text : JSON.stringify(text))

/** In the grammar of searches: also what the log tells of it. */
export function evidenceQuery(
  { person, organisation, client, from, to }: EvidenceSelection,
  incident?: { readonly model: string; readonly organisation: string },
): string {
  const actor = person ?? organisation ?? client
  const partner = organisation ?? (actor === undefined ? incident?.organisation : undefined)
  return [
    ...(partner === undefined ? [] : [`partner:${quoted(partner)}`]),
    ...(person === undefined ? [] : [`person:${quoted(person)}`]),
    ...(client === undefined ? [] : [`client:${quoted(client)}`]),
    ...(incident === undefined ? [] : [`model:${quoted(incident.model)}`]),
    `time:${new Date(from).toISOString()}..${new Date(to).toISOString()}`,
  ].join(' ')
}
