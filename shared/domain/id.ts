/** Crockford's alphabet in lower case: its order is that of ASCII, so encoded bytes sort as bytes do. */
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'

/** 16 bytes as 26 characters. */
export function base32(bytes: Uint8Array): string {
  let text = ''
  let value = 0
  // 128 bits are 26 characters of 5 but for 2, which stand in front as zeros.
  let bits = 2
  for (const byte of bytes) {
    value = (value << 8) | byte
    for (bits += 8; bits >= 5; bits -= 5) text += alphabet[(value >> (bits - 5)) & 31]
    value &= (1 << bits) - 1
  }
  return text
}

/** Of an id as `base32` makes it: the number in the first 48 bits of its 16 bytes. */
export const leadingBits = (id: string): number =>
  // Ten characters hold 50 bits, of which the first two are zeros.
  [...id.slice(0, 10)].reduce((value, digit) => value * 32 + alphabet.indexOf(digit), 0)

/** The value of the last character: five bits, the id's own if it is made of random bytes. */
export const lastDigit = (id: string): number => alphabet.indexOf(id.slice(-1))

/** `<kind>_<uuid>` with a UUIDv4 (RFC 9562 §5.4) made of 16 random bytes. */
export const randomId = (kind: string, random: Uint8Array): string => `${kind}_${base32(stamp(random, 4))}`

/** A copy of 16 bytes with version and variant of RFC 9562 §4 set. */
export function stamp(bytes: Uint8Array, version: 4 | 8): Uint8Array {
  const uuid = Uint8Array.from(bytes.subarray(0, 16))
  uuid[6] = ((uuid[6] ?? 0) & 0x0f) | (version << 4)
  uuid[8] = ((uuid[8] ?? 0) & 0x3f) | 0x80
  return uuid
}
