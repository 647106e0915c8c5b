import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * Milliseconds of each of `count` writes of 4 KB at the end of a file, each with its sync: what the disk under the
 * servers' data takes for one commit, whoever makes it.
 */
export function syncedWrites(count: number): readonly number[] {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-bench-'))
  const file = openSync(join(folder, 'log'), 'w')
  const page = Buffer.alloc(4_096, 1)
  const times = Array.from({ length: count }, () => {
    const start = performance.now()
    writeSync(file, page)
    fdatasyncSync(file)
    return performance.now() - start
  })
  closeSync(file)
  rmSync(folder, { recursive: true })
  return times
}
