import type { Protocol } from '../../shared/domain/records.ts'
import { type Refusal, refuse } from '../../shared/domain/refusal.ts'

const loopback = ['127.0.0.1', 'localhost', '[::1]']

/**
 * Where a model may be served: credentials and prompts go there, in clear only on this machine itself. The developer
 * chooses it, and it may well stand inside a network; what a cloud tells of itself is never asked by https.
 */
export function judgeUpstreamUrl(text: string, protocol: Protocol, issuer: string): Refusal | undefined {
  const field = `upstreams.${protocol}.url`
  const wrong = (detail: string): Refusal => refuse('body_malformed', `${field}: ${detail}`, { field })
  // What parsers read differently: white space is dropped by some, `\` is `/` to some.
  if (!/^[\x21-\x7e]+$/.test(text) || text.includes('\\'))
    return wrong('write it in ASCII, without white space and backslashes.')
  const url = URL.parse(text)
  if (url === null) return wrong('it is not an absolute URL.')
  if (text.includes('@') || text.includes('?') || text.includes('#'))
    return wrong('it has no user name, no query and no fragment.')
  const local = loopback.includes(url.hostname)
  const atHome = local && loopback.includes(URL.parse(issuer)?.hostname ?? '')
  if (local && !atHome) return wrong('it may not be on loopback.')
  if (url.protocol !== 'https:' && !(atHome && url.protocol === 'http:')) return wrong('it has to be https.')
  if (protocol === 'openai' && !text.endsWith('/v1')) return wrong('for OpenAI it ends in /v1.')
  if (protocol === 'anthropic' && /\/(v1)?$/.test(text))
    return wrong('for Anthropic it stands without /v1 and without a slash at its end.')
  return undefined
}
