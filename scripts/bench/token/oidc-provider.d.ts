/** As much of oidc-provider, which brings no types, as the benchmark calls. */
declare module 'oidc-provider' {
  import type { RequestListener } from 'node:http'

  /** Of one model; called with the model's own ids and payloads. */
  export interface Adapter {
    upsert(id: string, payload: object, expiresIn: number): Promise<void>
    find(id: string): Promise<object | undefined>
    findByUserCode(userCode: string): Promise<object | undefined>
    findByUid(uid: string): Promise<object | undefined>
    consume(id: string): Promise<void>
    destroy(id: string): Promise<void>
    revokeByGrantId(grantId: string): Promise<void>
  }

  export class Provider {
    constructor(issuer: string, configuration: object)
    callback(): RequestListener
  }
}
