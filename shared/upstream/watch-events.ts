/** What the protocols' watches over a stream share. */
import type { Refusal } from '../domain/refusal.ts'
import type { StreamWatch, Usage } from './operation.ts'
import { errorCode, failureOf } from './provider-error.ts'
import { readEvent } from './sse.ts'

export interface Reading {
  /** The data of one event that is no error: whether it is the protocol's end, and whether the caller gets it. */
  read(data: string): 'pass' | 'keep' | 'end'
  /** The data of an event by which the provider gave up. */
  failed?(data: string): void
  /** The reply was whole when the upstream ended it, even without the protocol's end. */
  whole?(): boolean
  usage(finished: boolean): Usage | undefined
  errorEvent(refusal: Refusal, requestId: string): Uint8Array
}

/**
 * An error in whatever shape ends the stream and is not passed on, and neither is what is no event of a protocol
 * of JSON: an upstream, or something between, says there what is for the operator.
 */
export function watchEvents(reading: Reading): StreamWatch {
  let finished = false
  let failure: string | undefined
  return {
    event(bytes) {
      const { name, data } = readEvent(bytes)
      if (data === '') return false
      failure = failureOf(data) ?? (name === 'error' ? errorCode(undefined) : undefined)
      if (failure !== undefined) {
        reading.failed?.(data)
        return false
      }
      if (data !== '[DONE]' && !(data.startsWith('{') && data.trimEnd().endsWith('}'))) return false
      const read = reading.read(data)
      finished = read === 'end'
      return read !== 'keep'
    },
    close() {
      finished ||= reading.whole?.() ?? false
    },
    usage: () => reading.usage(finished),
    get finished() {
      return finished
    },
    get failure() {
      return failure
    },
    errorEvent: reading.errorEvent,
  }
}
