import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Objects, RemovableObjects } from '../../shared/ports/objects.ts'

export interface OpenedObjects {
  readonly objects: Objects
  close(): void | Promise<void>
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

/** What every backend must do. Each test has a prefix of its own. */
export function objectsContract(name: string, open: () => Promise<OpenedObjects>): void {
  describe(name, () => {
    let opened: OpenedObjects
    beforeAll(async () => {
      opened = await open()
    })
    afterAll(() => opened.close())
    const objects = (): Objects => opened.objects
    const fresh = (): string => `test/${randomUUID()}`

    /** Puts what must succeed, and returns its etag. */
    async function put(key: string, text: string): Promise<string> {
      const result = await objects().put(key, bytes(text), { ifAbsent: true })
      if (!result.ok) throw new Error(`${key} is there already`)
      return result.etag
    }

    async function text(key: string): Promise<string | undefined> {
      const object = await objects().get(key)
      return object && new TextDecoder().decode(object.bytes)
    }

    test('what was put is what is got, byte for byte, with its etag', async () => {
      const key = fresh()
      const every = Uint8Array.from({ length: 256 }, (_, i) => i)
      const result = await objects().put(key, every, { ifAbsent: true })
      const object = await objects().get(key)
      expect(object && new Uint8Array(object.bytes)).toEqual(every)
      expect(result).toEqual({ ok: true, etag: object?.etag })
    })

    test('an object may be empty, and an absent one is undefined', async () => {
      const key = fresh()
      expect(await objects().get(key)).toBeUndefined()
      await put(key, '')
      expect(await text(key)).toBe('')
    })

    test('of a range the bytes that are there are got, with the etag of the whole', async () => {
      const key = fresh()
      const etag = await put(key, '0123456789')
      const range = async (from: number, to: number) => {
        const found = await objects().get(key, { from, to })
        expect(found?.etag).toBe(etag)
        return Buffer.from(found?.bytes ?? []).toString()
      }
      expect(await range(0, 10)).toBe('0123456789')
      expect(await range(3, 7)).toBe('3456')
      expect(await range(9, 10)).toBe('9')
      expect(await range(7, 4_000)).toBe('789')
      for (const [from, to] of [
        [4, 4],
        [10, 11],
        [4_000, 5_000],
      ] as const)
        expect(await range(from, to)).toBe('')
    })

    test('of an empty object every range is empty, and of an absent one it is undefined', async () => {
      const key = fresh()
      const ranges = [
        { from: 0, to: 0 },
        { from: 0, to: 8 },
        { from: 5, to: 8 },
      ]
      for (const range of ranges) expect(await objects().get(key, range)).toBeUndefined()
      const etag = await put(key, '')
      for (const range of ranges) {
        const found = await objects().get(key, range)
        expect(found?.etag).toBe(etag)
        expect(found?.bytes).toHaveLength(0)
      }
    })

    test('a range follows a swap', async () => {
      const key = fresh()
      const first = await put(key, 'one')
      expect(Buffer.from((await objects().get(key, { from: 1, to: 3 }))?.bytes ?? []).toString()).toBe('ne')
      const second = await objects().put(key, bytes('two'), { ifMatch: first })
      const found = await objects().get(key, { from: 1, to: 3 })
      expect(Buffer.from(found?.bytes ?? []).toString()).toBe('wo')
      expect(second).toEqual({ ok: true, etag: found?.etag })
    })

    test.each([
      [-1, 2],
      [3, 2],
      [0.5, 2],
      [0, Number.NaN],
    ])('%d to %d is no range', async (from, to) => {
      await expect(objects().get(fresh(), { from, to })).rejects.toThrow(TypeError)
    })

    test('what is to be kept until a moment is put and got as any other', async () => {
      const key = fresh()
      const until = Date.now() + 60_000
      const result = await objects().put(key, bytes('kept'), { ifAbsent: true }, until)
      expect(result.ok).toBe(true)
      expect(await objects().put(key, bytes('other'), { ifAbsent: true }, until)).toEqual({ ok: false })
      expect(await text(key)).toBe('kept')
    })

    test('of 20 concurrent puts that ask for absence, one succeeds and stays', async () => {
      const key = fresh()
      const results = await Promise.all(
        Array.from({ length: 20 }, (_, i) => objects().put(key, bytes(`${i}`), { ifAbsent: true })),
      )
      expect(results.filter(({ ok }) => ok)).toHaveLength(1)
      expect(await text(key)).toBe(`${results.findIndex(({ ok }) => ok)}`)
    })

    test('a swap succeeds on the etag of what is there, and only then', async () => {
      const key = fresh()
      const first = await put(key, 'one')
      const swapped = await objects().put(key, bytes('two'), { ifMatch: first })
      expect(swapped.ok).toBe(true)
      expect(await objects().put(key, bytes('three'), { ifMatch: first })).toEqual({ ok: false })
      expect(await text(key)).toBe('two')
      expect((await objects().get(key))?.etag).toBe(swapped.ok && swapped.etag)
    })

    test('a swap of an absent object fails and creates nothing', async () => {
      const key = fresh()
      const etag = await put(fresh(), 'elsewhere')
      expect(await objects().put(key, bytes('x'), { ifMatch: etag })).toEqual({ ok: false })
      expect(await objects().get(key)).toBeUndefined()
    })

    test('of 20 concurrent swaps on one etag, one succeeds', async () => {
      const key = fresh()
      const ifMatch = await put(key, 'start')
      const results = await Promise.all(
        Array.from({ length: 20 }, (_, i) => objects().put(key, bytes(`${i}`), { ifMatch })),
      )
      expect(results.filter(({ ok }) => ok)).toHaveLength(1)
      expect(await text(key)).toBe(`${results.findIndex(({ ok }) => ok)}`)
    })

    test('keys are listed by prefix, in byte order, whether or not it ends at a slash', async () => {
      const prefix = fresh()
      const keys = ['a', 'a.b', 'b/c', 'b/d/e', 'b-', 'b0', 'B', 'x/1', 'x/10', 'x/2'].map(
        key => `${prefix}/${key}`,
      )
      for (const key of keys) await put(key, key)
      await put(`${prefix}0`, 'beside')
      const list = async (under: string) => (await objects().list(prefix + under)).keys
      expect(await list('/')).toEqual(keys.toSorted())
      expect(await list('/b')).toEqual(keys.filter(key => key.startsWith(`${prefix}/b`)).sort())
      expect(await list('/b/')).toEqual([`${prefix}/b/c`, `${prefix}/b/d/e`])
      expect(await list('/x/1')).toEqual([`${prefix}/x/1`, `${prefix}/x/10`])
      expect(await list('/none')).toEqual([])
    })

    test('a listing goes on after any key, there or not', async () => {
      const prefix = fresh()
      for (const key of ['a', 'b/c', 'b/d', 'e']) await put(`${prefix}/${key}`, '')
      const rest = async (key: string) =>
        (await objects().list(`${prefix}/`, `${prefix}/${key}`)).keys.map(found =>
          found.slice(prefix.length + 1),
        )
      expect(await rest('a')).toEqual(['b/c', 'b/d', 'e'])
      expect(await rest('b')).toEqual(['b/c', 'b/d', 'e'])
      expect(await rest('b/c')).toEqual(['b/d', 'e'])
      expect(await rest('b/zzz')).toEqual(['e'])
      expect(await rest('e')).toEqual([])
    })

    test('a page has at most 1,000 keys, and `next` leads to the rest', async () => {
      const prefix = fresh()
      const keys = Array.from({ length: 1001 }, (_, i) => `${prefix}/${String(i).padStart(4, '0')}`)
      for (let i = 0; i < keys.length; i += 50)
        await Promise.all(keys.slice(i, i + 50).map(key => put(key, '')))
      const first = await objects().list(`${prefix}/`)
      expect(first.keys).toEqual(keys.slice(0, 1000))
      const second = await objects().list(`${prefix}/`, first.next)
      expect(second).toEqual({ keys: keys.slice(1000), next: undefined })
    })

    test.each(['', '/etc/passwd', '../x', 'a/../../x', 'a/..', './a', 'a//b', 'a/', 'a\0b', 'a\\b', 'ä'])(
      '%j is no key',
      async key => {
        await expect(objects().put(key, bytes('x'), { ifAbsent: true })).rejects.toThrow(TypeError)
        await expect(objects().get(key)).rejects.toThrow(TypeError)
      },
    )
  })
}

/** What a backend must do from which the exporter takes objects away. */
export function removalContract(
  name: string,
  open: () => Promise<{ readonly objects: RemovableObjects; close(): void | Promise<void> }>,
): void {
  describe(`${name}, from which objects are removed`, () => {
    let opened: Awaited<ReturnType<typeof open>>
    beforeAll(async () => {
      opened = await open()
    })
    afterAll(() => opened.close())
    const fresh = (): string => `test/${randomUUID()}`

    async function put(key: string, text: string): Promise<string> {
      const result = await opened.objects.put(key, bytes(text), { ifAbsent: true })
      if (!result.ok) throw new Error(`${key} is there already`)
      return result.etag
    }
    const text = async (key: string): Promise<string | undefined> => {
      const object = await opened.objects.get(key)
      return object && new TextDecoder().decode(object.bytes)
    }

    test('what is removed is not there any more, every version of it; its neighbours are', async () => {
      const { objects } = opened
      const key = fresh()
      const etag = await put(key, 'one')
      expect((await objects.put(key, bytes('two'), { ifMatch: etag })).ok).toBe(true)
      await put(`${key}.beside`, 'beside')
      expect(await objects.remove(key)).toEqual({ ok: true })
      expect(await text(key)).toBeUndefined()
      expect((await objects.list(key)).keys).toEqual([`${key}.beside`])
      expect(await text(`${key}.beside`)).toBe('beside')
    })

    test('once more, and of what never was, it is done; the name can be given again', async () => {
      const { objects } = opened
      const key = fresh()
      await put(key, 'one')
      for (const each of [key, key, fresh()]) expect(await objects.remove(each)).toEqual({ ok: true })
      await put(key, 'two')
      expect(await text(key)).toBe('two')
    })

    test.each(['', '../x', 'a/../../x', 'a/'])('%j is no key', async key => {
      await expect(opened.objects.remove(key)).rejects.toThrow(TypeError)
    })
  })
}
