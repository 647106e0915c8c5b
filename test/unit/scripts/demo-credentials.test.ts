import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openCredentials } from '../../../scripts/demo/credentials.ts'
import { people } from '../../../scripts/demo/people.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-'))
})
afterEach(() => rm(folder, { recursive: true }))

it('credentials.json names the people by login, and no secret of theirs', async () => {
  const path = join(folder, 'demo', 'credentials.json')
  const made = await openCredentials(path, 'http://127.0.0.1:1')
  expect(made.people).toEqual(people)
  expect(Object.keys(made.people[0] ?? {}).sort()).toEqual(['login', 'name', 'organisation', 'roles'])
  expect((await stat(path)).mode & 0o777).toBe(0o600)
  expect(await openCredentials(path, 'http://127.0.0.1:1')).toEqual(made)
})

it('credentials.json of an earlier demo gets the people, and keeps its keys', async () => {
  const path = join(folder, 'credentials.json')
  const made = await openCredentials(path, 'http://127.0.0.1:1')
  await writeFile(path, JSON.stringify({ ...made, people: [] }))
  const moved = await openCredentials(path, 'http://127.0.0.1:2')
  expect(moved).toEqual({ ...made, issuer: 'http://127.0.0.1:2' })
  expect(JSON.parse(await readFile(path, 'utf8'))).toEqual(moved)
  expect((await stat(path)).mode & 0o777).toBe(0o600)
})
