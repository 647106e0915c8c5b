/** What the demo uses of `oidc-provider`, which brings no types of its own; the benchmarks declare the rest. */
declare module 'oidc-provider' {
  import type { IncomingMessage, ServerResponse } from 'node:http'

  interface Interaction {
    readonly uid: string
    readonly prompt: { readonly name: string }
    readonly params: Readonly<Record<string, unknown>>
    session?: { readonly uid: string; readonly accountId: string }
    readonly exp: number
    save(ttl: number): Promise<unknown>
  }

  interface Context {
    readonly oidc: {
      readonly client: { readonly clientId: string }
      readonly session: { readonly accountId: string }
      readonly result?: { readonly login?: object }
    }
    type: string
    body: unknown
  }

  class Grant {
    constructor(fields: { accountId: string; clientId: string })
    addOIDCScope(scope: string): void
    save(): Promise<string>
  }

  export interface Provider {
    /** Koa prints errors unless it is set. */
    silent: boolean
    readonly Grant: typeof Grant
    readonly Session: { findByUid(uid: string): Promise<{ destroy(): Promise<void> } | undefined> }
    interactionDetails(request: IncomingMessage, response: ServerResponse): Promise<Interaction>
    interactionFinished(
      request: IncomingMessage,
      response: ServerResponse,
      result: object,
      options: { mergeWithLastSubmission: boolean },
    ): Promise<void>
  }

  class Check {
    constructor(reason: string, description: string, check: (context: Context) => boolean)
    static readonly REQUEST_PROMPT: true
    static readonly NO_NEED_TO_PROMPT: false
  }

  export const errors: { readonly InvalidClientAuth: new (detail: string) => Error }

  export const interactionPolicy: {
    base(): { get(name: string): { readonly checks: { add(check: Check): void } } }
    readonly Check: typeof Check
  }
}
