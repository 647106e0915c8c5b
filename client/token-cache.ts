import { TokenRefused } from './token-refused.ts'
import type { TokenResponse } from './token-request.ts'

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
  readonly endsAt: number
}

interface Slot {
  held?: Held | undefined
  /** The request that is under way. */
  pending?: Promise<Held> | undefined
}

/** Milliseconds that a token serves on after it could not be replaced, before that is tried again. */
const respite = 5_000

/** `now` in milliseconds. */
export function createTokenCache(
  issue: (resource: Resource) => Promise<TokenResponse>,
  now: () => number,
): TokenCache {
  const slots = new Map<Resource, Slot>()

  async function request(resource: Resource, slot: Slot): Promise<Held> {
    const askedAt = now()
    try {
      const { access_token, expires_in } = await issue(resource)
      slot.held = {
        accessToken: access_token,
        freshUntil: askedAt + expires_in * 500,
        endsAt: askedAt + expires_in * 1000,
      }
    } catch (error) {
      const { held } = slot
      if (isDecision(error) || held === undefined || now() >= held.endsAt) {
        slots.delete(resource)
        throw error
      }
      slot.held = { ...held, freshUntil: Math.min(now() + respite, held.endsAt) }
    } finally {
      slot.pending = undefined
    }
    return slot.held
  }

  return {
    async get(resource) {
      const slot = slots.get(resource) ?? {}
      slots.set(resource, slot)
      if (slot.held && now() < slot.held.freshUntil) return slot.held.accessToken
      slot.pending ??= request(resource, slot)
      return (await slot.pending).accessToken
    },
    find(fits) {
      for (const [resource, { held }] of slots)
        if (held && now() < held.freshUntil && fits(resource)) return held.accessToken
      return undefined
    },
    drop(accessToken) {
      for (const slot of slots.values()) if (slot.held?.accessToken === accessToken) slot.held = undefined
    },
  }
}

/** The client may have no token now: one that it still holds is no way around that. */
const isDecision = (error: unknown): boolean => error instanceof TokenRefused && error.status < 429
