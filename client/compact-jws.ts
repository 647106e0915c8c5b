import type { CryptoKey } from 'oauth4webapi'

/**
 * A compact JWS (RFC 7515 §7.1) over the payload as it stands: WebCrypto signs R‖S, as JWS has it. The key, of P-256, P-384
 * or Ed25519, decides on `alg`; the rest of the header is the caller's.
 */
export async function signCompactJws(
  key: CryptoKey,
  header: { readonly typ: string; readonly [parameter: string]: unknown },
  payload: Uint8Array,
): Promise<string> {
  const { alg, how } = algorithmOf(key)
  const head = new TextEncoder().encode(JSON.stringify({ alg, ...header }))
  const input = `${base64url(head)}.${base64url(payload)}`
  return `${input}.${base64url(await crypto.subtle.sign(how, key, new TextEncoder().encode(input)))}`
}

function algorithmOf({ algorithm }: CryptoKey): {
  readonly alg: string
  readonly how: { readonly name: string; readonly hash?: string }
} {
  const { name, namedCurve } = algorithm as { readonly name: string; readonly namedCurve?: string }
  if (name === 'Ed25519') return { alg: name, how: { name } }
  const [alg, hash] = namedCurve === 'P-384' ? ['ES384', 'SHA-384'] : ['ES256', 'SHA-256']
  return { alg, how: { name: 'ECDSA', hash } }
}

export const base64url = (bytes: ArrayBuffer | Uint8Array): string =>
  btoa(Array.from(new Uint8Array(bytes), byte => String.fromCharCode(byte)).join(''))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')
