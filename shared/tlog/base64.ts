/** Standard base64 (RFC 4648 §4), in its one canonical form: what decodes to the same bytes in two ways is none. */

/** So many bytes become a text at once: a call has not room for an argument for each of a megabyte. */
const chunk = 3 * 4_096

export function toBase64(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length; at += chunk)
    text += btoa(String.fromCharCode(...bytes.subarray(at, at + chunk)))
  return text
}

/** `undefined` where it is not what `toBase64` makes. */
export function fromBase64(text: string): Uint8Array | undefined {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.length % 4 !== 0) return undefined
  const last = text.slice(-4)
  // Bits that are left over in the last digit, which `btoa` leaves zero.
  if (btoa(atob(last)) !== last) return undefined
  return Uint8Array.from(atob(text), char => char.charCodeAt(0))
}
