import * as z from 'zod'
import { appealCommand } from '../../../shared/domain/refusal.ts'
import type { LapseStop } from '../../../shared/domain/stop.ts'
import { time } from '../../../shared/domain/time.ts'
import { instant, reasonShown, showReason } from './common.ts'

export const lapseShown = z
  .object({
    reason: reasonShown,
    entry: z.string(),
    at: instant,
    appeal: z.string().nullable().meta({
      description: 'For a partner, until an appeal was answered: the command by which it appeals, once.',
    }),
  })
  .meta({ id: 'Lapse' })

/** Whoever is not shown the whole of it belongs to the partner whose record it is. */
export const showLapse = (
  { reason, entry, at, appealed }: LapseStop,
  whole: boolean,
): z.infer<typeof lapseShown> => ({
  reason: showReason(reason, whole),
  entry,
  at: time(at),
  appeal: whole || appealed ? null : appealCommand(entry),
})
