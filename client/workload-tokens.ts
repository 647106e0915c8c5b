import { apiResource, type Issuer, modelResource } from './issuer.ts'
import { textAt } from './json.ts'
import { isBytes, type TokenSource } from './signed-fetch.ts'
import type { TokenCache } from './token-cache.ts'

/** A token for what a workload's request is about. `model` is for a request to the gate that names none. */
export function createWorkloadTokens(
  issuer: Issuer,
  model: string | undefined,
  tokens: TokenCache,
): TokenSource {
  const api = apiResource(issuer.href)

  /** At the gate the model that the body names, else the client's own; none where neither names one. */
  function chooseResource(url: URL, body: unknown): string | undefined {
    if (url.href.startsWith(`${api}/`)) return api
    const wanted = textAt(parseJson(body), 'model') ?? model
    return wanted === undefined ? undefined : modelResource(issuer.href, wanted)
  }

  return {
    parts: ['openai', 'anthropic', 'api'],
    async get(url, body) {
      const resource = chooseResource(url, body)
      // Any model's token lists the models, so one that is held already does.
      const held =
        resource === undefined && /\/v1\/models(\/|$)/.test(url.pathname)
          ? tokens.find(resource => resource !== api)
          : undefined
      return held ?? tokens.get(resource)
    },
    drop: tokens.drop,
  }
}

function parseJson(body: unknown): unknown {
  try {
    if (typeof body === 'string') return JSON.parse(body)
    if (isBytes(body)) return JSON.parse(new TextDecoder().decode(body))
  } catch {
    // The gate says what is wrong with it.
  }
  return undefined
}
