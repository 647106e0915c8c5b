import type { Inquiry, InquiryKind } from '../../../shared/domain/inquiries.ts'
import { keys } from '../../../shared/domain/keys.ts'
import { type Refusal, unknownRecord } from '../../../shared/domain/refusal.ts'
import type { PersonCaller } from '../caller.ts'
import type { Context } from '../operation.ts'
import { judgeAsker } from './create.ts'

/**
 * Its requester's alone, and while they may ask: it tells what they may see, and names others. The id stands in the path
 * under its kind.
 */
export async function ownInquiry(
  { deps, caller, path }: Pick<Context<PersonCaller>, 'deps' | 'caller' | 'path'>,
  kind: InquiryKind,
): Promise<Inquiry | Refusal> {
  const id = path[kind] ?? ''
  const [found] = await deps.store.get([keys.inquiry(id)])
  if (found?.kind !== kind || found.person.id !== caller.person.id) return unknownRecord(kind, id)
  return judgeAsker(caller) ?? found
}
