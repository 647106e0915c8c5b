/** What a request that creates is answered, kept for its repetition: written in one transaction with what it makes. */
import type { Made } from '../../shared/domain/keys.ts'
import { itemAbsent, type Key, type Put } from '../../shared/ports/store.ts'
import type { Answer, Context } from './operation.ts'

/** Seconds. */
const keptFor = 86_400

export function madeOnce(
  { deps, request, idempotency }: Pick<Context, 'deps' | 'request' | 'idempotency'>,
  key: Key<Made>,
  { status, body }: Answer,
): Put<Made> {
  const now = Math.floor(deps.clock.now() / 1000)
  return {
    kind: 'put',
    key,
    item: {
      by: request,
      exp: now + keptFor,
      digest: idempotency?.digest ?? '',
      status,
      answer: JSON.stringify(body),
    },
    if: { or: [itemAbsent, { le: [['exp'], now] }] },
    ours: { eq: [['by'], request] },
  }
}
