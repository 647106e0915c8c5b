import type { Limits } from '../../../shared/domain/meter.ts'

/** Limits in the words of the API, as the parameters of a decision hold them. */
export interface LimitsWords {
  readonly total: number
  readonly per_day?: number | undefined
  readonly rpm: number
  readonly burst: number
  readonly streams: number
}

export const toLimits = ({ total, per_day, rpm, burst, streams }: LimitsWords): Limits => ({
  total,
  ...(per_day !== undefined && { perDay: per_day }),
  rpm,
  burst,
  streams,
})

export const showLimits = ({ total, perDay, rpm, burst, streams }: Limits) => ({
  total,
  per_day: perDay ?? null,
  rpm,
  burst,
  streams,
})
