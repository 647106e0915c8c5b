/** `sallyport auth login` with a real browser: every page on the way, by mouse and by keyboard, and who says no. */
import { stat } from 'node:fs/promises'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { openBrowser, type TestBrowser, withoutBrowser } from '../world/chromium.ts'
import { commandLine, ended, printedUrl } from '../world/command-line.ts'
import { type EmbeddedWorld, openEmbedded } from '../world/embedded.ts'
import { entriesOf, told } from '../world/entries.ts'

let world: EmbeddedWorld
beforeAll(async () => {
  world = await openEmbedded()
})
afterAll(() => world.close())
beforeEach(({ skip }) => skip(withoutBrowser !== undefined, withoutBrowser))

/** The command line waits, and a browser stands at the address that it said. */
async function begun(who: string, ...options: string[]) {
  const cli = commandLine(world, who)
  const login = cli.begin('auth', 'login', '--no-browser', ...options)
  onTestFinished(() => void login.kill())
  const browser = await openBrowser()
  onTestFinished(() => browser.close())
  const page = await browser.open()
  await page.goto(await printedUrl(login))
  return { cli, login, browser, page }
}

const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name })
const heading = (page: Page, name: string) => page.getByRole('heading', { name, exact: true })
const provider = 'Demo provider: everyone here is made up'

/** Pixels that the page is wider than a small telephone and than a desk's screen. */
async function tooWide(page: Page): Promise<readonly number[]> {
  const over: number[] = []
  for (const width of [320, 1_280]) {
    await page.setViewportSize({ width, height: 800 })
    over.push(await page.evaluate('document.documentElement.scrollWidth - innerWidth'))
  }
  return over
}

/** Presses Tab so many times on a page that is drawn: keys that come before are of the page before. */
async function tabTo(page: Page, name: string | RegExp, times = 1): Promise<void> {
  await page.waitForLoadState()
  await page.evaluate('new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)))')
  for (let i = 0; i < times; i++) await page.keyboard.press('Tab')
  const focus = await page.evaluate(`({
    text: document.activeElement.innerText || document.activeElement.id,
    ring: getComputedStyle(document.activeElement).outlineStyle + ' ' + getComputedStyle(document.activeElement).outlineWidth,
  })`)
  expect(focus).toEqual({ text: expect.stringMatching(name), ring: 'solid 3px' })
}

async function signIns(): Promise<number> {
  const entries = await entriesOf(world.store, 'ofr')
  return entries.filter(({ entry }) => told(entry).kind === 'sign_in').length
}

/** No page broke its policy or a script, and none asked for anything elsewhere. `statuses`: of pages that say no. */
function clean({ faults, requested }: TestBrowser, ...statuses: readonly number[]): void {
  const said = statuses.map(
    status => `Failed to load resource: the server responded with a status of ${status}`,
  )
  expect(faults).toEqual(said.map(text => expect.stringContaining(text)))
  expect(requested.length).toBeGreaterThan(0)
  for (const url of requested) expect(new URL(url).hostname).toBe('127.0.0.1')
}

test('notice, provider, and back to a page that may be closed: she is signed in until she says otherwise', async () => {
  const { cli, login, browser, page } = await begun('nora', '--organisation', 'ofr')
  await heading(page, 'Sign in with Office of Frontier Review').waitFor()
  expect(await tooWide(page)).toEqual([0, 0])
  const box = await button(page, 'I have read this. Sign in').boundingBox()
  expect((box?.y ?? 0) + (box?.height ?? 0)).toBeLessThan(800)
  await button(page, 'I have read this. Sign in').click()

  await heading(page, provider).waitFor()
  expect(await tooWide(page)).toEqual([0, 0])
  await button(page, /^Nora Quill/).click()

  await heading(page, 'You are signed in').waitFor()
  expect(await tooWide(page)).toEqual([0, 0])
  expect(await page.content()).toContain('You can close this window')
  const done = await ended(login)
  expect(done).toMatchObject({ code: 0, out: '', err: expect.stringContaining('as Nora Quill of ofr') })
  clean(browser)
  expect((await stat(cli.sessionFile)).mode & 0o777).toBe(0o600)

  const status = await cli.run('auth', 'status', '--json')
  expect(JSON.parse(status.out)).toMatchObject({ name: 'Nora Quill', organisation: 'ofr', confirmed: true })
  const copied = await cli.session()
  expect((await cli.run('auth', 'logout')).code).toBe(0)
  await cli.putBack(copied)
  expect(await cli.run('auth', 'status')).toMatchObject({ code: 4, out: '' })
})

