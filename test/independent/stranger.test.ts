/**
 * docs/log-format.md is enough: whoever has it and plain Python writes a verifier of a bundle in some 200 lines. This one was
 * written by somebody who had read nothing else.
 */
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { describeSkipped } from '../../scripts/emulators.ts'
import { changed, linesOf, type MadeBundle, makeBundle, other, packSpoiled } from './made-bundle.ts'
import { missingForStranger, stranger, verifyAsStranger } from './verifier.ts'

test('the verifier in Python has at most 210 lines, none over 110 columns', () => {
  const lines = readFileSync(stranger, 'utf8').trimEnd().split('\n')
  expect(lines.length).toBeLessThanOrEqual(210)
  expect(lines.filter(line => line.length > 110 || line.includes(';'))).toEqual([])
})

const missing = missingForStranger()
if (missing) console.log(describeSkipped('of a bundle by a verifier in Python', [missing]))

describe.skipIf(missing)('the file of an export, by a verifier in Python', () => {
  let made: MadeBundle
  let key: string

  beforeAll(async () => {
    made = await makeBundle()
    key = join(made.world.data, 'log.vkey')
    await writeFile(key, `${made.vkey}\n`)
  }, 180_000)
  afterAll(() => made?.world.close())

  test('all of it is proved, as it was fetched and packed anew', async () => {
    const count = linesOf(made.files['records.jsonl']).length
    expect(count).toBeGreaterThan(0)
    for (const file of [made.file, await packSpoiled(made, {})])
      expect(await verifyAsStranger(file, key)).toEqual({
        code: 0,
        said: expect.stringMatching(
          new RegExp(`^${count} records in the tree of size \\d+ of \\S+/log, .*, granted by entry_\\w{26}$`),
        ),
      })
  })

  const record = 'records.jsonl, line 1'

  test.each([
    ['a record', 'records.jsonl', /(?<="status_id":)1/, '2', `${record}: the digest is not that of the body`],
    ['a proof', 'proofs.json', /(?<="hashes":\[")./, other, `${record}: the leaf is not in the tree`],
    ['a checkpoint', 'checkpoint', /(?<=\n)\d+/, '1000', "checkpoint: the signature is not the log's"],
  ] as const)('is noticed, whatever the manifest says: %s', async (_, name, from, to, fault) => {
    const file = await packSpoiled(made, { [name]: changed(made.files[name], from, to) })
    const { code, said } = await verifyAsStranger(file, key)
    expect(said).toContain(fault)
    expect(code).toBe(1)
  })
})
