import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { makePieces, type Piece, pieceFolder } from '../../../../scripts/localstack/cache.ts'

let cache: string
beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), 'sallyport-cache-'))
})
afterEach(() => rmSync(cache, { recursive: true }))

const quiet = (): void => undefined
const tool = (source: string, make = (folder: string) => writeFile(join(folder, 'tool'), source)) => {
  const made = vi.fn(make)
  return { name: 'tool', sources: [source], needs: ['tool'], make: made } satisfies Piece
}
const pieces = (): readonly string[] => readdirSync(cache).filter(name => /^(tool|incoming)-/.test(name))

describe('a piece', () => {
  test('is made once, and found from then on', async () => {
    const piece = tool('one')
    await makePieces(cache, [piece], quiet)
    await makePieces(cache, [piece], quiet)
    expect(piece.make).toHaveBeenCalledTimes(1)
    expect(readFileSync(join(pieceFolder(cache, piece), 'tool'), 'utf8')).toBe('one')
  })

  test('of other sources takes the place of the former', async () => {
    await makePieces(cache, [tool('one')], quiet)
    await makePieces(cache, [tool('two')], quiet)
    expect(pieces()).toEqual([expect.stringMatching(/^tool-/)])
  })

  test('is made once where several ask at the same time', async () => {
    const slow = tool('one', async folder => {
      await new Promise(resolve => setTimeout(resolve, 50))
      await writeFile(join(folder, 'tool'), '')
    })
    const say = vi.fn()
    await Promise.all([1, 2, 3].map(() => makePieces(cache, [slow], say)))
    expect(slow.make).toHaveBeenCalledTimes(1)
    expect(say).toHaveBeenCalledWith('Another process installs: waiting for it.')
  })

  test('that fails is not there, and is made by the next attempt', async () => {
    const failing = tool('one', async folder => {
      await writeFile(join(folder, 'tool'), 'half')
      throw new Error('no network')
    })
    await expect(makePieces(cache, [failing], quiet)).rejects.toThrow('no network')
    expect(existsSync(pieceFolder(cache, failing))).toBe(false)
    await makePieces(cache, [tool('one')], quiet)
    expect(pieces()).toHaveLength(1)
  })

  test('that was broken off leaves nothing that counts', async () => {
    await mkdir(join(cache, 'incoming-of-a-process-that-was-killed', 'half'), { recursive: true })
    await makePieces(cache, [tool('one')], quiet)
    expect(pieces()).toEqual([expect.stringMatching(/^tool-/)])
  })

  test('is made anew when what it links to has gone', async () => {
    const target = join(cache, 'interpreter')
    const linked = tool('one', async folder => {
      await writeFile(target, '')
      await symlink(target, join(folder, 'tool'))
    })
    await makePieces(cache, [linked], quiet)
    await rm(target)
    await makePieces(cache, [linked], quiet)
    expect(linked.make).toHaveBeenCalledTimes(2)
  })
})
