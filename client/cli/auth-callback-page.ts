/** What a browser shows that has come back to the command line: plain, with no script and nothing of its URL. */
import { createHash } from 'node:crypto'

export interface CallbackPage {
  readonly title: string
  readonly text?: string
}

export const signedInPage: CallbackPage = {
  title: 'You are signed in',
  text: 'You can close this window, and go on in your terminal.',
}

export const notSignedInPage: CallbackPage = {
  title: 'You are not signed in',
  text: 'Your terminal says why. You can close this window.',
}

export const nothingPage: CallbackPage = { title: 'There is nothing here' }

const style = `
:root { color-scheme: light dark; --ink: #1b1b1f; --soft: #55555e; --paper: #fff; --ground: #f0f1f4; --line: #73737d }
@media (prefers-color-scheme: dark) { :root { --ink: #ececf1; --soft: #b4b4bf; --paper: #1d1e24; --ground: #121317; --line: #8d8d99 } }
* { box-sizing: border-box }
body { margin: 0; padding: 1rem; background: var(--ground); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif }
main { max-width: 36rem; margin: 4vh auto; padding: 1.5rem; background: var(--paper); border: 1px solid var(--line); border-radius: .5rem }
.product { margin: 0; color: var(--soft); font-weight: 600 }
h1 { margin: 0; font-size: 1.5rem; line-height: 1.25 }
h1 + p { margin: 1rem 0 0 }
`
const styleHash = createHash('sha256').update(style).digest('base64')

/** The code stays out of other pages' `Referer`, and of caches. */
export const callbackPageHeaders: Readonly<Record<string, string>> = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
}

export const renderCallbackPage = ({ title, text }: CallbackPage): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · Sallyport</title>
<style>${style}</style>
</head>
<body>
<main>
<p class="product">Sallyport</p>
<h1>${title}</h1>
${text === undefined ? '' : `<p>${text}</p>\n`}</main>
</body>
</html>
`
