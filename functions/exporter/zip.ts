/**
 * A ZIP file, written from its beginning to its end into objects of equal size: what is in memory is a chunk and what is
 * being packed. The same files give the same bytes, so that whoever makes it again puts what is there already.
 */
import { createHash, type Hash } from 'node:crypto'
import { Zip, ZipDeflate } from 'fflate'
import type { BundleFile } from '../../shared/bundle/manifest.ts'

/** Records, with their salts and hashes, hardly get smaller by more. */
const level = 3

/** Bytes that are packed at once. */
const atOnce = 1 << 20

export interface ZipFacts {
  readonly chunks: number
  readonly bytes: number
  /** Hexadecimal. */
  readonly sha256: string
}

export interface ChunkedZip {
  /** One after the other; the digest is that of what is packed. */
  add(
    name: BundleFile['name'] | 'manifest.json',
    content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  ): Promise<{ readonly bytes: number; readonly sha256: string }>
  end(): Promise<ZipFacts>
}

export interface ZipOptions {
  /** Of all files in it. Milliseconds. */
  readonly time: number
  /** Bytes of each chunk but the last. */
  readonly chunk: number
  put(chunk: number, bytes: Uint8Array): Promise<void>
}

export function createChunkedZip({ time, chunk, put }: ZipOptions): ChunkedZip {
  const whole = createHash('sha256')
  const waiting: Uint8Array[] = []
  let [held, bytes, chunks] = [0, 0, 0]
  const zip = new Zip((error, data) => {
    if (error) throw error
    waiting.push(data)
    held += data.length
  })
  const mtime = noonOf(time)

  const flush = async (all: boolean): Promise<void> => {
    if (held < chunk && !all) return
    const there = Buffer.concat(waiting.splice(0))
    let at = 0
    for (; there.length - at >= chunk || (all && at < there.length); at += chunk) {
      const part = there.subarray(at, at + chunk)
      whole.update(part)
      bytes += part.length
      await put(chunks, part)
      chunks += 1
    }
    const rest = there.subarray(Math.min(at, there.length))
    held = rest.length
    if (held > 0) waiting.push(rest)
  }

  return {
    async add(name, content) {
      const file = new ZipDeflate(name, { level })
      file.mtime = mtime
      zip.add(file)
      const digest: Hash = createHash('sha256')
      let size = 0
      for await (const block of blocksOf(content)) {
        digest.update(block)
        size += block.length
        file.push(block)
        await flush(false)
      }
      file.push(new Uint8Array(), true)
      await flush(false)
      return { bytes: size, sha256: digest.digest('hex') }
    },
    async end() {
      zip.end()
      await flush(true)
      return { chunks, bytes, sha256: whole.digest('hex') }
    },
  }
}

/** What is packed depends on where one block ends and the next begins: never on the parts in which it came. */
async function* blocksOf(
  content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  // Whoever takes a block has done with it when they ask for the next.
  const block = new Uint8Array(atOnce)
  let held = 0
  for await (const part of content)
    for (let at = 0; at < part.length; ) {
      const some = part.subarray(at, at + atOnce - held)
      block.set(some, held)
      held += some.length
      at += some.length
      if (held < atOnce) continue
      yield block
      held = 0
    }
  if (held > 0) yield block.subarray(0, held)
}

/** A ZIP file has local times, and at noon of a day it is that day wherever it is made. */
function noonOf(ms: number): Date {
  const day = new Date(ms)
  return new Date(day.getUTCFullYear(), day.getUTCMonth(), day.getUTCDate(), 12)
}
