/**
 * What an organisation is told of a decision. It is put in the transaction of the decision, so that nothing is decided
 * in silence; webhooks and the event bus are fed from it afterwards.
 */
export interface Notice {
  /** `<entry>-<organisation>`, so that the same decision tells the same organisation once. */
  readonly id: string
  readonly organisation: string
  /** `partner.suspended`, `proposal.opened`, `ratification.missed`, … */
  readonly type: string
  readonly subject: { readonly kind: string; readonly id: string; readonly name: string }
  /** One plain sentence. */
  readonly text: string
  /** The entry that records what it tells of. */
  readonly entry: string
  readonly at: number
  /** The command or place where one goes on. */
  readonly next?: string
  /** Stands while a delivery is due: the sparse index `by_due`. */
  readonly due?: 'pending'
  /** Milliseconds: not before then. */
  readonly dueAt?: number
  readonly attempts?: number
  /** Per webhook, when it took it. */
  readonly delivered?: Readonly<Record<string, number>>
}
