export interface HttpRequest {
  readonly method: 'GET' | 'POST'
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Uint8Array
}

export interface HttpResponse {
  readonly status: number
  /** Names in lower case; a repeated header is joined with `, `. */
  readonly headers: Readonly<Record<string, string>>
  /** Read once. Leaving the loop early closes the connection. */
  readonly bytes: AsyncIterable<Uint8Array>
}

export interface Http {
  /**
   * Resolves with the response's head. Follows no redirect, retries nothing. Aborting `signal` closes the
   * connection at once, before or after the head. Throws `NotSent` where the other side has seen nothing of it.
   */
  open(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse>
}

/** Nothing was sent: no connection was made, or the request cannot be put into bytes. */
export class NotSent extends Error {
  override readonly name = 'NotSent'
}
