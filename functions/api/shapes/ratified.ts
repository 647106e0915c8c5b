import * as z from 'zod'

export const ratified = z.object({ entry: z.string() }).meta({ id: 'Ratified' })
