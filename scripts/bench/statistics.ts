/**
 * The value below which the share `q` of the values lies (0 to 1), between the two that stand nearest. Throws a
 * RangeError for no values: a figure about nothing would look like one.
 */
export function quantile(values: readonly number[], q: number): number {
  if (values.length === 0) throw new RangeError('There are no values.')
  const sorted = Float64Array.from(values).sort()
  const at = (sorted.length - 1) * q
  const below = sorted[Math.floor(at)] ?? Number.NaN
  const above = sorted[Math.ceil(at)] ?? Number.NaN
  return below + (above - below) * (at - Math.floor(at))
}

export const median = (values: readonly number[]): number => quantile(values, 0.5)

/** By how much y grows with one of x: the straight line of least squares. Throws a RangeError for one place only. */
export function slope(points: readonly (readonly [x: number, y: number])[]): number {
  const mean = (at: 0 | 1): number => points.reduce((sum, point) => sum + point[at], 0) / points.length
  const [x, y] = [mean(0), mean(1)]
  const over = points.reduce((sum, point) => sum + (point[0] - x) ** 2, 0)
  if (!(over > 0)) throw new RangeError('All points stand at one place.')
  return points.reduce((sum, point) => sum + (point[0] - x) * (point[1] - y), 0) / over
}
