/**
 * Answers what people ask about a leak. Each inquiry is answered in one go by whoever has its lease, and ends in one
 * transaction with the entry that says how. What was handed in goes as soon as it has ended.
 */
import { type Answered, type Inquiry, inputKey, mayInvestigate } from '../../../shared/domain/inquiries.ts'
import { Refusal, refuse } from '../../../shared/domain/refusal.ts'
import type { ExporterDeps } from '../deps.ts'
import { LeaseLost } from '../lease.ts'
import { type Requester, readRequester } from '../requester.ts'
import {
  claimInquiry,
  endAnswered,
  endFailed,
  type HeldInquiry,
  leaveInput,
  outOfTries,
  pauseInquiry,
  releaseInquiry,
  waitingInquiries,
} from './job.ts'

/** Everything that is looked at is what the requester may see now. A refusal ends it. */
export type Answerer = (
  deps: ExporterDeps,
  inquiry: Inquiry,
  input: Uint8Array,
  requester: Requester,
) => Promise<Answered | Refusal>

export type Answerers = Readonly<Record<Inquiry['kind'], Answerer>>

/** How many have ended. */
export async function answerInquiries(
  deps: ExporterDeps,
  until: number,
  answerers: Answerers,
): Promise<number> {
  const { clock, stop } = deps
  let ended = 0
  for (const inquiry of await waitingInquiries(deps)) {
    if (clock.now() >= until || stop?.aborted) return ended
    // Whoever ended it did not come to that.
    if (inquiry.ended !== undefined) await leaveInput(deps, inquiry)
    else {
      const held = await claimInquiry(deps, inquiry)
      if (held && (await answer(deps, held, answerers))) ended += 1
    }
  }
  return ended
}

async function answer(deps: ExporterDeps, held: HeldInquiry, answerers: Answerers): Promise<boolean> {
  const { inquiry } = held
  try {
    const tired = outOfTries(held)
    if (tired) await endFailed(deps, held, tired)
    else {
      const answered = await answerOnce(deps, inquiry, answerers)
      if (answered instanceof Refusal)
        await endFailed(deps, held, { code: answered.code, detail: answered.facts.detail })
      else await endAnswered(deps, held, answered)
    }
    await leaveInput(deps, inquiry)
    return true
  } catch (error) {
    if (error instanceof LeaseLost) return false
    if (deps.stop?.aborted) await releaseInquiry(deps, held)
    else {
      deps.telemetry.error('an inquiry could not be answered', error, { inquiry: inquiry.id })
      await pauseInquiry(deps, held)
    }
    return false
  }
}

async function answerOnce(
  deps: ExporterDeps,
  inquiry: Inquiry,
  answerers: Answerers,
): Promise<Answered | Refusal> {
  const requester = await readRequester(deps, inquiry)
  if (requester instanceof Refusal) return requester
  if (!mayInvestigate(requester.viewer))
    return refuse('role_missing', 'Whoever asked may not look into leaks any more.')
  const input = await deps.objects.get(inputKey(inquiry.id))
  if (input === undefined) throw new Error('what was handed in is not there')
  return answerers[inquiry.kind](deps, inquiry, input.bytes, requester)
}
