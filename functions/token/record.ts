import { createHash } from 'node:crypto'
import { putEntry } from '../../shared/entries/put.ts'
import { signInRefusalEntry } from '../../shared/entries/sign-in.ts'
import { tokenRefusalEntry } from '../../shared/entries/token.ts'
import type { OAuthError } from '../../shared/oauth/oauth-error.ts'
import type { Store } from '../../shared/ports/store.ts'
import type { Authenticated } from './authenticate.ts'
import type { KnownRefusal } from './person.ts'

/**
 * The entry of a refusal to a client that proved who it is. Its id is made of the assertion's: one that is
 * sent again and again writes one entry in each step of the ids' time, and cannot flood the log.
 */
export async function recordRefusal(
  { store, issuer }: { readonly store: Store; readonly issuer: string },
  { client, assertion }: Authenticated,
  { code, error, description, grounds }: OAuthError,
  request: { readonly id: string; readonly now: number },
): Promise<void> {
  const entry = tokenRefusalEntry({
    now: request.now,
    random: derived(`${client.id} ${assertion.jtiHash}`),
    request: request.id,
    issuer,
    organisation: client.organisation,
    client,
    code: code ?? error,
    detail: description,
    grounds,
  })
  await store.write(putEntry(entry))
}

/** The same for somebody who is known: one entry for each reason in each step of the ids' time. */
export async function recordPersonRefusal(
  { store, issuer }: { readonly store: Store; readonly issuer: string },
  { refusal, person, app, session }: KnownRefusal,
  request: { readonly id: string; readonly now: number },
): Promise<void> {
  const code = refusal.code ?? refusal.error
  const entry = signInRefusalEntry({
    now: request.now,
    random: derived(`${person.id} ${session ?? ''} ${code}`),
    request: request.id,
    issuer,
    person,
    app,
    code,
    detail: refusal.description,
    grounds: refusal.grounds,
    ...(session !== undefined && { session }),
  })
  await store.write(putEntry(entry))
}

/** 16 bytes that are the same for the same event. */
export const derived = (text: string): Uint8Array =>
  createHash('sha256').update(text).digest().subarray(0, 16)
