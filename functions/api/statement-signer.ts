/** The key that this deployment's statements are signed with, of a holder that may not answer when it is asked first. */
import { type Signer, SignerUnavailable } from '../../shared/ports/keys.ts'

/**
 * Asks once now. Where that fails, all that needs no statement is served all the same, and whoever needs one starts the
 * next attempt: `sign` waits for it, and what is only looked up throws `SignerUnavailable` until it has come about.
 */
export async function openStatementSigner(open: () => Promise<Signer>): Promise<Signer> {
  let signer: Signer | undefined
  let attempt: Promise<Signer> | undefined
  const again = (): Promise<Signer> => {
    attempt ??= open()
      .then(opened => {
        signer = opened
        return opened
      })
      .finally(() => {
        attempt = undefined
      })
    return attempt
  }
  const known = (): Signer => {
    if (signer !== undefined) return signer
    again().catch(() => {})
    throw new SignerUnavailable('The key that statements are signed with did not answer yet')
  }
  await again().catch(() => {})
  return {
    get kid() {
      return known().kid
    },
    get alg() {
      return known().alg
    },
    get publicJwk() {
      return known().publicJwk
    },
    sign: async bytes => (signer ?? (await again())).sign(bytes),
  }
}
