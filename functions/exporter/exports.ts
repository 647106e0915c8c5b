/**
 * Makes the exports that people have asked for. A job goes through three stages, and whoever takes it up goes on where
 * the last one was: parts are collected, a published tree is chosen to prove them by, and the file is made of them in one
 * pass, as chunks.
 */
import { chunkBytes, chunkKey, type ExportRecord } from '../../shared/domain/exports.ts'
import { keys } from '../../shared/domain/keys.ts'
import { Refusal } from '../../shared/domain/refusal.ts'
import { sameHash } from '../../shared/tlog/hash.ts'
import { placedSize } from '../log/placed-size.ts'
import { beginProving, grantedText } from './begin-proving.ts'
import { collectPart } from './collect.ts'
import type { ExporterDeps } from './deps.ts'
import { endFailed, endMade } from './end.ts'
import { packFiles } from './files.ts'
import { claim, type Held, pause, release, renew, save, waitingJobs } from './job.ts'
import { LeaseLost } from './lease.ts'
import { slotsOfExport } from './slots-of-export.ts'
import { createChunkedZip } from './zip.ts'

/** For so long one job is worked on while others wait. Milliseconds. */
const turnMs = 20_000
/** Of the making of a file, at least. */
const packedPerMs = 10_000
/** One that may take longer than that is begun where so much is left, and more until the function ends. */
const wholeRunMs = 300_000

/** How many came further. */
export async function makeExports(deps: ExporterDeps, until: number): Promise<number> {
  const { clock, stop } = deps
  /** They wait for something that is not theirs to bring about: another run looks again. */
  const later = new Set<string>()
  let moved = 0
  for (;;) {
    const waiting = (await waitingJobs(deps)).filter(({ id }) => !later.has(id))
    if (waiting.length === 0) return moved
    for (const job of waiting) {
      if (clock.now() >= until || stop?.aborted) return moved
      const held = await claim(deps, job)
      const went = held === undefined ? 'later' : await work(deps, held, until)
      if (went === 'later') later.add(job.id)
      else moved += 1
    }
  }
}

/** `later`: nothing more can be done now. */
type Went = 'further' | 'ended' | 'later'

async function work(deps: ExporterDeps, first: Held, until: number): Promise<Went> {
  const turn = Math.min(until, deps.clock.now() + turnMs)
  let held = first
  try {
    for (;;) {
      const next = await step(deps, held, until)
      if (next === 'later' || next === 'ended') {
        if (next === 'later') await release(deps, held)
        return next
      }
      if (next instanceof Refusal) {
        await endFailed(deps, held, { code: next.code, detail: next.facts.detail })
        return 'ended'
      }
      held = next
      if (deps.clock.now() < turn && !deps.stop?.aborted) continue
      await release(deps, held)
      return 'further'
    }
  } catch (error) {
    if (error instanceof LeaseLost) return 'later'
    if (error instanceof Stopped) {
      await release(deps, await latest(deps, held))
      return 'later'
    }
    const { id } = held.job
    deps.telemetry.error('an export could not go on', error, { export: id })
    const failure = await pause(deps, await latest(deps, held))
    if (failure) await endFailed(deps, held, failure)
    return 'later'
  }
}

/** An error may have come after a step that was saved, or within one that renewed the lease. */
async function latest({ store }: ExporterDeps, held: Held): Promise<Held> {
  const [job] = await store.get([keys.export(held.job.id)])
  return job === undefined ? held : { ...held, job }
}

async function step(
  deps: ExporterDeps,
  held: Held,
  until: number,
): Promise<Held | Refusal | 'later' | 'ended'> {
  const { job } = held
  if (!job.collected) return (await isWhole(deps, job)) ? collectPart(deps, held) : 'later'
  if (job.proving === undefined) {
    const proving = await beginProving(deps, job)
    return proving === undefined ? 'later' : save(deps, held, { proving })
  }
  const left = until - deps.clock.now()
  if (left < Math.min(job.partBytes / packedPerMs, wholeRunMs)) return 'later'
  return makeFile(deps, held)
}

/**
 * Whether every entry of the tree that it is of can be found: one has its leaf in a published tree a moment before it is
 * told of its place, and is in an index a moment after it was acknowledged.
 */
async function isWhole({ store, clock, lagMs = 0 }: ExporterDeps, job: ExportRecord): Promise<boolean> {
  if (job.parts > 0) return true
  if (clock.now() < job.requestedAt + lagMs) return false
  const [state] = await store.get([keys.logState])
  return placedSize(state) >= job.size
}

/** The process ends: another makes the file. */
class Stopped extends Error {
  override readonly name = 'Stopped'
}

/** A chunk stands there that an earlier program has made otherwise. */
class OtherBytes extends Error {
  override readonly name = 'OtherBytes'
}

async function makeFile(deps: ExporterDeps, first: Held): Promise<Held | Refusal | 'ended'> {
  const { objects, log, stop, bounds } = deps
  const { job } = first
  const { proving } = job
  if (proving === undefined) throw new Error('an export is made before it is proved')
  const granted = await grantedText(deps, job, proving)
  if (granted instanceof Refusal) return granted
  const slots = await slotsOfExport(log, job.readers, granted)
  let held = first
  const zip = createChunkedZip({
    time: job.requestedAt,
    chunk: bounds?.chunk ?? chunkBytes,
    async put(chunk, bytes) {
      if (stop?.aborted) throw new Stopped()
      held = await renew(deps, held)
      const key = chunkKey(job, chunk)
      if ((await objects.put(key, bytes, { ifAbsent: true })).ok) return
      const there = await objects.get(key)
      if (there === undefined || !sameHash(there.bytes, bytes)) throw new OtherBytes(key)
    },
  })
  try {
    await packFiles(
      { objects, log: log.origin, job, proving, ...(granted !== undefined && { granted }) },
      zip,
    )
    await endMade(deps, held, await zip.end(), slots)
    return 'ended'
  } catch (error) {
    if (!(error instanceof OtherBytes)) throw error
    return save(deps, held, { edition: job.edition + 1 })
  }
}
