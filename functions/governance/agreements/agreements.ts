/**
 * Decisions about protected agreements: `agreement.*` of who-decides. None of them holds up the release or the withdrawal
 * of a model, which reads no agreement to be made.
 */
import type { Definition } from '../engine/plan.ts'
import { draft } from './draft.ts'
import { attestDestruction, close, leave, terminate } from './ends.ts'
import { discard, giveBack, offer } from './offer.ts'
import { acknowledge, sign } from './sign.ts'
import { reinstate, resume, suspend } from './stops.ts'

export const agreementActions = {
  'agreement.draft': draft,
  'agreement.offer': offer,
  'agreement.discard': discard,
  'agreement.return': giveBack,
  'agreement.sign': sign,
  'agreement.acknowledge': acknowledge,
  'agreement.suspend': suspend,
  'agreement.reinstate': reinstate,
  'agreement.resume': resume,
  'agreement.terminate': terminate,
  'agreement.leave': leave,
  'agreement.attest': attestDestruction,
  'agreement.close': close,
} satisfies Readonly<Record<string, Definition>>
