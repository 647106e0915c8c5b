/** The writes that most plans are made of. */
import type { Governed } from '../../../shared/domain/keys.ts'
import type { Stop } from '../../../shared/domain/stop.ts'
import type { Key, Path, TransactOp, Update } from '../../../shared/ports/store.ts'
import type { Carried } from './plan.ts'

/** Fields of a record, on the version that was seen; `undefined` removes one. */
export function change<R extends object>(
  key: Key<Governed<R>>,
  seen: { readonly rev: number },
  fields: { readonly [Name in keyof R]?: R[Name] | undefined },
): Update {
  const entries = Object.entries(fields)
  const removed = entries.filter(([, value]) => value === undefined).map(([name]): Path => [name])
  return {
    kind: 'update',
    key,
    if: { eq: [['rev'], seen.rev] },
    change: {
      set: entries
        .filter(([, value]) => value !== undefined)
        .map(([name, value]) => [[name], value] as const),
      add: [[['rev'], 1]],
      ...(removed.length > 0 && { remove: removed }),
    },
  }
}

/** What a decision rests on has not changed between the judgement and the write. */
export const asSeen = (key: Key, { rev }: { readonly rev: number }): TransactOp => ({
  kind: 'check',
  key,
  if: { eq: [['rev'], rev] },
})

/** Why a record is stopped, as it stands on it. */
export const stopOf = ({ by, reason, eid, now, rules, breakGlass }: Carried): Stop => ({
  by,
  reason,
  entry: eid,
  ratifyBy: now + rules.ratifyHours * 3_600_000,
  ...(breakGlass && { breakGlass: true }),
})
