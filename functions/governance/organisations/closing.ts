/**
 * A partner that was revoked is not closed over its head. Its people can sign in to appeal until it is closed, and no
 * longer: those who revoked it would make its one appeal void.
 */
import { keys } from '../../../shared/domain/keys.ts'
import type { Organisation } from '../../../shared/domain/parties.ts'
import { type Refusal, refuse } from '../../../shared/domain/refusal.ts'
import { time } from '../../../shared/domain/time.ts'
import type { Store } from '../../../shared/ports/store.ts'
import { answerMs } from '../appeals/once.ts'

type Partner = Extract<Organisation, { kind: 'partner' }>

/** Nothing where it can be closed. An appeal that was answered stays so; one that is lodged changes the record. */
export async function judgeClosing(
  store: Store,
  { name, revoked }: Partner,
  now: number,
): Promise<Refusal | undefined> {
  if (revoked === undefined) return undefined
  if (revoked.appeal === undefined) {
    const until = revoked.at + answerMs
    if (now >= until) return undefined
    return refuse(
      'state_forbids',
      `${name} can appeal its revocation until ${time(until)}, and is not closed before.`,
    )
  }
  const [appeal] = await store.get([keys.appeal(revoked.appeal)])
  if (appeal !== undefined && appeal.state !== 'open') return undefined
  const due = appeal ? ` An answer is due by ${time(appeal.dueAt)}.` : ''
  return refuse(
    'state_forbids',
    `${name} appeals its revocation, and is not closed before the answer.${due}`,
    {
      next: `Answer it first: sallyport appeal get ${revoked.appeal}`,
    },
  )
}
