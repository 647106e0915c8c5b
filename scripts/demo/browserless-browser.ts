/** A browser without a screen: it keeps cookies and follows redirects, over as many origins as a sign-in crosses. */
import { type Button, type Form, readForms, readText } from './browserless-page.ts'

export interface Page {
  readonly url: string
  readonly status: number
  readonly html: string
}

/** Where a redirect leads that is not for the browser: the application waits for it. */
export interface Arrival {
  readonly arrived: string
}

export interface Browser {
  open(url: string): Promise<Page | Arrival>
  /** Presses a button of a form, with `filled` in place of what its fields hold. */
  submit(form: Form, button: Button, filled?: Readonly<Record<string, string>>): Promise<Page | Arrival>
}

/** A sign-in did not go as it goes. The message quotes the page. */
export class SignInStuck extends Error {
  override readonly name = 'SignInStuck'
}

const maxRedirects = 12

/** `destination` is where the application waits: a redirect there is not followed. */
export function createBrowser(
  destination: string,
  fetch: typeof globalThis.fetch = globalThis.fetch,
): Browser {
  const cookies = new Map<string, Cookie>()

  async function go(url: string, init: RequestInit): Promise<Page | Arrival> {
    let at = url
    let sent = init
    for (let redirects = 0; redirects <= maxRedirects; redirects += 1) {
      const headers = new Headers(sent.headers)
      const kept = [...cookies.values()].filter(cookie => fits(cookie, new URL(at)))
      if (kept.length > 0) headers.set('cookie', kept.map(({ pair }) => pair).join('; '))
      headers.set('accept', 'text/html')
      const response = await fetch(at, { ...sent, headers, redirect: 'manual' })
      for (const line of response.headers.getSetCookie()) keep(cookies, line, new URL(at))
      const location = response.headers.get('location')
      if (response.status < 300 || response.status > 399 || location === null)
        return { url: at, status: response.status, html: await response.text() }
      await response.body?.cancel()
      const next = new URL(location, at).href
      if (next === destination || next.startsWith(`${destination}?`)) return { arrived: next }
      // 307 and 308 repeat the request; the others go on with a GET, as browsers do.
      if (response.status < 307) sent = { method: 'GET' }
      at = next
    }
    throw new SignInStuck(`More than ${maxRedirects} redirects, the last one to ${new URL(at).origin}.`)
  }

  return {
    open: url => go(url, { method: 'GET' }),
    submit(form, button, filled = {}) {
      const values = new URLSearchParams([...form.fields])
      for (const [name, value] of Object.entries(filled)) values.set(name, value)
      if (button.name) values.append(button.name, button.value)
      if (form.method === 'POST')
        return go(form.action, {
          method: 'POST',
          body: values.toString(),
          headers: {
            'content-type': 'application/x-www-form-urlencoded',
            origin: new URL(form.action).origin,
          },
        })
      const url = new URL(form.action)
      url.search = values.toString()
      return go(url.href, { method: 'GET' })
    },
  }
}

/** The first form of a page with such a button. */
export function findButton(
  page: Page | Arrival,
  what: string,
  wanted: (button: Button, form: Form) => boolean,
): { readonly form: Form; readonly button: Button } {
  if ('arrived' in page) throw new SignInStuck(`There was no page with ${what}: ${told(page.arrived)}.`)
  for (const form of page.status < 400 ? readForms(page.html, page.url) : [])
    for (const button of form.buttons) if (wanted(button, form)) return { form, button }
  const { origin, pathname } = new URL(page.url)
  throw new SignInStuck(
    `${origin}${pathname} answered ${page.status} without ${what}: “${readText(page.html).slice(0, 400)}”`,
  )
}

/** Of a URL that ended a sign-in: its error, never its code. */
function told(url: string): string {
  const { searchParams } = new URL(url)
  const said = [searchParams.get('error'), searchParams.get('error_description')].filter(Boolean)
  return said.length > 0 ? said.join(', ') : 'the sign-in had ended already'
}

interface Cookie {
  readonly pair: string
  /** Cookies know no ports: two servers of one host see each other's. */
  readonly host: string
  readonly path: string
}

/** RFC 6265 §5.3 and §5.1.4, as far as a sign-in on hosts of its own needs it. */
function keep(cookies: Map<string, Cookie>, line: string, url: URL): void {
  const [pair = '', ...attributes] = line.split(';').map(part => part.trim())
  const name = pair.split('=')[0] ?? ''
  const attributeOf = (wanted: string): string | undefined =>
    attributes.find(one => one.toLowerCase().startsWith(`${wanted}=`))?.slice(wanted.length + 1)
  const path = attributeOf('path') ?? (url.pathname.replace(/\/[^/]*$/, '') || '/')
  const key = `${name};${url.hostname};${path}`
  const age = attributeOf('max-age')
  const expires = attributeOf('expires')
  const over = age === undefined ? Date.parse(expires ?? '') <= Date.now() : Number(age) <= 0
  if (over) cookies.delete(key)
  else cookies.set(key, { pair, host: url.hostname, path })
}

function fits({ host, path }: Cookie, { hostname, pathname }: URL): boolean {
  if (host !== hostname) return false
  return pathname === path || pathname.startsWith(path.endsWith('/') ? path : `${path}/`)
}
