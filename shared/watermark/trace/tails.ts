/**
 * How likely chance alone reaches what was seen. All of it in natural logarithms: these chances are soon smaller than any
 * double. Pure.
 */

/**
 * ln P[Bin(n, p) ≥ t], exact but for rounding, for 0 < p < 1. The first term is made of logarithms, the others of their
 * ratios to it; where t is far below the mean their sum may overflow, and then the chance is 1.
 */
export function lnBinomialTail(t: number, n: number, p: number): number {
  if (t <= 0) return 0
  if (t > n) return Number.NEGATIVE_INFINITY
  let ln = t * Math.log(p) + (n - t) * Math.log1p(-p)
  for (let i = Math.min(t, n - t); i > 0; i--) ln += Math.log((n - i + 1) / i)
  let [term, sum] = [1, 1]
  for (let k = t; k < n; k++) {
    const ratio = ((n - k) / (k + 1)) * (p / (1 - p))
    term *= ratio
    sum += term
    if (term < sum * Number.EPSILON) break
  }
  return Math.min(0, ln + Math.log(sum))
}

/** So many independent draws, each of which comes to `hit` with probability `p` (above 0, below 1), else to `miss`. */
export interface Draws {
  readonly count: number
  readonly p: number
  readonly hit: number
  readonly miss: number
}

/** Where the exponent hardly changes any more: beside what a draw comes to at most, e^−64 is left of anything else. */
const steepest = 64
/** The exponent is flat about the best θ: that many are enough for more digits of it than anybody reads. */
const halvings = 24

/**
 * A bound on ln P[the draws come to at least `sum`]: K(θ) − θ·sum at the best θ ≥ 0, K(θ) = Σ ln E e^{θ·draw} (Chernoff
 * 1952, "A measure of asymptotic efficiency for tests of a hypothesis based on the sum of observations"). It holds at
 * every θ, so that no error in finding the best makes it less than the chance.
 */
export function lnChernoff(draws: readonly Draws[], sum: number): number {
  if (slope(draws, 0) >= sum) return 0
  let [low, high] = [0, 1]
  while (high < steepest && slope(draws, high) < sum) [low, high] = [high, high * 2]
  for (let i = 0; i < halvings; i++) {
    const middle = (low + high) / 2
    if (slope(draws, middle) < sum) low = middle
    else high = middle
  }
  return Math.min(0, cumulant(draws, high) - high * sum)
}

/** K(θ). */
function cumulant(draws: readonly Draws[], theta: number): number {
  let total = 0
  for (const { count, p, hit, miss } of draws) {
    const most = theta * Math.max(hit, miss)
    total +=
      count * (most + Math.log(p * Math.exp(theta * hit - most) + (1 - p) * Math.exp(theta * miss - most)))
  }
  return total
}

/** K′(θ), which grows with θ. */
function slope(draws: readonly Draws[], theta: number): number {
  let total = 0
  for (const { count, p, hit, miss } of draws) {
    const most = theta * Math.max(hit, miss)
    const [one, other] = [p * Math.exp(theta * hit - most), (1 - p) * Math.exp(theta * miss - most)]
    total += (count * (one * hit + other * miss)) / (one + other)
  }
  return total
}
