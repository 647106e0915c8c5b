/** What a benchmark is, and what it finds. */

export interface Row {
  readonly what: string
  readonly value: number
  readonly unit: string
  /** What the figure stands beside, measured in the same run. */
  readonly beside?: {
    readonly name: string
    /** In the same unit. */
    readonly value: number
    /** How the two are compared: `times` is ours over theirs, `share` theirs over ours, `added` ours less theirs. */
    readonly by: 'times' | 'share' | 'added'
    /** The comparison itself, where it is more than that of the two figures: the median over several rounds. */
    readonly compared?: number
  }
  /** What it is to reach. Judged on the comparison where `of` says so, else on the value. */
  readonly target?: {
    readonly at: 'least' | 'most'
    readonly value: number
    readonly of?: 'comparison'
  }
  /** One-minute load average when it was measured. */
  readonly load: number
}

export interface Bench {
  readonly name: string
  /** One sentence: what is measured, beside what. */
  readonly title: string
  run(settings: Settings): Promise<readonly Row[]>
}

export interface Settings {
  /** 1 for figures to be kept; less makes every run shorter by that factor, to see that it works. */
  readonly scale: number
  /** Whether to show where the server's time goes, for a bench that can. */
  readonly profile?: boolean
  readonly print: (line: string) => void
}

export function compared({ value, beside }: Row): number | undefined {
  if (beside?.compared !== undefined) return beside.compared
  if (beside === undefined) return undefined
  if (beside.by === 'added') return value - beside.value
  return beside.by === 'times' ? value / beside.value : beside.value / value
}

/** Whether a row reaches its target; nothing where it has none. */
export function reached(row: Row): boolean | undefined {
  const { target } = row
  if (target === undefined) return undefined
  const judged = target.of === 'comparison' ? compared(row) : row.value
  if (judged === undefined) throw new Error(`${row.what} has nothing to be compared with`)
  return target.at === 'least' ? judged >= target.value : judged <= target.value
}
