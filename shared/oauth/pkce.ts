import { hash } from 'node:crypto'
import { equalTexts } from './equal-texts.ts'

/** RFC 7636 §4.2, S256. */
export const codeChallengeOf = (verifier: string): string => hash('sha256', verifier, 'base64url')

/** RFC 7636 §4.1: 43 to 128 unreserved characters. */
const verifierGrammar = /^[A-Za-z0-9\-._~]{43,128}$/

/** RFC 7636 §4.6. */
export const verifiesChallenge = (verifier: string, challenge: string): boolean =>
  verifierGrammar.test(verifier) && equalTexts(codeChallengeOf(verifier), challenge)