test('a keyboard is enough, and shows where it is', async () => {
  const before = await signIns()
  const { login, browser, page } = await begun('nora-by-keyboard')
  await tabTo(page, 'organisation')
  await page.keyboard.type('nowhere')
  await page.keyboard.press('Enter')
  await page.getByRole('alert').getByText('Nobody can sign in with this organisation').waitFor()
  // What was typed stands there to be mended, and nowhere else.
  expect(await page.getByRole('textbox').inputValue()).toBe('nowhere')
  await tabTo(page, 'organisation', 0)
  await page.keyboard.press('ControlOrMeta+A')
  await page.keyboard.type('ofr')
  await page.keyboard.press('Enter')

  await heading(page, 'Sign in with Office of Frontier Review').waitFor()
  await tabTo(page, 'I have read this. Sign in')
  await page.keyboard.press('Enter')

  await heading(page, provider).waitFor()
  await tabTo(page, /^Nora Quill/, 4)
  await page.keyboard.press('Enter')
  await heading(page, 'You are signed in').waitFor()
  expect((await ended(login)).code).toBe(0)
  expect(await signIns()).toBe(before + 1)
  clean(browser, 404)
})

describe('who does not sign in', () => {
  test('is told so in the browser and in the terminal, and nothing is kept', async () => {
    const before = await signIns()
    const { cli, login, browser, page } = await begun('omar', '--organisation', 'ofr')
    await button(page, 'I have read this. Sign in').click()
    await button(page, 'Do not sign in').click()
    await heading(page, 'You are not signed in').waitFor()
    expect(await tooWide(page)).toEqual([0, 0])
    const done = await ended(login)
    expect(done).toMatchObject({ code: 4, out: '' })
    expect(done.err).toMatch(
      /error: The provider of your organisation did not sign you in\.\n {2}code +access_denied/,
    )
    expect(done.err).toMatch(/next +sallyport auth login/)
    clean(browser, 400)
    expect(await cli.run('auth', 'status')).toMatchObject({ code: 4 })
    await expect(stat(cli.sessionFile)).rejects.toMatchObject({ code: 'ENOENT' })
    expect(await signIns()).toBe(before)
  })

  test('of another organisation than the one that they came for is turned away', async () => {
    const { login, browser, page } = await begun('priya', '--organisation', 'ofr')
    await button(page, 'I have read this. Sign in').click()
    await button(page, /^Priya Nair/).click()
    await heading(page, 'You are not signed in').waitFor()
    const done = await ended(login)
    expect(done).toMatchObject({ code: 4, out: '' })
    expect(done.err).toContain('Nobody of this organisation is enrolled')
    expect(await page.content()).not.toContain('Priya')
    clean(browser, 400)
  })
})

test('a sign-in happens once: not again by its addresses, nor by going back', async () => {
  const before = await signIns()
  const { cli, login, browser, page } = await begun('nora-twice', '--organisation', 'ofr')
  await button(page, 'I have read this. Sign in').click()
  await button(page, /^Nora Quill/).click()
  await heading(page, 'You are signed in').waitFor()
  expect((await ended(login)).code).toBe(0)
  expect(await signIns()).toBe(before + 1)
  clean(browser)

  const [waited = '', callback = ''] = [/^http:\/\/127\.0\.0\.1:\d+\/callback\?/, /\/oauth\/callback\?/].map(
    pattern => browser.requested.find(url => pattern.test(url)),
  )
  await expect((await browser.open()).goto(waited)).rejects.toThrow('ERR_CONNECTION_REFUSED')
  const again = await browser.open()
  expect((await again.goto(callback))?.status()).toBe(400)
  await again.getByText('This sign-in is over').waitFor()

  expect((await page.goBack())?.status()).toBe(400)
  await page.getByText('it is over').waitFor()
  await page.goBack()
  // Whoever reads the notice again begins a sign-in that no command line waits for.
  await button(page, 'I have read this. Sign in').click()
  const nobody = page.waitForEvent('requestfailed')
  await button(page, /^Nora Quill/).click()
  expect(new URL((await nobody).url()).origin).toBe(new URL(waited).origin)
  expect(await signIns()).toBe(before + 1)
  expect((await cli.run('auth', 'status')).code).toBe(0)
})
