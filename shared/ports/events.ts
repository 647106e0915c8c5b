export interface PublishedEvent {
  /** `partner.suspended`: what listeners choose by. */
  readonly type: string
  /** Milliseconds since the epoch. */
  readonly at: number
  /** What is told, as JSON. Its `id` is the same each time it is published. */
  readonly detail: object
}

export interface Events {
  /** Resolves once the bus has it for certain; it may have it twice. Throws `EventsUnavailable`. */
  publish(event: PublishedEvent): Promise<void>
}

/** The bus did not answer, or did not take the event. */
export class EventsUnavailable extends Error {
  override readonly name = 'EventsUnavailable'
}
