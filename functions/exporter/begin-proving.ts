/** By which tree an export is proved: one that is published, and in which the entry stands that granted it. */
import { formatGranted, grantedKind } from '../../shared/bundle/granted.ts'
import { type ExportJob, grantedKey, type Proving } from '../../shared/domain/exports.ts'
import { keys } from '../../shared/domain/keys.ts'
import { Refusal } from '../../shared/domain/refusal.ts'
import { parseCheckpoint } from '../../shared/tlog/checkpoint.ts'
import { formatVerifierKey, isOf, parseNote } from '../../shared/tlog/note.ts'
import { formatProofFile } from '../../shared/tlog/proof-file.ts'
import { viewOf } from '../log/entry-view.ts'
import { readTree } from '../log/proofs.ts'
import { showEntry } from '../log/show.ts'
import { verifierKeyObject } from '../log-origin.ts'
import type { ExporterDeps } from './deps.ts'
import { createProver } from './prove.ts'
import { exportReader, readRequester } from './requester.ts'

/** For so long an export waits until its granting entry is in the published tree, then it goes without it. Milliseconds. */
const grantedWithinMs = 120_000

/** For so long after it was collected it waits until the published tree has the cosignature of each witness. Milliseconds. */
const cosignedWithinMs = 30_000

/** `undefined`: it is too early. */
export async function beginProving(deps: ExporterDeps, job: ExportJob): Promise<Proving | undefined> {
  const [tree, [entry], vkey, witnesses] = await Promise.all([
    readTree(deps.log.objects),
    deps.store.get([keys.entry(job.entry)]),
    deps.log.objects.get(verifierKeyObject),
    Promise.all(
      deps.witnesses.map(({ key: { name, type, publicKey } }) => formatVerifierKey(name, type, publicKey)),
    ),
  ])
  if (tree === undefined || vkey === undefined || tree.size < job.size) return undefined
  const grants = entry !== undefined && kindOf(entry.body) === grantedKind
  const granted = grants && entry.i !== undefined && entry.i < tree.size
  const now = deps.clock.now()
  if (grants && !granted && now < job.requestedAt + grantedWithinMs) return undefined
  if (!isCosigned(deps, tree.checkpoint) && now < (job.collectedAt ?? 0) + cosignedWithinMs) return undefined
  return {
    checkpoint: tree.checkpoint,
    keys: { log: new TextDecoder().decode(vkey.bytes).trimEnd(), witnesses },
    ...(granted && { granted }),
  }
}

/** The log's own note: whoever verifies the bundle verifies the cosignatures. */
function isCosigned({ witnesses }: ExporterDeps, checkpoint: string): boolean {
  const { signatures } = parseNote(checkpoint)
  return witnesses.every(({ key }) => signatures.some(signature => isOf(key, signature)))
}

const kindOf = (body: string): unknown =>
  (JSON.parse(body) as { unmapped?: { kind?: unknown } }).unmapped?.kind

/** The text of `granted.json`, which is made once. */
export async function grantedText(
  deps: ExporterDeps,
  job: ExportJob,
  { checkpoint, granted }: Proving,
): Promise<string | Refusal | undefined> {
  if (!granted) return undefined
  const key = grantedKey(job.id)
  const there = await deps.objects.get(key)
  if (there) return new TextDecoder().decode(there.bytes)
  const [requester, [entry]] = await Promise.all([
    readRequester(deps, job),
    deps.store.get([keys.entry(job.entry)]),
  ])
  if (requester instanceof Refusal) return requester
  const sight = entry && viewOf(requester, entry)
  if (entry?.i === undefined || sight === undefined)
    throw new Error('an export without the entry that granted it')
  const reader = exportReader(job.kind, requester)
  const record = await showEntry(deps.log, reader, { eid: job.entry, entry }, sight)
  if (record instanceof Refusal) return record
  const { size } = parseCheckpoint(parseNote(checkpoint).text)
  const proof = await createProver(deps.objects, size)(entry.i)
  const text = formatGranted({ ...record, proof: formatProofFile({ index: entry.i, proof, checkpoint }) })
  await deps.objects.put(key, new TextEncoder().encode(text), { ifAbsent: true })
  const kept = await deps.objects.get(key)
  return kept ? new TextDecoder().decode(kept.bytes) : text
}
