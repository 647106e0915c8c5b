/** What an attribution says, as it stands in the registry: figures and places, and nothing of a text. */
import { monthOf } from '../../../shared/bundle/manifest.ts'
import type { Answered } from '../../../shared/domain/inquiries.ts'
import { keys } from '../../../shared/domain/keys.ts'
import { time } from '../../../shared/domain/time.ts'
import type { Entry } from '../../../shared/entries/entry.ts'
import { timeOfEntry } from '../../../shared/entries/id.ts'
import type {
  Attribution,
  PartnerEvidence,
  ReplyEvidence,
  Run,
} from '../../../shared/fingerprint/attribute.ts'
import { epochAt } from '../../../shared/watermark/epoch.ts'
import { bind } from '../../../shared/watermark/slots.ts'
import { text } from '../../../shared/watermark/view.ts'
import type { ExporterDeps } from '../deps.ts'
import type { PublicTexts } from '../fingerprints/public-texts.ts'
import type { LookedIn, Proved } from './answer.ts'

/** Of a reply that are told; the others are shorter. */
const runsTold = 20

export interface Told {
  readonly found: Attribution
  readonly epochs: readonly LookedIn[]
  readonly open: PublicTexts
  /** Months whose key is gone. */
  readonly unkeyed: number
  readonly proved: Proved
  readonly refuted: ReadonlySet<string>
}

export async function attributionResult(deps: ExporterDeps, told: Told): Promise<Answered> {
  const { found, epochs, open, unkeyed, proved, refuted } = told
  const partners = found.verdict === 'not_enough' ? [] : found.partners
  const sum = (of: (one: LookedIn) => number): number => epochs.reduce((all, one) => all + of(one), 0)
  const result = {
    verdict: found.verdict,
    words: found.words,
    grams: found.grams,
    common: found.common,
    public: found.public,
    partners: await Promise.all(partners.map(partner => partnerTold(deps, partner, proved))),
    partners_left_out: found.verdict === 'tie' ? found.leftOut : 0,
    best:
      found.verdict === 'not_enough'
        ? {
            matches: found.best.matches,
            coverage: rounded(found.best.coverage),
            longest_run: found.best.longestRun,
          }
        : null,
    looked_at: {
      months: epochs.map(({ epoch }) => monthOf(epoch)),
      replies: sum(({ replies }) => replies),
      segments: sum(({ segments }) => segments),
      left_out: sum(({ leftOut }) => leftOut),
      months_without_key: unkeyed,
      public_texts: open.texts,
      public_left_out: open.leftOut,
    },
    unproved: refuted.size,
    expected_false_matches: found.expectedFalseMatches,
    limits: found.limits,
  }
  const named =
    found.verdict === 'named'
      ? partners.map(({ organisation, bound }) => ({ id: organisation, bound: bound.toExponential(1) }))
      : []
  return { result, named }
}

async function partnerTold(
  deps: ExporterDeps,
  { organisation, replies, repliesSeen, bound }: PartnerEvidence,
  proved: Proved,
) {
  const [record] = await deps.store.get([keys.organisation(organisation)])
  return {
    partner: organisation,
    name: record?.name ?? organisation,
    bound,
    replies_seen: repliesSeen,
    replies: await Promise.all(
      replies.flatMap(evidence => {
        const entry = proved.get(evidence.reply.eid)
        return entry ? [replyTold(deps, evidence, entry)] : []
      }),
    ),
  }
}

async function replyTold(
  { log }: ExporterDeps,
  { reply: { eid, client, model, agreement, words }, matches, coverage, runs }: ReplyEvidence,
  entry: Entry,
) {
  const { attrCommit, attrSalt } = bind(await log.epochs(epochAt(timeOfEntry(eid))), eid, entry)
  return {
    entry: eid,
    time: time(timeOfEntry(eid)),
    client,
    model,
    agreement,
    words,
    matches,
    coverage: rounded(coverage),
    runs: runs.slice(0, runsTold).map(({ from, to }: Run) => ({ from, to })),
    runs_left_out: Math.max(0, runs.length - runsTold),
    // What the leaf commits to, and its salt: with the record's proof, anybody can check that this entry is of these.
    commitment: { fingerprints: entry.attr ?? '', salt: text(attrSalt), attr_commit: text(attrCommit) },
  }
}

const rounded = (share: number): number => Math.round(share * 1_000) / 1_000
