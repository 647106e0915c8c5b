/** Files that somebody has made to keep whoever verifies them busy: what a file costs goes by its size. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Cli } from '../../../client/cli/cli.ts'
import { readOneRecord } from '../../../client/cli/verify-input.ts'

const cli = {} as Cli
let folder: string
let file: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-'))
  file = join(folder, 'record.json')
})
afterEach(async () => {
  vi.restoreAllMocks()
  await rm(folder, { recursive: true })
})

test('a first line that is no JSON is not parsed again for each line behind it', async () => {
  await writeFile(file, `[${'1,'.repeat(1_000)}${'\n'.repeat(2_000)}`)
  const parse = vi.spyOn(JSON, 'parse')
  await readOneRecord(cli, file)
  expect(parse.mock.calls.length).toBeLessThanOrEqual(1)
})

test('lines with nothing in them are bytes as well: no number of them is kept', async () => {
  await writeFile(file, `{${' '.repeat(3_990_000)}\n${'\n'.repeat(20_000)}`)
  await expect(readOneRecord(cli, file)).rejects.toMatchObject({ further: { code: 'file_malformed' } })
})

test('a record a line, and one over several lines, are read as they were', async () => {
  await writeFile(file, '\n{"a":1}\n{"b":2}\n')
  expect(await readOneRecord(cli, file)).toEqual({ text: '{"a":1}', further: true })
  await writeFile(file, '{"a":1}\n\n')
  expect(await readOneRecord(cli, file)).toEqual({ text: '{"a":1}', further: false })
  await writeFile(file, '{\n"a":1\n}\n')
  expect(JSON.parse((await readOneRecord(cli, file)).text)).toEqual({ a: 1 })
})
