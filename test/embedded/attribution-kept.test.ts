/** What is kept of replies: no word of any, and nothing that can be read once the key of its month is gone. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { keys } from '../../shared/domain/keys.ts'
import { epochAt } from '../../shared/watermark/epoch.ts'
import { type FoundTexts, named, openFoundTexts, secret } from '../world/found-texts.ts'

let found: FoundTexts
beforeAll(async () => {
  found = await openFoundTexts()
  await found.replied('cedar', { text: secret('cedars') })
  await found.replied('prairie', { text: secret('prairies', 90), breaksAfter: 50 })
})
afterAll(() => found?.close())

test('nothing of a reply or of what was found is in an item, an object or a line of a log', async () => {
  expect(named(await found.toldOf(secret('cedars')))).toEqual(['named', 'cedar'])
  const files = (await readdir(found.world.data, { recursive: true, withFileTypes: true }))
    .filter(one => one.isFile())
    .map(one => join(one.parentPath, one.name))
  const holding: string[] = []
  for (const file of files) if ((await readFile(file)).includes('quoll')) holding.push(file)
  // What people have on their own machines is theirs.
  expect(holding).toHaveLength(1)
  expect(holding[0]).toMatch(/\/found-1\.txt$/)
  expect(found.logged.filter(one => one.includes('quoll'))).toEqual([])
})

test('once the key of its month is gone, a text is nobody’s', async () => {
  await found.world.store.write({ kind: 'remove', key: keys.attributionKey(epochAt(Date.now())) })
  expect(named(await found.toldOf(secret('cedars')))).toEqual(['not_enough'])
})
