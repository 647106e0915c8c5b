/**
 * `POST /attributions`, answered: which partner an excerpt went to. Nobody is named by a reply whose fingerprints its entry
 * does not commit to, or whose entry the asker may not see.
 */
import type { Answered, Inquiry } from '../../../shared/domain/inquiries.ts'
import { keys } from '../../../shared/domain/keys.ts'
import { type Refusal, refuse } from '../../../shared/domain/refusal.ts'
import type { Entry } from '../../../shared/entries/entry.ts'
import { timeOfEntry } from '../../../shared/entries/id.ts'
import { attribute, type PartnerEvidence, type SoughtEpoch } from '../../../shared/fingerprint/attribute.ts'
import { gramsOf } from '../../../shared/fingerprint/fingerprints.ts'
import type { ReplyFacts } from '../../../shared/fingerprint/pending.ts'
import { units } from '../../../shared/fingerprint/units.ts'
import { epochAt, startOfEpoch } from '../../../shared/watermark/epoch.ts'
import { createAttributionKeys } from '../../attribution-keys.ts'
import { viewOf } from '../../log/entry-view.ts'
import type { ExporterDeps } from '../deps.ts'
import { type LookedUp, lookUp } from '../fingerprints/look-up.ts'
import { attrFolder, numbersBelow, pendingFolder } from '../fingerprints/names.ts'
import { outcomesOf } from '../fingerprints/outcome-of.ts'
import { readPublicTexts } from '../fingerprints/public-texts.ts'
import { SegmentGone } from '../fingerprints/segments.ts'
import type { Requester } from '../requester.ts'
import { attributionResult } from './result.ts'

export async function answerAttribution(
  deps: ExporterDeps,
  { options: { from, to } }: Inquiry,
  input: Uint8Array,
  requester: Requester,
): Promise<Answered | Refusal> {
  const text = new TextDecoder().decode(input)
  const words = units(text)
  const open = await readPublicTexts(deps.objects, words)
  const range = { from: from ?? 0, to: to ?? Number.MAX_SAFE_INTEGER }
  const epochs: LookedIn[] = []
  let unkeyed = 0
  for (const epoch of await epochsWithin(deps, range)) {
    const key = await createAttributionKeys(deps).find(epoch)
    if (key === undefined) {
      unkeyed += 1
      continue
    }
    const grams = gramsOf(key, text)
    const isSeen = mayBeSeen(deps, requester)
    const takesPart = (reply: ReplyFacts): boolean | Promise<boolean> =>
      isWithin(reply, range) && isSeen(reply)
    const looked = await lookedUp(deps, { epoch, grams, takesPart })
    epochs.push({ epoch, grams, ...looked })
  }

  const excerpt = { words: words.length, publicPlaces: open.places }
  const proving = createProving(deps, requester, epochs)
  for (;;) {
    const found = attribute(excerpt, epochs.map(proving.withoutRefuted))
    if (found.verdict === 'too_short') return refuse('body_malformed', found.reason, { field: 'text' })
    const partners = found.verdict === 'not_enough' ? [] : found.partners
    if (await proving.refutes(partners)) continue
    return attributionResult(deps, {
      found,
      epochs,
      open,
      unkeyed,
      proved: proving.proved,
      refuted: proving.refuted,
    })
  }
}

export interface LookedIn extends SoughtEpoch, LookedUp {
  readonly epoch: number
}

/** A reply that names somebody, and the entry that commits to its fingerprints. */
export type Proved = ReadonlyMap<string, Entry>

const isWithin = (
  { eid }: ReplyFacts,
  { from, to }: { readonly from: number; readonly to: number },
): boolean => {
  const at = timeOfEntry(eid)
  // To ten seconds.
  return at + 10_000 > from && at <= to
}

async function epochsWithin(
  { objects }: ExporterDeps,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<readonly number[]> {
  const found = new Set([
    ...(await numbersBelow(objects, attrFolder)),
    ...(await numbersBelow(objects, pendingFolder)),
  ])
  return [...found].filter(epoch => startOfEpoch(epoch + 1) > from && startOfEpoch(epoch) <= to).sort()
}

/** By what a segment knows of a reply: the entries of those that name somebody are looked at as well. */
function mayBeSeen({ store }: ExporterDeps, requester: Requester) {
  const known = new Map<string, Promise<boolean>>()
  const judge = async ({ organisation, model }: ReplyFacts): Promise<boolean> => {
    const [record] = await store.get([keys.model(model)])
    const body = { ai_model: { uid: model, ai_provider: record?.developer }, unmapped: { kind: 'outcome' } }
    const entry: Pick<Entry, 'organisation' | 'body'> = { organisation, body: JSON.stringify(body) }
    return viewOf(requester, entry as Entry) !== undefined
  }
  return (reply: ReplyFacts): Promise<boolean> => {
    const of = JSON.stringify([reply.organisation, reply.model])
    const judged = known.get(of) ?? judge(reply)
    known.set(of, judged)
    return judged
  }
}

/** A merge ends; many in a row would be more than a coincidence. */
const looks = 5

async function lookedUp(deps: ExporterDeps, sought: Parameters<typeof lookUp>[1]): Promise<LookedUp> {
  for (let look = 1; ; look++)
    try {
      return await lookUp(deps, sought)
    } catch (error) {
      if (!(error instanceof SegmentGone) || look === looks) throw error
    }
}

function createProving(deps: ExporterDeps, requester: Requester, epochs: readonly LookedIn[]) {
  const proved = new Map<string, Entry>()
  const refuted = new Set<string>()
  const commits = async (reply: ReplyFacts, entry: Entry): Promise<boolean> => {
    if (entry.attr === undefined || viewOf(requester, entry) === undefined) return false
    if (!isTold(entry, reply)) return false
    const looked = epochs.find(({ epoch }) => epoch === epochAt(timeOfEntry(reply.eid)))
    return (await looked?.digestOf(reply.eid)) === entry.attr
  }
  return {
    proved,
    refuted,
    withoutRefuted: (one: LookedIn): LookedIn => ({
      ...one,
      found: one.found.filter(({ facts }) => !refuted.has(facts.eid)),
    }),
    /** Whether any of them does not count: then it is ranked anew without it. */
    async refutes(partners: readonly PartnerEvidence[]): Promise<boolean> {
      const replies = partners
        .flatMap(partner => partner.replies.map(({ reply }) => reply))
        .filter(({ eid }) => !proved.has(eid))
      const entries = await outcomesOf(
        deps,
        replies.map(({ eid }) => eid),
      )
      for (const reply of replies) {
        const entry = entries.get(reply.eid)
        if (entry !== undefined && (await commits(reply, entry))) proved.set(reply.eid, entry)
        else refuted.add(reply.eid)
      }
      return replies.some(({ eid }) => refuted.has(eid))
    },
  }
}

/** Whose reply it is, the entry says; what stands in the bucket must not say otherwise. */
function isTold({ body, organisation }: Entry, reply: ReplyFacts): boolean {
  const { actor, ai_model, unmapped } = JSON.parse(body) as {
    readonly actor?: { readonly app_uid?: string }
    readonly ai_model?: { readonly uid?: string }
    readonly unmapped?: { readonly agreement?: { readonly id?: string } }
  }
  return (
    organisation === reply.organisation &&
    actor?.app_uid === reply.client &&
    ai_model?.uid === reply.model &&
    unmapped?.agreement?.id === reply.agreement
  )
}
