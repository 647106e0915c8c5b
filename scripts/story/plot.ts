/** What the story is about: the names that are its own, new in every run, and what becomes of them. */
import { randomBytes } from 'node:crypto'
import { at } from '../../client/json.ts'
import { modelId } from '../demo/story.ts'
import type { Stage } from './stage.ts'

export interface Plot {
  /** Four letters and digits that no other run has. */
  readonly run: string
  readonly model: string
  readonly modelName: string
  /** The model that the demo's auditor audits. */
  readonly audited: string
  /** Where the model is served, in the words of the API: beside the demo's own. */
  readonly upstreams: unknown
}

export async function thinkUp(stage: Stage): Promise<Plot> {
  // A letter first: four digits, or an exponent, would look like a score.
  const run = `r${randomBytes(2).toString('hex').slice(1)}`
  const known = await stage.sees('ada', `/models/${modelId}`)
  return {
    run,
    model: `aurora-${run}`,
    modelName: `Aurora ${run}`,
    audited: modelId,
    upstreams: at(known, 'upstreams'),
  }
}

const day = 86_400_000

export const inDays = (days: number): string => new Date(Date.now() + days * day).toISOString()
export const inMs = (ms: number): string => new Date(Date.now() + ms).toISOString()
