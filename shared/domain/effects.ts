/** What a change would do, as the server counts it before anybody decides. */
export interface Effects {
  /** Clients that are refused from the next request on; at most `maxNamed` by name. */
  readonly clients: readonly Named[]
  /** How many there are in all. */
  readonly clientCount: number
  /** People who are refused from the next request on. Who they are is not told: what is attested of them is theirs. */
  readonly people: number
  /** Their sessions. */
  readonly sessions: number
  /** Live calls that end within 2 s. */
  readonly streams: number
  /** Calls of the last 24 hours that would have been refused. */
  readonly requestsPerDay: number
  /** There were more calls, or sessions, than were counted. */
  readonly atLeast?: true
  /** Grants that go on because a mission hangs on them. */
  readonly continues: readonly Named[]
  /** Grants on which a mission hangs and that stop all the same: by a hold of a whole organisation or model. */
  readonly missions?: readonly Named[]
  /** Clients of whom an attribute in the scope is not attested, or not any more: they are not hit. */
  readonly unattested?: readonly Unattested[]
}

export interface Named {
  readonly id: string
  readonly name: string
}

export interface Unattested extends Named {
  /** It was attested otherwise until then, milliseconds. */
  readonly expiredAt?: number
}

export const maxNamed = 100

export const noEffects: Effects = {
  clients: [],
  clientCount: 0,
  people: 0,
  sessions: 0,
  streams: 0,
  requestsPerDay: 0,
  continues: [],
}
