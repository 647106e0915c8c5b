/** What is told of a request, in a history. */
import type { LogState } from '../../../shared/domain/log.ts'
import type { Entry } from '../../../shared/entries/entry.ts'
import type { Key, Query, TransactOp } from '../../../shared/ports/store.ts'
import type { KeyRequest } from './keyholder.ts'
import type { ObjectRequest } from './objects-port.ts'

export function toldOf(request: object, nameOf: (eid: string) => string): string {
  if ('secret' in request) return (request as KeyRequest).secret
  if ('object' in request) {
    const { object, name } = request as ObjectRequest
    return `${object} ${name.replace(/[0-9a-f]{56}$/, '')}`
  }
  if ('kind' in request) return toldOfWrite(request as TransactOp, nameOf)
  // Under an adapter its index is all that is known of a query.
  if ('index' in request) return `look for ${(request as Query).partition ?? (request as Query).index.name}`
  return `read ${(request as readonly Key[]).map(({ pk }) => nameOf(pk)).join(', ')}`
}

function toldOfWrite(op: TransactOp, nameOf: (eid: string) => string): string {
  const name = nameOf(op.key.pk)
  if (op.kind === 'put') {
    const { size, rev, staged } = op.item as LogState
    return rev === undefined ? `put ${name}` : `commit to ${size}, version ${rev}, by ${staged.slice(0, -56)}`
  }
  if (op.kind !== 'update') return `${op.kind} ${name}`
  const set = Object.fromEntries((op.change.set ?? []).map(([path, value]) => [path.join('.'), value]))
  const { i, finished, halted } = set as Partial<Entry & LogState>
  if (i !== undefined) return `give place ${i} to ${name}`
  if (finished !== undefined) return `has finished ${finished.slice(0, -56)}`
  if (halted !== undefined) return `halt: ${halted.why}: ${halted.detail}`
  return `mark ${name}`
}
