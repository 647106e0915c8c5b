import * as z from 'zod'
import type { LimitsWords } from '../../governance/grants/limits-words.ts'

/** Far beyond any budget, and exact in every store. */
const tokens = z.int().min(1).max(1_000_000_000_000)

export const limitsBody = z
  .strictObject({
    total: tokens.meta({ description: 'Tokens for the whole term.' }),
    per_day: tokens.optional().meta({ description: 'Tokens a UTC day; absent: no daily limit.' }),
    rpm: z.int().min(1).max(1_000_000).meta({ description: 'Requests a minute.' }),
    burst: z.int().min(1).max(10_000).meta({ description: 'How many of them may come at once.' }),
    streams: z.int().min(1).max(64).meta({ description: 'Calls under way at once.' }),
  })
  .meta({ id: 'LimitsAsked' }) satisfies z.ZodType<LimitsWords>

export const limitsShown = z
  .object({
    total: z.int(),
    per_day: z.int().nullable(),
    rpm: z.int(),
    burst: z.int(),
    streams: z.int(),
  })
  .meta({ id: 'Limits' })
