/** An item of the `entries` table: put once under its id, then only marked. */
export interface Entry {
  /** The record in canonical JSON (RFC 8785): OCSF, times floored to 10 s. */
  readonly body: string
  /** SHA-256 of `body`, base64url. */
  readonly digest: string
  /** The exact times, apart from the body: microseconds since the epoch, in decimal. */
  readonly exact: { readonly time: string; readonly start?: string }
  /** Whose entry it is (`indexes.byOrganisation`); absent for what belongs to the deployment. */
  readonly organisation?: string
  /** Of a decision, the organisation of whoever made it (`indexes.byActor`). */
  readonly actor?: string
  /** An intent without an outcome stands in `indexes.openIntents`, in this shard. */
  readonly open?: string
  /** An intent's meters; the sweeper looks for its leases there. */
  readonly meters?: readonly string[]
  /** An outcome's charge in tokens: what every meter is settled by. */
  readonly charge?: number
  /** Of an outcome: the digest of the fingerprints of what was sent (`shared/fingerprint/`), to which its leaf commits. */
  readonly attr?: string
  /** The day of its floored time, in a shard (`indexes.byDay`). */
  readonly day: string
  /** The request that it tells of (`indexes.byRequest`). */
  readonly request?: string
  /** Waits for its place in the tree, in this shard (`indexes.pending`); goes when it has one. */
  readonly pending?: string
  /** Its place in the tree, set once. */
  readonly i?: number
  /** Seconds since the epoch: when the table may let go of it. Never before it has its place. */
  readonly exp?: number
}
