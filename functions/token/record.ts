import { createHash } from 'node:crypto'
import { putEntry } from '../../shared/entries/put.ts'
import { tokenRefusalEntry } from '../../shared/entries/token.ts'
import type { OAuthError } from '../../shared/oauth/oauth-error.ts'
import type { Store } from '../../shared/ports/store.ts'
import type { Authenticated } from './authenticate.ts'

/**
 * The entry of a refusal to a client that proved who it is. Its id is made of the assertion's: one that is
 * sent again and again writes one entry in each step of the ids' time, and cannot flood the log.
 */
export async function recordRefusal(
  { store, issuer }: { readonly store: Store; readonly issuer: string },
  { client, assertion }: Authenticated,
  { code, error, description }: OAuthError,
  request: { readonly id: string; readonly now: number },
): Promise<void> {
  const entry = tokenRefusalEntry({
    now: request.now,
    random: createHash('sha256').update(`${client.id} ${assertion.jtiHash}`).digest().subarray(0, 16),
    request: request.id,
    issuer,
    organisation: client.organisation,
    client,
    code: code ?? error,
    detail: description,
  })
  await store.write(putEntry(entry))
}
