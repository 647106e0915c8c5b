import { createHash } from 'node:crypto'
import { type DemoPerson, organisationNames } from './people.ts'

const title = 'Demo provider: everyone here is made up'

const style = `
body { margin: 0; background: #f4f6f5; color: #17211d; font: 1rem/1.5 system-ui, sans-serif }
main { max-width: 44rem; margin: 0 auto; padding: 1.5rem 1rem 3rem }
h1 { font-size: 1.5rem; line-height: 1.25 }
h2 { margin: 1.5rem 0 .5rem; font-size: 1.05rem }
ul { display: grid; grid-template-columns: repeat(auto-fill, minmax(13rem, 1fr)); gap: .5rem; margin: 0; padding: 0; list-style: none }
button { width: 100%; min-height: 3rem; padding: .5rem .75rem; border: 1px solid #5c7068; border-radius: .25rem; background: #fff; color: inherit; font: inherit; text-align: left; cursor: pointer }
button:hover { background: #e3ebe7 }
button:focus-visible { outline: 3px solid #1b5fa8; outline-offset: 2px }
button span { display: block; color: #48584f; font-size: .875rem }
.leave { margin-top: 2rem; width: auto; min-height: 2.75rem }
`

/**
 * No `form-action`: browsers apply it to the redirects behind a form too, and those end at an application of any
 * origin. No scripts, and nothing from elsewhere.
 */
export const pageHeaders: Readonly<Record<string, string>> = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': [
    "default-src 'none'",
    `style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`,
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
}

/** One button for each person, by organisation; a person is chosen, not believed. */
export function renderChoice(action: string, people: readonly DemoPerson[]): string {
  const groups = Map.groupBy(people, ({ organisation }) => organisation)
  const sections = [...groups].map(
    ([id, members]) =>
      `<section><h2>${escaped(organisationNames[id])}</h2><ul>${members.map(renderPerson).join('')}</ul></section>`,
  )
  return page(`
<p>This stands in for the sign-in of five organisations. Nobody here has a password: choose who you are.</p>
<form method="post" action="${escaped(action)}">
${sections.join('\n')}
<button class="leave" name="leave" value="1">Do not sign in</button>
</form>`)
}

const renderPerson = ({ login, name, roles }: DemoPerson): string =>
  `<li><button name="login" value="${escaped(login)}">${escaped(name)} <span>${escaped(roles.join(', '))}</span></button></li>`

/** `detail` may be of anybody's making. */
export const renderProblem = (detail: string): string =>
  page(`<p>This request could not be served: ${escaped(detail)}</p><p>Begin again where you came from.</p>`)

const page = (content: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>${title}</h1>
${content}
</main>
</body>
</html>
`

const escaped = (text: string): string =>
  text.replace(/[&<>"']/g, character => `&#${character.charCodeAt(0)};`)
