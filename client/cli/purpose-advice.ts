/** A token that is refused for its purpose, where a profile asks for it: which file that is, and what to change there. */
import { readJson, textAt } from '../json.ts'

/** The same `fetch`, whose refusals of a purpose say `next` in place of the gateway's own words. */
export const advisingOnPurpose =
  (fetch: typeof globalThis.fetch, next: string): typeof globalThis.fetch =>
  async (input, init) => {
    const response = await fetch(input, init)
    if (response.status !== 400) return response
    const body = await readJson(response.clone())
    if (textAt(body, 'sallyport', 'code') !== 'purpose_not_registered') return response
    const { sallyport, ...rest } = body as { readonly sallyport: object }
    const headers = new Headers(response.headers)
    // They are of the body as it came.
    for (const name of ['content-length', 'content-encoding']) headers.delete(name)
    return new Response(JSON.stringify({ ...rest, sallyport: { ...sallyport, next } }), {
      status: response.status,
      headers,
    })
  }

export const purposeAdvice = (path: string, purpose: string | undefined): string =>
  purpose === undefined
    ? `Name one of them as the "purpose" in the profile ${path}; of a single token by --purpose.`
    : `The profile ${path} asks for ${JSON.stringify(purpose)}: change the "purpose" there; of a single token name another by --purpose.`
