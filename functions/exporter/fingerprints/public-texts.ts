/**
 * What everybody may have read points at nobody: plain texts that an operator has put under `attr/public/`. They are
 * compared as words, so that they need no key, and are read once for all epochs.
 */

import { gramUnits, piecesOf } from '../../../shared/fingerprint/fingerprints.ts'
import { units } from '../../../shared/fingerprint/units.ts'
import type { Objects } from '../../../shared/ports/objects.ts'
import { keysBelow } from '../../keys-below.ts'
import { othersTurn } from '../../others-turn.ts'
import { publicFolder } from './names.ts'

/** Of all texts together: what is beyond is left out, and the answer says so. */
export const maxPublicBytes = 32 * 1024 * 1024

const plain = /^[\w.=~@+/-]+$/

export interface PublicTexts {
  /** The grams of the excerpt that stand in one of them, by their places. */
  readonly places: ReadonlySet<number>
  readonly texts: number
  /** That were not read, since there are too many bytes, or their names have other characters. */
  readonly leftOut: number
}

export async function readPublicTexts(
  objects: Pick<Objects, 'get' | 'list'>,
  excerpt: readonly string[],
  most = maxPublicBytes,
): Promise<PublicTexts> {
  const sought = placesOfGrams(excerpt)
  const places = new Set<number>()
  let [texts, leftOut, bytes] = [0, 0, 0]
  for await (const key of keysBelow(objects, publicFolder)) {
    if (!key.endsWith('.txt')) continue
    // The bucket takes names that `Objects` does not: one of those must not end all that is asked.
    if (!plain.test(key)) {
      leftOut += 1
      continue
    }
    // One byte more than may be read, so that one that is too long is told from one that just fits.
    const found = await objects.get(key, { from: 0, to: most - bytes + 1 })
    if (found === undefined) continue
    if (bytes + found.bytes.length > most) {
      leftOut += 1
      continue
    }
    bytes += found.bytes.length
    texts += 1
    let last: readonly string[] = []
    for (const piece of piecesOf(Buffer.from(found.bytes).toString())) {
      const words = [...last, ...units(piece)]
      for (let at = 0; at + gramUnits <= words.length; at++)
        for (const place of sought.get(gramAt(words, at)) ?? []) places.add(place)
      last = words.slice(1 - gramUnits)
      await othersTurn()
    }
  }
  return { places, texts, leftOut }
}

/** No unit holds a blank. */
const gramAt = (words: readonly string[], at: number): string => words.slice(at, at + gramUnits).join(' ')

function placesOfGrams(words: readonly string[]): ReadonlyMap<string, readonly number[]> {
  const places = new Map<string, number[]>()
  for (let place = 0; place + gramUnits <= words.length; place++) {
    const gram = gramAt(words, place)
    const there = places.get(gram)
    if (there) there.push(place)
    else places.set(gram, [place])
  }
  return places
}
