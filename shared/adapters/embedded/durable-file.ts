import { randomUUID } from 'node:crypto'
import { link, mkdir, open, rename, unlink } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'

interface Placement {
  /** A folder on the same file system; what a crash leaves there is never read. */
  readonly incoming: string
  readonly mode?: number
}

/** Makes the file whole or not at all; `false` when it is there already. Durable either way. */
export async function createFile(path: string, bytes: Uint8Array, placement: Placement): Promise<boolean> {
  await makeFolder(dirname(path))
  return withIncoming(bytes, placement, async incoming => {
    // Unlike rename, link never replaces: of several at once, in any process, one wins.
    const created = await link(incoming, path).then(
      () => true,
      error => {
        if (error.code === 'EEXIST') return false
        throw error
      },
    )
    // For the loser too, who may act on a file that its winner has not made durable yet.
    await syncFolder(dirname(path))
    return created
  })
}

/** Replaces the file at once: a reader sees the old bytes or the new ones. */
export async function replaceFile(path: string, bytes: Uint8Array, placement: Placement): Promise<void> {
  await withIncoming(bytes, placement, async incoming => {
    await rename(incoming, path)
    await syncFolder(dirname(path))
  })
}

/** As `mkdir -p`; a folder lasts only once its parent is synced. */
export async function makeFolder(path: string, mode = 0o777): Promise<void> {
  const first = await mkdir(resolve(path), { recursive: true, mode })
  if (first === undefined) return
  for (let made = resolve(path); made.length >= first.length; made = dirname(made))
    await syncFolder(dirname(made))
}

async function withIncoming<T>(
  bytes: Uint8Array,
  { incoming, mode = 0o666 }: Placement,
  place: (path: string) => Promise<T>,
): Promise<T> {
  const path = join(incoming, `.incoming-${randomUUID()}`)
  try {
    await using file = await open(path, 'wx', mode)
    await file.writeFile(bytes)
    await file.sync()
    return await place(path)
  } finally {
    // Gone already after a rename.
    await unlink(path).catch(() => {})
  }
}

async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, 'r')
  await folder.sync()
}

/** Nothing is there afterwards, also where nothing was; durable. */
export async function removeFile(path: string): Promise<void> {
  try {
    await unlink(path)
    await syncFolder(dirname(path))
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
  }
}
