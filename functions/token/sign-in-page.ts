/** The one page that a person sees here, in its three states. No script runs on it. */
import { createHash } from 'node:crypto'
import type { App } from '../../shared/domain/parties.ts'
import { useNotice, useNoticeDigest } from '../../shared/oauth/use-notice.ts'
import type { Reply } from '../http.ts'
import { escapeHtml } from './escape-html.ts'

const style = `
:root { color-scheme: light dark; --ink: #1b1b1f; --soft: #55555e; --paper: #fff; --ground: #f0f1f4; --line: #73737d; --act: #1d4f91; --on-act: #fff; --warn: #a4262c }
@media (prefers-color-scheme: dark) { :root { --ink: #ececf1; --soft: #b4b4bf; --paper: #1d1e24; --ground: #121317; --line: #8d8d99; --act: #8ab8f5; --on-act: #10131a; --warn: #ff9d9d } }
* { box-sizing: border-box }
body { margin: 0; padding: 1rem; background: var(--ground); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif }
main { max-width: 36rem; margin: 4vh auto; padding: 1.5rem; background: var(--paper); border: 1px solid var(--line); border-radius: .5rem; overflow-wrap: anywhere }
.product { margin: 0; color: var(--soft); font-weight: 600 }
h1 { margin: 0 0 1rem; font-size: 1.5rem; line-height: 1.25 }
h2 { margin: 1.5rem 0 .5rem; font-size: 1.125rem }
p { margin: 0 0 .75rem }
label { display: block; font-weight: 600 }
input { width: 100%; margin: .25rem 0 1rem; padding: .625rem; border: 1px solid var(--line); border-radius: .25rem; background: var(--paper); color: var(--ink); font: inherit }
button { width: 100%; margin-top: .75rem; padding: .75rem 1rem; border: 0; border-radius: .25rem; background: var(--act); color: var(--on-act); font: inherit; font-weight: 600; cursor: pointer }
:focus-visible { outline: 3px solid var(--act); outline-offset: 2px }
.hint { color: var(--soft) }
.fault { padding-left: .75rem; border-left: 4px solid var(--warn) }
`
const styleHash = createHash('sha256').update(style).digest('base64')

/** Beside the page, wherever that is: an issuer may have a path (RFC 8414 §2), as a stage of API Gateway has. */
const action = 'authorize'

export type Hidden = Readonly<Record<string, string>>

/** What a sign-in begins with: the notice, and one button. */
export function noticePage(
  organisation: { readonly id: string; readonly name: string },
  app: App,
  hidden: Hidden,
  /** Where the form may lead in the end: the provider's origin and the app's. */
  targets: readonly string[],
): Reply {
  const form = `<form method="post" action="${action}">
${fields({ ...hidden, organisation: organisation.id, notice: useNoticeDigest })}
<h2>${escapeHtml(useNotice.title)}</h2>
${useNotice.paragraphs.map(text => `<p>${escapeHtml(text)}</p>`).join('\n')}
<p class="hint">${purposes[app]} You go on to the sign-in page of your organisation.</p>
<button type="submit">I have read this. Sign in</button>
</form>`
  return page(200, `Sign in with ${organisation.name}`, form, targets)
}

/** Organisations are not listed to strangers: whoever comes without one, or with one that is none, names theirs. */
export function organisationPage(hidden: Hidden, targets: readonly string[], unknown?: string): Reply {
  // What was typed stands in the field alone: whoever makes a link has no words on this page.
  const fault =
    unknown === undefined
      ? ''
      : `<p class="fault" id="fault" role="alert">Nobody can sign in with this organisation. Check its id, which is not its name, or ask its administrator.</p>
`
  const typed =
    unknown === undefined
      ? ' aria-describedby="hint"'
      : ` value="${escapeHtml(unknown)}" aria-invalid="true" aria-describedby="fault hint" autofocus`
  const form = `<form method="get" action="${action}">
${fields(hidden)}
<label for="organisation">Your organisation</label>
<p class="hint" id="hint">Its id, as your administrator gave it to you: small letters, digits and hyphens.</p>
${fault}<input id="organisation" name="organisation" required maxlength="128" autocomplete="organization" autocapitalize="none" spellcheck="false"${typed}>
<button type="submit">Continue</button>
</form>`
  return page(unknown === undefined ? 200 : 404, 'Sign in', form, targets)
}

/** Where there is nobody to go back to. */
export const faultPage = (status: number, detail: string, headers: Reply['headers'] = {}): Reply =>
  page(
    status,
    'The sign-in did not work',
    `<p class="fault" role="alert">${escapeHtml(detail)}</p>
<p>Go back to the application and start again. If it happens again, tell the administrator of your organisation.</p>`,
    [],
    headers,
  )

function page(
  status: number,
  title: string,
  content: string,
  targets: readonly string[],
  headers: Reply['headers'] = {},
): Reply {
  const body = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)} · Sallyport</title>
<style>${style}</style>
</head>
<body>
<main>
<p class="product">Sallyport</p>
<h1>${escapeHtml(title)}</h1>
${content}
</main>
</body>
</html>
`
  return {
    status,
    headers: {
      ...headers,
      ...privateHeaders,
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': `default-src 'none'; style-src 'sha256-${styleHash}'; form-action ${["'self'", ...targets].join(' ')}; frame-ancestors 'none'; base-uri 'none'`,
      'x-frame-options': 'DENY',
    },
    body,
  }
}

/** Of every answer to a browser here: codes and states stand in its addresses. */
const privateHeaders = {
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const

/** 303: what follows is a GET, whatever the request was (RFC 9700 §4.12). */
export const redirect = (location: string, headers: Reply['headers'] = {}): Reply => ({
  status: 303,
  headers: { ...headers, ...privateHeaders, location },
  body: '',
})

/**
 * A source of a CSP for where a form leads in the end. Its grammar knows no IPv6 address, so that a CLI which listens
 * on one is admitted by its scheme.
 */
export function formTarget(url: string): string {
  const { origin, hostname, protocol } = new URL(url)
  return hostname.startsWith('[') ? protocol : origin
}

/** Whoever was led here by somebody else can see what they would let in. */
const purposes: Readonly<Record<App, string>> = {
  'sallyport-cli':
    'You sign in for the command line on this computer. If you did not start that, close this page.',
  'sallyport-console': 'You sign in for the console in this browser.',
}

const fields = (values: Hidden): string =>
  Object.entries(values)
    .map(([name, value]) => `<input type="hidden" name="${escapeHtml(name)}" value="${escapeHtml(value)}">`)
    .join('\n')
