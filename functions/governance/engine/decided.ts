/** What the log tells of a decision, for whoever looks at one again: an appeal, a restored registry. */
import type { RecordKind } from '../../../shared/domain/keys.ts'
import type { Difference, Hit } from '../../../shared/domain/proposals.ts'
import type { Reason } from '../../../shared/domain/stop.ts'
import { reasonCodes } from '../../../shared/domain/stop.ts'
import { type ActionName, whoDecides } from '../../../shared/domain/who-decides.ts'
import type { Step } from '../../../shared/entries/decision.ts'
import type { Entry } from '../../../shared/entries/entry.ts'

export interface Decision {
  readonly step: Step
  readonly action: ActionName
  readonly params: Readonly<Record<string, unknown>>
  readonly subject: {
    readonly kind: RecordKind
    readonly id: string
    readonly name: string
    /** The version on which it was made; 0 where it made the record. */
    readonly rev: number
    readonly organisation: string
    readonly developers: readonly string[]
    readonly governments: readonly string[]
    readonly model?: string
    readonly hit?: readonly Hit[]
  }
  /** Absent where time or an operator decided. */
  readonly by?: {
    readonly person: string
    readonly name: string
    readonly organisation: string
    readonly role: string
    /** Milliseconds, to 10 s. */
    readonly authTime: number
  }
  readonly reason?: Reason
  readonly proposal?: string
  readonly breakGlass: boolean
  readonly difference: readonly Difference[]
}

interface Body {
  readonly actor?: {
    readonly user?: {
      readonly uid?: string
      readonly name?: string
      readonly org?: { readonly uid?: string }
    }
  }
  readonly entity?: { readonly name?: string }
  readonly comment?: string
  readonly unmapped?: {
    readonly kind?: string
    readonly decision?: Step
    readonly action?: ActionName
    readonly params?: Readonly<Record<string, unknown>>
    readonly subject?: { readonly kind: RecordKind; readonly id: string; readonly rev: number }
    readonly organisation?: string
    readonly developers?: readonly string[]
    readonly governments?: readonly string[]
    readonly model?: string
    readonly hit?: readonly Hit[]
    readonly role?: string
    readonly auth_time?: number
    readonly reason?: Reason['code']
    readonly reference?: string
    readonly sealed?: true
    readonly proposal?: string
    readonly break_glass?: true
    readonly difference?: readonly Difference[]
  }
}

/** `undefined` for an entry of another kind, and for an action that this version does not know. */
export function readDecision({ body }: Pick<Entry, 'body'>): Decision | undefined {
  const { actor, entity, comment = '', unmapped = {} } = JSON.parse(body) as Body
  const { kind, decision: step, action, subject, organisation, proposal } = unmapped
  if (kind !== 'decision' || step === undefined || action === undefined) return undefined
  if (!Object.hasOwn(whoDecides, action) || subject === undefined || organisation === undefined)
    return undefined
  const by = signerOf(actor, unmapped)
  const reason = reasonOf(comment, unmapped)
  return {
    step,
    action,
    params: unmapped.params ?? {},
    subject: {
      ...subject,
      name: entity?.name ?? subject.id,
      organisation,
      developers: unmapped.developers ?? [],
      governments: unmapped.governments ?? [],
      ...(unmapped.model !== undefined && { model: unmapped.model }),
      ...(unmapped.hit && { hit: unmapped.hit }),
    },
    ...(by && { by }),
    ...(reason && { reason }),
    ...(proposal !== undefined && { proposal }),
    breakGlass: unmapped.break_glass === true,
    difference: unmapped.difference ?? [],
  }
}

function signerOf(
  actor: Body['actor'],
  { role, auth_time }: NonNullable<Body['unmapped']>,
): Decision['by'] | undefined {
  const { uid, name = '', org } = actor?.user ?? {}
  if (uid === undefined || org?.uid === undefined || role === undefined) return undefined
  return { person: uid, name, organisation: org.uid, role, authTime: auth_time ?? 0 }
}

function reasonOf(
  text: string,
  { reason, reference, sealed }: NonNullable<Body['unmapped']>,
): Reason | undefined {
  const code = reasonCodes.find(one => one === reason)
  if (code === undefined) return undefined
  return { code, text, ...(reference !== undefined && { reference }), ...(sealed && { sealed }) }
}
