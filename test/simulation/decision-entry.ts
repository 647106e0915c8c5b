/** A decision as its entry tells it: read back from the log alone. */
import type { RecordKind } from '../../shared/domain/keys.ts'
import type { Role } from '../../shared/domain/parties.ts'
import type { Signature } from '../../shared/domain/stop.ts'
import { type ActionName, whoDecides } from '../../shared/domain/who-decides.ts'
import type { Step } from '../../shared/entries/decision.ts'
import type { Entry } from '../../shared/entries/entry.ts'

export type Signed = Pick<Signature, 'person' | 'organisation' | 'role'>

export interface ToldDecision {
  readonly eid: string
  readonly step: Step
  readonly action: ActionName
  readonly subject: { readonly kind: RecordKind; readonly id: string; readonly rev: number }
  /** Absent for what time has ended. */
  readonly by: Signed | undefined
  readonly signatures: readonly Signed[]
  readonly proposal: string | undefined
  readonly breakGlass: boolean
  readonly request: string | undefined
}

/** Nothing for an entry of another kind. */
export function readDecision(eid: string, { body }: Entry): ToldDecision | undefined {
  const { actor, unmapped } = JSON.parse(body) as {
    readonly actor?: { readonly user?: { readonly uid: string; readonly org: { readonly uid: string } } }
    readonly unmapped: {
      readonly kind: string
      readonly decision: Step
      readonly action: string
      readonly subject: ToldDecision['subject']
      readonly role?: Role
      readonly signatures?: readonly Signed[]
      readonly proposal?: string
      readonly break_glass?: true
      readonly request?: string
    }
  }
  const { kind, decision, action, subject, role, signatures = [], proposal, request } = unmapped
  if (kind !== 'decision' || !isAction(action)) return undefined
  const user = actor?.user
  return {
    eid,
    step: decision,
    action,
    subject,
    by: user && role && { person: user.uid, organisation: user.org.uid, role },
    signatures,
    proposal,
    breakGlass: unmapped.break_glass === true,
    request,
  }
}

const isAction = (name: string): name is ActionName => Object.hasOwn(whoDecides, name)
