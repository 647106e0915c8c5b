/** Whoever reads that an advisory was handed off, and not its words, could make it again by guessing them. */
import { expect, test } from 'vitest'
import { advisoryOf } from '../../../../shared/csaf/advisory.ts'
import { findingWorld, issuer, reportBody } from './finding-world.ts'
import { applied } from './grant-world.ts'

test('the digest of an advisory in the log is of something that no entry and no withheld view has', async () => {
  const world = await findingWorld()
  const id = await world.report('pat')
  applied(await world.call('dana', 'handOffFinding', { finding: id, rev: 1, body: { to: 'ofr' } }))
  const { handOff, salt, ...kept } = await world.finding(id)
  const entry = await world.entry(handOff?.entry ?? '')
  expect(entry).toMatchObject({ params: { digest: handOff?.digest } })
  expect(await world.shown('audrey', id)).toMatchObject({ withheld: true, hand_off: null, digest_salt: null })
  // The moment is known to ten seconds, so that it can be tried as well: here it is known.
  const guess = (by: string) =>
    advisoryOf({
      finding: { ...kept, title: reportBody.title, text: reportBody.text, salt: by },
      model: { id: 'aurora', name: 'Aurora' },
      developer: { id: 'halcyon', name: 'Halcyon Research' },
      ...{ issuer, at: handOff?.at ?? 0, status: 'known_affected' },
    }).digest
  expect(guess(salt)).toBe(handOff?.digest)
  expect(guess('')).not.toBe(handOff?.digest)
  expect(await world.everythingTold()).not.toContain(salt)
})
