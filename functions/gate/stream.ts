import type { HttpResponse } from '../../shared/ports/http.ts'
import type { Clock } from '../../shared/ports/world.ts'
import type { StreamWatch } from '../../shared/upstream/operation.ts'
import { EventSplitter, isComment } from '../../shared/upstream/sse.ts'
import type { SentReply } from './fingerprints.ts'
import { brokenOff, type Run } from './run.ts'
import type { Watch } from './watch.ts'
import { within } from './within.ts'

/** A comment (WHATWG HTML §9.2.6): keeps what stands between from closing a silent connection. */
const comment = Buffer.from(': still waiting\n\n')

/** How long and for how much the upstream is listened to after the protocol's own end. */
const lingerMs = 250
const lingerBytes = 64 << 10

export interface Streamed {
  readonly run: Run
  readonly watch: Watch
  readonly clock: Clock
  readonly events: StreamWatch
  readonly request: string
  readonly sent: SentReply | undefined
}

/** The body of a streamed reply. Leaving it early, before its first chunk too, ends the call. */
export function streamBody(call: Streamed, response: HttpResponse): AsyncIterable<Uint8Array> {
  const body = passThrough(call, response)
  return {
    [Symbol.asyncIterator]: () => ({
      next: () => body.next(),
      return: async () => {
        await body.return(undefined)
        // A generator that was never started has no `finally`.
        await call.run.end()
        return { done: true, value: undefined }
      },
    }),
  }
}

/**
 * Events as they come, but for the protocol's own end: that waits until the call is settled, so that whoever
 * has seen it finds the budget moved and the entries there.
 */
async function* passThrough(
  { run, watch, clock, events, request, sent }: Streamed,
  response: HttpResponse,
): AsyncGenerator<Uint8Array> {
  const splitter = new EventSplitter()
  const last: Uint8Array[] = []
  const source = response.bytes[Symbol.asyncIterator]()
  try {
    // Nothing is read ahead: while the caller holds us up, no read may fail that nobody waits for.
    let next: Promise<IteratorResult<Uint8Array>> | undefined
    while (!ended(events)) {
      next ??= source.next()
      const got = await Promise.race([next, watch.silence()])
      const passed: Uint8Array[] = got ? [] : [comment]
      if (got) {
        next = undefined
        watch.heard()
        run.received += got.value?.length ?? 0
        // It may have come while the caller was held up by a comment, and the call has ended meanwhile.
        run.signal.throwIfAborted()
        for (const event of got.done ? splitter.end() : splitter.push(got.value))
          if (ended(events)) break
          else if (events.event(event)) (events.finished ? last : passed).push(event)
          else if (isComment(event)) passed.push(comment)
        if (got.done) events.close()
      }
      // Known before the caller can hold us up: whoever ends the call meanwhile charges by it.
      run.usage = events.usage()
      if (events.finished) run.done = 'completed'
      if (passed.length > 0) {
        run.hold(next === undefined)
        sent?.events(passed)
        yield joined(passed)
        run.release()
      }
      if (got?.done) break
    }
    if (events.finished) {
      // It goes out when the call has ended.
      sent?.events(last)
      await within(clock, lingerMs, readOn(source))
    } else {
      const what = events.failure && `The provider ended it: ${events.failure}.`
      last.push(events.errorEvent(run.reason(new Error(what ?? 'no end'), what) ?? brokenOff(), request))
    }
  } catch (error) {
    const why = run.reason(error)
    if (why) last.push(events.errorEvent(why, request))
  } finally {
    await run.end()
  }
  if (last.length > 0) yield joined(last)
}

/** By the protocol's own end or by the provider's error; what comes after either is not for the caller. */
const ended = ({ finished, failure }: StreamWatch): boolean => finished || failure !== undefined

/** Lets the upstream end its reply, so that its connection can serve again. */
async function readOn(source: AsyncIterator<Uint8Array>): Promise<void> {
  let got = await source.next()
  for (let bytes = 0; !got.done && bytes < lingerBytes; got = await source.next()) bytes += got.value.length
}

function joined(events: readonly Uint8Array[]): Uint8Array {
  const [only] = events
  return events.length === 1 && only ? only : Buffer.concat(events)
}
