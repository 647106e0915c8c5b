/** One request to a provider's path. */
export interface Call {
  readonly id: string
  readonly path: string
  /** Names only: what a gateway lets through is to be seen, its credential is not. */
  readonly headers: readonly string[]
  streaming: boolean
  input_tokens: number
  /** Produced so far, whether they were delivered or not. */
  output_tokens: number
  state: 'in_flight' | 'finished' | 'aborted'
}

const remembered = 100

/** What has been asked of the upstream since it started. */
export class Calls {
  readonly #recent: Call[] = []
  readonly #totals = { in_flight: 0, finished: 0, aborted: 0, tokens_produced: 0, requests: 0 }

  begin(path: string, headers: readonly string[]): Call {
    this.#totals.requests += 1
    this.#totals.in_flight += 1
    const id = `req_demo_${this.#totals.requests}`
    const call: Call = {
      id,
      path,
      headers,
      streaming: false,
      input_tokens: 0,
      output_tokens: 0,
      state: 'in_flight',
    }
    this.#recent.push(call)
    if (this.#recent.length > remembered) this.#recent.shift()
    return call
  }

  produced(call: Call): void {
    call.output_tokens += 1
    this.#totals.tokens_produced += 1
  }

  /** `aborted`: the connection closed before the end of the response, whoever closed it. */
  end(call: Call, state: 'finished' | 'aborted'): void {
    call.state = state
    this.#totals.in_flight -= 1
    this.#totals[state] += 1
  }

  /** Totals, and the last requests, the newest at the end. */
  report() {
    return { ...this.#totals, recent: this.#recent }
  }
}
