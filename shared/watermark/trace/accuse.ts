/** From how likely chance alone is, for each who was tested, to who is named: never without a bound. Pure. */

/** What one candidate has in common with the leak. */
export interface Tested<Evidence> {
  readonly candidate: string
  readonly evidence: Evidence
  /** Of the probability that somebody whose marks have nothing to do with the leak has as much; natural logarithm. */
  readonly lnChance: number
}

/** Nothing smaller is told: chances of that size are about the machine, no longer about the marks. */
const smallest = 1e-300

export interface Accusation {
  readonly candidate: string
  /** At most as likely is it that anybody innocent of those tested would be accused on as much. */
  readonly bound: number
}

export interface LayerVerdict<Evidence> {
  /** What may be risked on this layer: whoever is accused has a bound of at most that. */
  readonly epsilon: number
  /** How many had marks to be compared; the bounds are for them all together. */
  readonly tested: number
  /** The smallest bound first. */
  readonly accused: readonly (Evidence & Accusation)[]
  /** Who comes next, and is not named: for measurements alone, since an answer with it tells what marks others have. */
  readonly nearest?: Evidence & Pick<Accusation, 'bound'>
}

/** `tries` is in how many ways each was tested; chance has that many goes at each of them. */
export function accuse<Evidence>(
  tested: readonly Tested<Evidence>[],
  epsilon: number,
  tries: number,
): LayerVerdict<Evidence> {
  const boundOf = ({ lnChance }: Tested<Evidence>): number =>
    Math.min(1, Math.max(smallest, tested.length * tries * Math.exp(lnChance)))
  const likely = [...tested].sort((a, b) => a.lnChance - b.lnChance)
  const accused = likely
    // A bound of 1 says nothing, whatever may be risked.
    .filter(one => boundOf(one) <= epsilon && boundOf(one) < 1)
    .map(one => ({ ...one.evidence, candidate: one.candidate, bound: boundOf(one) }))
  const next = likely[accused.length]
  return {
    epsilon,
    tested: tested.length,
    accused,
    ...(next && { nearest: { ...next.evidence, bound: boundOf(next) } }),
  }
}
