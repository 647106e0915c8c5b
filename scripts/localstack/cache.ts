/** What is made once and kept: in an ignored folder of the checkout, each piece named by a hash of its sources. */
import { createHash, randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { withLock } from './lock.ts'
import { processesWith } from './process-table.ts'

export interface Piece {
  readonly name: string
  /** The contents of everything it is made of: another content makes another piece. */
  readonly sources: readonly string[]
  /** Paths in it. Where one is missing, it links to something outside that has gone, and the piece is made anew. */
  readonly needs: readonly string[]
  /** Fills an empty folder, which is moved afterwards; `log` is a file for the output of commands. */
  make(folder: string, log: string): Promise<void>
}

export const cacheFolder = (name: string): string => resolve(import.meta.dirname, '../../.cache', name)

/** Where a piece stands, or will. */
export function pieceFolder(cache: string, { name, sources }: Piece): string {
  const digest = createHash('sha256').update(JSON.stringify(sources)).digest('hex')
  return join(cache, `${name}-${digest.slice(0, 12)}`)
}

export const isMade = (cache: string, piece: Piece): boolean =>
  piece.needs.every(path => existsSync(join(pieceFolder(cache, piece), path)))

/**
 * Makes what is missing of `pieces`, all at once, in one process at a time. A piece appears when it is whole: an
 * install that was interrupted leaves nothing that counts.
 */
export async function makePieces(
  cache: string,
  pieces: readonly Piece[],
  say: (line: string) => void,
): Promise<void> {
  const missing = (): readonly Piece[] => pieces.filter(piece => !isMade(cache, piece))
  if (missing().length === 0) return
  const waiting = (): void => say('Another process installs: waiting for it.')
  await withLock(join(cache, 'lock'), waiting, async () => {
    const log = join(cache, 'install.log')
    await removeUnfinished(cache)
    const now = missing()
    if (now.length > 0) say(`Installing ${now.map(({ name }) => name).join(' and ')}; the log is ${log}`)
    const made = await Promise.allSettled(now.map(piece => makePiece(cache, piece, log)))
    for (const result of made) if (result.status === 'rejected') throw result.reason
    await removeFormer(cache, pieces)
  })
}

async function makePiece(cache: string, piece: Piece, log: string): Promise<void> {
  const folder = pieceFolder(cache, piece)
  // A name of its own: what an installer that was killed has started may still write into the last one.
  const incoming = join(cache, `incoming-${randomUUID()}`)
  await mkdir(incoming)
  await piece.make(incoming, log)
  await rm(folder, { recursive: true, force: true })
  await rename(incoming, folder)
}

async function removeUnfinished(cache: string): Promise<void> {
  for (const entry of await readdir(cache))
    if (entry.startsWith('incoming-'))
      // No error where something still writes: the next install removes it.
      await rm(join(cache, entry), { recursive: true, force: true }).catch(() => undefined)
}

/** Pieces of other sources, unless something still runs from them. */
async function removeFormer(cache: string, pieces: readonly Piece[]): Promise<void> {
  const current = pieces.map(piece => pieceFolder(cache, piece))
  for (const entry of await readdir(cache)) {
    const folder = join(cache, entry)
    const former = pieces.some(({ name }) => entry.startsWith(`${name}-`)) && !current.includes(folder)
    if (former && processesWith(`${folder}/`).length === 0) await rm(folder, { recursive: true, force: true })
  }
}
