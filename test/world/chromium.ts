/** A real browser for tests, with a profile of its own, that reaches nothing but loopback. */
import { chromium, type Page } from 'playwright-core'
import { findChromium } from '../../scripts/chromium.ts'

export interface TestBrowser {
  /** A further tab: it has the cookies of the others. */
  open(): Promise<Page>
  /** What a developer's tools would show in red or yellow, of all pages so far. */
  readonly faults: readonly string[]
  /** Addresses that were requested, in their order. */
  readonly requested: readonly string[]
  close(): Promise<void>
}

const flags = [
  '--no-first-run',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // Of the browser's own accord nothing is asked either: no name resolves, and no address but this one.
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
]

const found = findChromium()

/** Why a test in a browser is skipped; nothing where there is one. */
export const withoutBrowser = typeof found === 'string' ? undefined : `${found.what}: ${found.next}`

export async function openBrowser(): Promise<TestBrowser> {
  if (typeof found !== 'string') throw new Error(withoutBrowser)
  const executablePath = found
  // It runs as root in a container, too, where its sandbox cannot; all that it sees is ours.
  const browser = await chromium.launch({
    executablePath,
    headless: true,
    chromiumSandbox: false,
    args: flags,
  })
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } })
  context.setDefaultTimeout(15_000)
  const faults: string[] = []
  const requested: string[] = []
  context.on('request', request => requested.push(request.url()))
  context.on('requestfailed', one => faults.push(`failed: ${one.url()} ${one.failure()?.errorText}`))
  context.on('console', message => {
    if (['error', 'warning'].includes(message.type())) faults.push(`console: ${message.text()}`)
  })
  context.on('weberror', error => faults.push(`error: ${error.error().message}`))
  return {
    faults,
    requested,
    open: () => context.newPage(),
    close: () => browser.close(),
  }
}
