/**
 * `GET /exports/{export}/content`: the file, in parts that one answer can hold, for whoever has signed that it is theirs.
 * Each fetch is an entry.
 */
import {
  chunkBytes,
  chunkKey,
  type ExportJob,
  type ExportRecord,
  isStillSeenAs,
} from '../../../shared/domain/exports.ts'
import { keys } from '../../../shared/domain/keys.ts'
import { Refusal, type RefusalCode, refusals, refuse, unknownRecord } from '../../../shared/domain/refusal.ts'
import { time } from '../../../shared/domain/time.ts'
import { exportDownloadedEntry } from '../../../shared/entries/export.ts'
import { putEntry } from '../../../shared/entries/put.ts'
import type { Objects } from '../../../shared/ports/objects.ts'
import type { PersonCaller } from '../caller.ts'
import type { Answer, Context } from '../operation.ts'

type Asking = Context<PersonCaller>

/** Its requester's alone: each record of it is their copy. */
export async function ownExport({
  deps,
  caller,
  path,
}: Pick<Asking, 'deps' | 'caller' | 'path'>): Promise<ExportRecord | Refusal> {
  const id = path.export ?? ''
  const [job] = await deps.store.get([keys.export(id)])
  return job === undefined || job.person.id !== caller.person.id ? unknownRecord('export', id) : job
}

export async function downloadExport(asking: Asking): Promise<Answer | Refusal> {
  const { deps, caller, request, range } = asking
  const job = await ownExport(asking)
  if (job instanceof Refusal) return job
  const refused = judgeFetch(job, caller, deps.clock.now())
  if (refused) return refused
  if (job.countersigned === undefined)
    return refuse('countersignature_required', 'You have not signed yet that this copy is yours.', {
      next: `Sign that it is yours and fetch it, with one command: sallyport export download ${job.id}`,
    })
  const { bytes: size = 0, sha256 = '' } = job
  const asked = rangeOf(range, size)
  if (asked instanceof Refusal) return asked
  const content = await contentOf(deps.log.objects, job, asked)
  if (content === undefined) return refuse('export_unavailable', 'Its file is not there any more.')
  const { id, name } = caller.person
  // Before any of it leaves.
  const { ok } = await deps.store.write(
    putEntry(
      exportDownloadedEntry(job, {
        now: deps.clock.now(),
        random: deps.random.bytes(16),
        request,
        by: { id, name },
        ...asked,
      }),
    ),
  )
  // One that stands already is the same fetch, of the same minute.
  if (!ok && asked.from === 0) throw new Error('a fetch could not be recorded')
  return {
    status: range === undefined ? 200 : 206,
    body: {},
    content,
    headers: {
      'content-type': 'application/octet-stream',
      'content-disposition': `attachment; filename="${job.id}.zip"`,
      'accept-ranges': 'bytes',
      etag: `"${sha256}"`,
      'repr-digest': `sha-256=:${Buffer.from(sha256, 'hex').toString('base64')}:`,
      ...(range !== undefined && { 'content-range': `bytes ${asked.from}-${asked.to - 1}/${size}` }),
    },
  }
}

/** Whether its file is there, and still for them. */
export function judgeFetch(job: ExportJob, { viewer }: PersonCaller, now: number): Refusal | undefined {
  const { state, failure, keptUntil = 0, seenAs } = job
  if (state === 'expired') return refuse('export_expired', `It was kept until ${time(keptUntil)}.`)
  if (state === 'failed') {
    const { code = 'internal', detail = 'It failed.' } = failure ?? {}
    return Object.hasOwn(refusals, code)
      ? refuse(code as RefusalCode, detail)
      : refuse('export_unavailable', detail)
  }
  if (state !== 'done') return refuse('export_not_ready', `It is ${state}.`, { retryAfter: 5 })
  if (keptUntil <= now) return refuse('export_expired', `It was kept until ${time(keptUntil)}.`)
  const { roles, audits = [] } = viewer
  if (seenAs && !isStillSeenAs({ roles, audits }, seenAs))
    return refuse('export_unavailable', 'It was made when you had roles that you no longer have.')
  return undefined
}

/** From the first byte (inclusive) to the last (exclusive): at most what one answer holds. */
interface Asked {
  readonly from: number
  readonly to: number
}

/** RFC 9110 §14.1.2: one range that begins with a place. A longer one is answered as far as an answer goes. */
function rangeOf(range: string | undefined, size: number): Asked | Refusal {
  const refused = (detail: string): Refusal =>
    refuse('range_required', `${detail} The file has ${size} bytes.`, { field: 'Range' })
  if (range === undefined)
    return size <= chunkBytes ? { from: 0, to: size } : refused('It is too large for one answer.')
  const [, first = '', last = ''] = /^bytes=(\d{1,15})-(\d{0,15})$/.exec(range.trim()) ?? []
  if (first === '') return refused('The range is not one that begins with a place: bytes=0-4194303.')
  const from = Number(first)
  const end = last === '' ? size : Math.min(Number(last) + 1, size)
  if (from >= end) return refused('The range is not within the file.')
  return { from, to: Math.min(end, from + chunkBytes) }
}

/** `undefined` where one of its chunks is gone. */
async function contentOf(
  objects: Objects,
  job: ExportJob,
  { from, to }: Asked,
): Promise<Uint8Array | undefined> {
  const first = Math.floor(from / chunkBytes)
  const last = Math.floor((to - 1) / chunkBytes)
  const numbers = Array.from({ length: last - first + 1 }, (_, n) => first + n)
  const found = await Promise.all(numbers.map(n => objects.get(chunkKey(job, n))))
  const parts = found.flatMap(one => (one ? [one.bytes] : []))
  if (parts.length < numbers.length) return undefined
  const start = first * chunkBytes
  return Buffer.concat(parts).subarray(from - start, to - start)
}
