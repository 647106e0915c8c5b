/** Invariant 4, over all requests that were sent: a proof is accepted once, and only from whoever made it. */
import type { Sent } from './observed.ts'

/** What is wrong once this one has its answer. */
export function judgeAcceptance(all: Iterable<Sent>, sent: Sent): readonly string[] {
  const accepted = [...all].filter(
    ({ proof, answer }) =>
      proof === sent.proof && answer !== undefined && ![401, 503].includes(answer.status),
  )
  return [
    ...(accepted.length > 1
      ? [`one proof was accepted of ${accepted.map(({ id }) => id).join(' and of ')}`]
      : []),
    ...(accepted.some(({ sound }) => !sound) ? [`${sent.id} was accepted with a broken signature`] : []),
  ]
}

/** A proof that was sent is of use to whoever made it. */
export function judgeReplays(all: Iterable<Sent>): readonly string[] {
  const proofs = Map.groupBy(all, ({ proof }) => proof)
  return [...proofs.values()].flatMap(sent => {
    const sound = sent.filter(one => one.sound)
    const spent = sound.length > 0 && sound.every(({ answer }) => answer?.code === 'proof_replayed')
    return spent
      ? [`${sound[0]?.id} was refused as a replay, and nobody with its key had sent it before`]
      : []
  })
}
