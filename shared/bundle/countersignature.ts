/**
 * What the reader of an export signs before anybody gives them its file: that this copy is theirs. They sign with the key of
 * their session, whose private half the operator does not have: a copy that was made in their name lacks this. Pure.
 */
import canonicalize from 'canonicalize'
import type { ExportJob } from '../domain/exports.ts'
import { time } from '../domain/time.ts'

/** `typ` of the JWS (RFC 8725 §3.11), so that it can be taken for no proof and no token: the key makes those too. */
export const countersignatureType = 'sallyport-export+jws'

const says = 'This copy is mine: each record in it names me, and I answer for where it goes.'

type Exported = Pick<
  ExportJob,
  | 'id'
  | 'entry'
  | 'q'
  | 'from'
  | 'to'
  | 'size'
  | 'purpose'
  | 'rows'
  | 'bytes'
  | 'sha256'
  | 'readers'
  | 'person'
  | 'organisation'
>

/**
 * Canonical JSON (RFC 8785), which is signed byte for byte; `log` is the origin of its checkpoints. No time of day is in it:
 * the same copy is signed with the same words, however often. `undefined` until the file is made.
 */
export function statementOf(job: Exported, log: string): string | undefined {
  const { id, entry, q, from, to, size, purpose, rows, bytes, sha256, readers, person, organisation } = job
  if (bytes === undefined || sha256 === undefined) return undefined
  return canonicalize({
    export: id,
    ...{ log, entry, query: q, from: time(from), to: time(to), size, purpose },
    ...{ records: rows, bytes, sha256 },
    readers: readers.map(({ month, reader }) => ({ month, reader })),
    ...{ person: person.id, organisation, says },
  })
}

/**
 * The file that was announced, and what is said of it is what a reader says; whoever is about to sign looks. In its one
 * form: where a name stood there twice, others would read that another file was signed for (RFC 8259 §4).
 */
export function isStatementOf(statement: string, file: Pick<Exported, 'id' | 'sha256' | 'bytes'>): boolean {
  try {
    const told = JSON.parse(statement) as Readonly<Record<string, unknown>> | null
    return (
      canonicalize(told) === statement &&
      told?.export === file.id &&
      told.sha256 === file.sha256 &&
      told.bytes === file.bytes &&
      told.says === says
    )
  } catch {
    return false
  }
}
