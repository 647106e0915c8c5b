interface ErrorBody {
  /** A text at the token service and the API, an object in OpenAI's protocol. */
  readonly error?: string | { readonly sallyport: { readonly code: string } }
  readonly code?: string
  readonly sallyport?: { readonly code: string }
}

/** In one line: the status, OAuth's error code and, where it says more, ours. Just `200` where all is well. */
export async function told(response: Response): Promise<string> {
  const text = await response.text()
  if (response.ok) return String(response.status)
  const body = JSON.parse(text) as ErrorBody
  const inBody = typeof body.error === 'string' ? body.error : undefined
  const ours = body.sallyport ?? (typeof body.error === 'object' ? body.error.sallyport : body)
  const oauth = challenge(response).error ?? inBody
  return [response.status, oauth, ours.code === oauth ? undefined : ours.code].filter(Boolean).join(' ')
}

/** The parameters of a `WWW-Authenticate` with one challenge, and its scheme. */
export function challenge(response: Response): Readonly<Record<string, string>> {
  const header = response.headers.get('www-authenticate')
  if (header === null) return {}
  const parameters = [...header.matchAll(/([a-z_]+)="([^"]*)"/g)].map(([, name, value]) => [name, value])
  return { ...Object.fromEntries(parameters), scheme: header.split(' ', 1)[0] }
}
