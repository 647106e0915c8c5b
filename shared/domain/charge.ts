export interface Spending {
  /** What was reserved, in tokens. */
  readonly ceiling: number
  readonly inputBound: number
  /** The provider's own count, where it gave one. */
  readonly usage?: { readonly input: number; readonly output: number } | undefined
  /** Bytes of the reply that arrived. */
  readonly received: number
  /**
   * Tokens may have been produced that no received byte shows: the model reasons out of sight, or the reply
   * is one JSON document that is sent when it is done.
   */
  readonly hidden: boolean
}

/**
 * Tokens that a call is charged: what the provider says; without its word at least what was produced, never
 * more than was reserved. A provider that says more than was reserved is believed.
 */
export function chargeOf({ ceiling, inputBound, usage, received, hidden }: Spending): number {
  if (usage) return usage.input + usage.output
  return hidden ? ceiling : Math.min(ceiling, inputBound + received)
}
