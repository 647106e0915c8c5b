import { timingSafeEqual } from 'node:crypto'

/** In a time that tells nothing of where two texts of one length differ. */
export function equalTexts(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}
