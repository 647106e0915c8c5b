import { hash } from 'node:crypto'

/** What everybody reads before they sign in (AC-8 of NIST SP 800-53). A change of a letter is another notice. */
export const useNotice = {
  title: 'Use notice',
  paragraphs: [
    'This service is for people whom their organisation has enrolled, and for the work that a protected agreement names. Do not go further than your role and that agreement allow.',
    'What you read, decide and sign here is recorded under your name, in a log that others can check. The parties of an agreement and their auditors see the records that concern them.',
    'Use without permission, or beyond it, can be stopped at once and can have consequences under the agreement and under the law.',
    'By signing in you say that you have read this notice and agree to be recorded. If you do not agree, close this page.',
  ],
} as const

/** SHA-256 of the text, base64url: what a session says of the notice that was acknowledged. */
export const useNoticeDigest: string = hash(
  'sha256',
  [useNotice.title, ...useNotice.paragraphs].join('\n'),
  'base64url',
)
