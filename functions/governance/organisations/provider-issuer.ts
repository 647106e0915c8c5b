import { type Refusal, refuse } from '../../../shared/domain/refusal.ts'
import { judgeWebhookUrl } from '../../../shared/webhooks/address.ts'

const field = 'provider.issuer'

/**
 * An issuer that this deployment may ask: its metadata and keys are fetched from inside, at an address that others
 * chose, so the rules are those of webhooks (CWE-918). OpenID Connect Discovery §3: `https`, neither query nor fragment.
 * `deployment`: the issuer of this one, which lets loopback through where it is on loopback itself.
 */
export function judgeIssuer(issuer: string, deployment: string): Refusal | undefined {
  if (issuer.includes('?')) return wrong('Leave the query out.')
  if (issuer.replace(/\/$/, '') === deployment) return wrong('It is this deployment itself.')
  return judgeWebhookUrl(issuer, deployment) === undefined
    ? undefined
    : wrong('It is an https address of the public Internet, without user, password and fragment.')
}

const wrong = (detail: string): Refusal =>
  refuse('body_malformed', `The issuer is not taken. ${detail}`, { field })
