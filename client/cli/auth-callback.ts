import { timingSafeEqual } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  type CallbackPage,
  callbackPageHeaders,
  nothingPage,
  notSignedInPage,
  renderCallbackPage,
  signedInPage,
} from './auth-callback-page.ts'

/** Waits on loopback for the browser to come back (RFC 8252 §7.3). */
export interface CallbackListener {
  readonly redirectUri: string
  /**
   * Resolves with the URL of the one callback that brings this `state`. Any program here, and any page in a browser
   * here, can call: whatever else comes is turned away and ends nothing.
   */
  wait(state: string): Promise<string>
  /** What the browser shows that came back: the page waits for it. */
  tell(signedIn: boolean): void
  close(): Promise<void>
}

/** On any free port of 127.0.0.1: a name could resolve to something else. */
export async function listenForCallback(): Promise<CallbackListener> {
  let expected: string | undefined
  let arrive: (url: string) => void = () => {}
  let browser: ServerResponse | undefined
  const server = createServer((request, response) => {
    const path = request.url ?? ''
    const url = URL.canParse(path, origin) ? new URL(path, origin) : undefined
    const fault = judge(request, url, origin, expected)
    if (fault || url === undefined || browser) return send(response, fault ?? 404, nothingPage)
    browser = response
    arrive(url.href)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    redirectUri: `${origin}/callback`,
    wait: state =>
      new Promise(resolve => {
        expected = state
        arrive = resolve
      }),
    tell(signedIn) {
      if (browser === undefined) return
      if (signedIn) send(browser, 200, signedInPage)
      else send(browser, 400, notSignedInPage)
    },
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeIdleConnections()
      // A connection may still take its page; one that is gone tells of its end no more.
      if (browser && !browser.destroyed && !browser.writableFinished && browser.writableEnded)
        await once(browser, 'close').catch(() => undefined)
      server.closeAllConnections()
      await closed
    },
  }
}

/** The status that it is turned away with. */
function judge(
  { method, headers }: IncomingMessage,
  url: URL | undefined,
  origin: string,
  expected: string | undefined,
): number | undefined {
  // DNS rebinding: a page of another name would be let in by the browser.
  if (`http://${headers.host}` !== origin) return 421
  if (url?.pathname !== '/callback') return 404
  if (method !== 'GET') return 405
  const states = url.searchParams.getAll('state')
  const [state = ''] = states
  return states.length === 1 && expected !== undefined && same(state, expected) ? undefined : 400
}

function same(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)]
  return a.length === b.length && timingSafeEqual(a, b)
}

function send(response: ServerResponse, status: number, page: CallbackPage): void {
  response.writeHead(status, { ...callbackPageHeaders, connection: 'close' })
  response.end(renderCallbackPage(page))
}
