import type { TokenResponse } from './token-endpoint.ts'

/** The resource a token is for; `undefined` is the only model that the client holds a grant of. */
type Resource = string | undefined

export interface TokenCache {
  /** An access token for the resource, from at most one request at a time. */
  get(resource: Resource): Promise<string>
  /** A token that is held already, for any resource that fits. */
  find(fits: (resource: Resource) => boolean): string | undefined
  /** Forgets a token that a resource no longer takes. */
  drop(accessToken: string): void
}

interface Held {
  readonly accessToken: string
  /** Half of its life, from when it was asked for: a clock behind the server's does not use it too long. */
  readonly freshUntil: number
}

/** `held` is there once the token is. */
interface Slot {
  readonly token: Promise<Held>
  held?: Held
}

/** `now` in milliseconds. */
export function createTokenCache(
  issue: (resource: Resource) => Promise<TokenResponse>,
  now: () => number,
): TokenCache {
  const slots = new Map<Resource, Slot>()

  function request(resource: Resource): Promise<Held> {
    const askedAt = now()
    const slot: Slot = {
      token: issue(resource).then(
        ({ access_token, expires_in }) => {
          slot.held = { accessToken: access_token, freshUntil: askedAt + expires_in * 500 }
          return slot.held
        },
        (error: unknown) => {
          if (slots.get(resource) === slot) slots.delete(resource)
          throw error
        },
      ),
    }
    slots.set(resource, slot)
    return slot.token
  }

  return {
    async get(resource) {
      const slot = slots.get(resource)
      const usable = slot && (slot.held === undefined || now() < slot.held.freshUntil)
      return (await (usable ? slot.token : request(resource))).accessToken
    },
    find(fits) {
      for (const [resource, { held }] of slots)
        if (held && now() < held.freshUntil && fits(resource)) return held.accessToken
      return undefined
    },
    drop(accessToken) {
      for (const [resource, { held }] of slots) if (held?.accessToken === accessToken) slots.delete(resource)
    },
  }
}
