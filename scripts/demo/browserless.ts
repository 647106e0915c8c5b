/**
 * A demo person signs in without a browser. As a program, `node scripts/demo/browserless.ts <login> <url>` is what
 * `SALLYPORT_BROWSER` can name: it does with the URL what a person would, up to the application's own page.
 */
import { generateKeyPair } from 'oauth4webapi'
import { beginSignIn, type PersonSession } from '../../client/index.ts'
import { createBrowser, findButton, SignInStuck } from './browserless-browser.ts'
import { readForms, readText } from './browserless-page.ts'
import { people } from './people.ts'

export interface DemoSignIn {
  /** Of the Sallyport. */
  readonly issuer: string
  /** A person of the demo. */
  readonly login: string
  /** Seconds: how old an authentication may be. */
  readonly maxAge?: number
  /** Another organisation than the person's own, for tests. */
  readonly organisation?: string
  /** Seconds that the provider claims the authentication is old, for tests. */
  readonly ago?: number
  readonly fetch?: typeof globalThis.fetch
}

/** Nobody listens there: the redirect to it is as far as it goes. */
const nowhere = 'http://127.0.0.1:9/callback'

/** Throws `SignInStuck` with what the page said, `SignInRefused`, and what the client throws. */
export async function signInAs(options: DemoSignIn): Promise<PersonSession> {
  const { issuer, login, maxAge, ago, fetch } = options
  const organisation = options.organisation ?? organisationOf(login)
  const begun = await beginSignIn({
    issuer,
    app: 'sallyport-cli',
    redirectUri: nowhere,
    organisation,
    proofKey: await generateKeyPair('ES256', { extractable: true }),
    ...(maxAge !== undefined && { maxAge }),
    ...(fetch && { fetch }),
  })
  const callback = await authorizeAs({
    url: begun.url,
    login,
    organisation,
    redirectUri: nowhere,
    ...(ago !== undefined && { ago }),
    ...(fetch && { fetch }),
  })
  return begun.finish(callback)
}

export interface DemoAuthorization extends Pick<DemoSignIn, 'login' | 'organisation' | 'ago' | 'fetch'> {
  /** Of the authorization endpoint, with its parameters. */
  readonly url: string
  readonly redirectUri: string
}

/** Acknowledges the notice, chooses the person at the provider, and resolves with the application's callback URL. */
export async function authorizeAs(options: DemoAuthorization): Promise<string> {
  const { url, login, redirectUri, ago, fetch } = options
  const browser = createBrowser(redirectUri, fetch)
  const organisation = options.organisation ?? organisationOf(login)
  let page = await browser.open(url)
  if ('arrived' in page) return page.arrived
  const asked = readForms(page.html, page.url).find(({ fields }) => fields.get('organisation') === '')
  const [next] = asked?.buttons ?? []
  if (asked && next) page = await browser.submit(asked, next, { organisation })
  if ('arrived' in page) return page.arrived

  const read = findButton(page, 'the use notice and its button', (_, { method }) => method === 'POST')
  const chooser = await browser.submit(read.form, read.button)
  if ('arrived' in chooser) return chooser.arrived
  const choice = findButton(chooser, `a button of ${login}`, ({ value }) => value === login)
  const filled: Record<string, string> = ago === undefined ? {} : { ago: String(ago) }
  const end = await browser.submit(choice.form, choice.button, filled)
  if ('arrived' in end) return end.arrived
  const { origin, pathname } = new URL(end.url)
  throw new SignInStuck(`${origin}${pathname} answered ${end.status}: “${readText(end.html).slice(0, 400)}”`)
}

function organisationOf(login: string): string {
  const found = people.find(person => person.login === login)
  if (found === undefined)
    throw new SignInStuck(`Nobody of the demo is ${login}: ${people.map(one => one.login).join(', ')}.`)
  return found.organisation
}

async function main([login = '', url = '']: readonly string[]): Promise<void> {
  const redirectUri = URL.parse(url)?.searchParams.get('redirect_uri')
  if (!redirectUri) throw new SignInStuck('Give a login and the URL to sign in at.')
  const response = await fetch(await authorizeAs({ url, login, redirectUri }))
  if (!response.ok) throw new SignInStuck(`The application answered ${response.status}.`)
}

if (import.meta.main)
  main(process.argv.slice(2)).catch((error: Error) => {
    console.error(error.message)
    process.exitCode = 1
  })
