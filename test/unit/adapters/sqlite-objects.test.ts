import { describe, expect, test } from 'vitest'
import { objectsApart } from '../../../shared/adapters/embedded/sqlite-objects.ts'
import { openSqliteStore } from '../../../shared/adapters/embedded/sqlite-store.ts'
import { ObjectsUnavailable } from '../../../shared/ports/objects.ts'
import { memoryObjects } from '../../world/memory-objects.ts'

const bytes = Buffer.from('x')

async function world(names: readonly string[]) {
  const store = openSqliteStore(':memory:', [])
  const files = memoryObjects()
  const objects = objectsApart('attr/pending/', store.objects, files)
  await Promise.all(names.map(name => objects.put(name, bytes, { ifAbsent: true })))
  return { store, files, objects }
}

describe('objects that stand apart by their names', () => {
  test('are where their name says, and are listed together in order', async () => {
    const names = ['attr/a', 'attr/pending/1', 'attr/pending/2', 'attr/z', 'body/1']
    const { store, files, objects } = await world(names)
    expect([...files.all.keys()]).toEqual(['attr/a', 'attr/z', 'body/1'])
    expect((await store.objects.list('')).keys).toEqual(['attr/pending/1', 'attr/pending/2'])
    expect(await objects.list('')).toEqual({ keys: names, next: undefined })
    expect(await objects.list('attr/', 'attr/pending/1')).toEqual({
      keys: ['attr/pending/2', 'attr/z'],
      next: undefined,
    })
    await objects.remove('attr/pending/1')
    expect(await objects.get('attr/pending/1')).toBeUndefined()
    expect((await objects.list('attr/pending/')).keys).toEqual(['attr/pending/2'])
  })

  test('are paged over both', async () => {
    const number = (i: number): string => String(i).padStart(4, '0')
    const names = Array.from({ length: 1_600 }, (_, i) =>
      i < 300 ? `attr/a${number(i)}` : i < 1_450 ? `attr/pending/${number(i)}` : `attr/z${number(i)}`,
    )
    const { objects } = await world(names)
    const found: string[] = []
    let next: string | undefined
    do {
      const page = await objects.list('attr/', next)
      expect(page.keys.length).toBeLessThanOrEqual(1_000)
      found.push(...page.keys)
      next = page.next
    } while (next !== undefined)
    expect(found).toEqual(names)
  })
})

test('a database that does not answer is an object store that does not', async () => {
  const { store, objects } = await world([])
  store.close()
  const act = [
    () => objects.put('attr/pending/1', bytes, { ifAbsent: true }),
    () => objects.get('attr/pending/1'),
    () => objects.list('attr/pending/'),
    () => objects.remove('attr/pending/1'),
  ]
  for (const one of act) await expect(one()).rejects.toThrow(ObjectsUnavailable)
})
