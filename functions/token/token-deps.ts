import type { SigningKey } from '../../shared/domain/records.ts'
import type { Signer } from '../../shared/ports/keys.ts'
import type { Store } from '../../shared/ports/store.ts'
import type { Clock, Random, Telemetry } from '../../shared/ports/world.ts'
import type { RateLimit } from '../rate.ts'

export interface TokenDeps {
  readonly store: Store
  /** Opens the private half of a key of the ring. May throw `SignerUnavailable`. */
  readonly signers: (key: SigningKey) => Promise<Signer>
  /** 32 bytes, the same as at the resources. */
  readonly nonceKey: Uint8Array
  /** An origin: the token service stands at its root. */
  readonly issuer: string
  readonly clock: Clock
  readonly random: Random
  readonly telemetry: Telemetry
  /** Of one client at this instance; 100 a second and 200 at once unless given. */
  readonly rateLimit?: RateLimit
  /** Of one address at this instance's pages for people; 10 a second and 60 at once unless given. */
  readonly pageRateLimit?: RateLimit
  /** Reaches the providers of organisations. Absent: there is no way to them, and nobody can sign in. */
  readonly providerFetch?: typeof fetch
}
