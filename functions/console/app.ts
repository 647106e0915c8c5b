/**
 * What of the log everybody may read, as static files (c2sp.org/tlog-tiles): its checkpoint, its key and its tiles.
 * Leaves are commitments, so all of it tells nobody anything about a call or a decision.
 */
import type { APIGatewayProxyEvent } from 'aws-lambda'
import { type Refusal, refuse } from '../../shared/domain/refusal.ts'
import { type Objects, ObjectsUnavailable } from '../../shared/ports/objects.ts'
import type { Telemetry } from '../../shared/ports/world.ts'
import { parseTilePath, tilePath } from '../../shared/tlog/tile.ts'
import type { Handler, Reply } from '../http.ts'
import { logFolder } from '../log-origin.ts'
import { problem } from '../problem.ts'

export interface ConsoleDeps {
  readonly objects: Pick<Objects, 'get'>
  readonly telemetry: Telemetry
}

interface File {
  readonly key: string
  readonly type: string
  readonly cache: string
}

const text = 'text/plain; charset=utf-8'

/** The checkpoint changes every second or so; the key may be put with the first of them, and tiles never change. */
const single: Readonly<Record<string, File>> = {
  '/log/checkpoint': { key: `${logFolder}checkpoint`, type: text, cache: 'public, max-age=2' },
  '/log/vkey': { key: `${logFolder}vkey`, type: text, cache: 'public, max-age=3600' },
}

export function createConsole({ objects, telemetry }: ConsoleDeps): Handler {
  return async event => {
    const { httpMethod, path, requestContext } = event
    const file = httpMethod === 'GET' || httpMethod === 'HEAD' ? fileAt(path) : undefined
    if (file === undefined) return refusedByConsole(notOffered(event), event)
    try {
      const found = await objects.get(file.key)
      // Where only the longer tile is there, its name is another: the reader asks for that.
      if (found === undefined) return refusedByConsole(notOffered(event), event)
      return { status: 200, headers: headersOf(file, requestContext.requestId), body: found.bytes }
    } catch (error) {
      if (!(error instanceof ObjectsUnavailable)) throw error
      telemetry.error('the objects of the log did not answer', error, { request: requestContext.requestId })
      return refusedByConsole(refuse('store_unavailable', 'The log could not be read.'), event)
    }
  }
}

/** As a problem, which any page of a browser may read as well. */
export const refusedByConsole = (refusal: Refusal, { requestContext }: APIGatewayProxyEvent): Reply =>
  problem(refusal, requestContext.requestId, open)

/** A path is never part of a name: what it names is, as this log writes it. */
function fileAt(path: string): File | undefined {
  if (Object.hasOwn(single, path)) return single[path]
  const tile = path.startsWith('/log/') ? parseTilePath(path.slice('/log/'.length)) : undefined
  return (
    tile && {
      key: `${logFolder}${tilePath(tile)}`,
      type: 'application/octet-stream',
      cache: 'public, max-age=31536000, immutable',
    }
  )
}

/** Whoever verifies in a browser does it from a page of their own. */
const open = { 'access-control-allow-origin': '*' }

const headersOf = ({ type, cache }: File, request: string): Reply['headers'] => ({
  ...open,
  'content-type': type,
  'cache-control': cache,
  'x-content-type-options': 'nosniff',
  'x-request-id': request,
})

const notOffered = ({ httpMethod, path }: APIGatewayProxyEvent): Refusal =>
  refuse('path_not_offered', `${httpMethod} ${path.slice(0, 200)} is not offered, or not yet.`, {
    next: 'Of the log are offered, by GET, /log/checkpoint, /log/vkey and /log/tile/…, as docs/log-format.md has it.',
  })
