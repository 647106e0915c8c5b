import * as z from 'zod'
import { apps, type Session } from '../../../shared/domain/parties.ts'
import { judgeSession } from '../../../shared/domain/person-authority.ts'
import { Refusal } from '../../../shared/domain/refusal.ts'
import { time } from '../../../shared/domain/time.ts'
import { instant } from './common.ts'

export const sessionShown = z
  .object({
    id: z.string(),
    app: z.enum(apps),
    started_at: instant,
    used_at: instant,
    ends_at: instant.meta({ description: 'Earlier if it is not used.' }),
    auth_time: instant.meta({ description: 'When the person last authenticated at their provider.' }),
    acr: z.string().nullable(),
    current: z.boolean().meta({ description: 'The one that this request was made in.' }),
  })
  .meta({ id: 'Session' })

/** `undefined` for one that has ended. `current`: the id of the caller's own. */
export function showSession(
  session: Session,
  current: string,
  now: number,
): z.infer<typeof sessionShown> | undefined {
  const until = judgeSession(session, now)
  if (until instanceof Refusal) return undefined
  return {
    id: session.id,
    app: session.app,
    started_at: time(session.startedAt),
    used_at: time(session.usedAt),
    ends_at: time(until),
    auth_time: time(session.authTime),
    acr: session.acr ?? null,
    current: session.id === current,
  }
}

export const sessionEnded = z.object({ id: z.string(), entry: z.string() }).meta({ id: 'SessionEnded' })
