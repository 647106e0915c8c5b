import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openFileObjects } from '../../../shared/adapters/embedded/file-objects.ts'

let root: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'sallyport-'))
})
afterEach(() => rm(root, { recursive: true }))

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

test('an object is a file of its key, and nothing half-written stays beside it', async () => {
  const objects = await openFileObjects(root)
  const put = await objects.put('tile/0/001', bytes('one'), { ifAbsent: true })
  await objects.put('tile/0/001', bytes('lost'), { ifAbsent: true })
  await objects.put('tile/0/001', bytes('two'), { ifMatch: put.ok ? put.etag : '' })
  await objects.put('tile/0/001', bytes('lost'), { ifMatch: put.ok ? put.etag : '' })
  expect(await readFile(join(root, 'objects', 'tile/0/001'), 'utf8')).toBe('two')
  expect(await readdir(join(root, 'incoming'))).toEqual([])
})

test('reopening finds every object', async () => {
  await (await openFileObjects(root)).put('a/b', bytes('x'), { ifAbsent: true })
  const objects = await openFileObjects(root)
  expect((await objects.list('')).keys).toEqual(['a/b'])
  expect((await objects.put('a/b', bytes('y'), { ifAbsent: true })).ok).toBe(false)
})

test('what stands above or below an object is no object', async () => {
  const objects = await openFileObjects(root)
  await objects.put('a/b', bytes('x'), { ifAbsent: true })
  expect(await objects.get('a')).toBeUndefined()
  expect(await objects.get('a/b/c')).toBeUndefined()
})
