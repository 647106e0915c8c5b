/** The demo provider's only interaction: who are you? */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Provider } from 'oidc-provider'
import { type DemoPerson, phishingResistant, subjectOf } from './people.ts'
import { pageHeaders, renderChoice, renderProblem } from './provider-page.ts'

export const choicePath = (uid: string): string => `/interaction/${uid}`

/** Bytes; a choice is a name. */
const maxForm = 1_024

/** Answers `GET` with the page and `POST` with the way on. The path's id is secret, and in a cookie as well. */
export async function serveChoice(
  provider: Provider,
  people: readonly DemoPerson[],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const interaction = await provider.interactionDetails(request, response).catch(() => undefined)
  if (interaction === undefined || request.url !== choicePath(interaction.uid))
    return sendPage(response, 400, renderProblem('it is over, or of another browser.'))
  if (request.method === 'GET' || request.method === 'HEAD')
    return sendPage(response, 200, renderChoice(choicePath(interaction.uid), people))
  if (request.method !== 'POST') return sendPage(response, 405, renderProblem('only GET and POST.'))

  const form = await readForm(request)
  const chosen = people.find(({ login }) => login === form?.get('login'))
  const ago = secondsAgo(form?.get('ago') ?? '0')
  if (form === undefined || ago === undefined || (chosen === undefined && !form.has('leave')))
    return sendPage(response, 400, renderProblem('nobody was chosen.'))

  // Whoever was signed in before: the session of another person would ask to sign out first.
  const earlier = interaction.session && (await provider.Session.findByUid(interaction.session.uid))
  await earlier?.destroy()
  delete interaction.session
  const now = Math.floor(Date.now() / 1000)
  await interaction.save(interaction.exp - now)

  const result =
    chosen === undefined
      ? { error: 'access_denied', error_description: 'The person chose not to sign in.' }
      : {
          login: {
            accountId: subjectOf(chosen.login),
            acr: phishingResistant,
            amr: ['hwk', 'user'],
            ts: now - ago,
          },
        }
  await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false })
}

/** For tests: `ago` puts the authentication so many seconds back, as if it had been remembered. */
const secondsAgo = (text: string): number | undefined => (/^\d{1,6}$/.test(text) ? Number(text) : undefined)

/** `undefined` for what is too long. */
async function readForm(request: IncomingMessage): Promise<URLSearchParams | undefined> {
  let text = ''
  for await (const chunk of request.setEncoding('utf8')) {
    text += chunk
    if (text.length > maxForm) return undefined
  }
  return new URLSearchParams(text)
}

export function sendPage(response: ServerResponse, status: number, html: string): void {
  response.writeHead(status, pageHeaders).end(html)
}
