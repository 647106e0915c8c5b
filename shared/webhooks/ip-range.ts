/** Which IP addresses are somebody's on the Internet, by the special-purpose registries of IANA (RFC 6890). */

interface Address {
  readonly version: 4 | 6
  readonly value: bigint
}

/** IPv4 that is not reached through the Internet, or by more than one receiver. */
const special4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
].map(range)

/** The only IPv6 that is given out, but for protocols, documentation, and what carries an IPv4 address inside. */
const unicast6 = range('2000::/3')
const special6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'].map(range)

const loopback = [range('127.0.0.0/8'), range('::1/128')]

/** False for what is no address, or has a zone: nobody sends anything there. */
export function isPublicAddress(text: string): boolean {
  const address = parseAddress(text)
  if (address === undefined) return false
  if (address.version === 4) return !special4.some(one => one(address))
  return unicast6(address) && !special6.some(one => one(address))
}

export function isLoopbackAddress(text: string): boolean {
  const address = parseAddress(text)
  return address !== undefined && loopback.some(one => one(address))
}

/** In the forms that a URL's host and a resolver have: dotted decimals, and RFC 4291 §2.2. */
function parseAddress(text: string): Address | undefined {
  const v4 = parse4(text)
  if (v4 !== undefined) return { version: 4, value: v4 }
  const v6 = parse6(text)
  return v6 === undefined ? undefined : { version: 6, value: v6 }
}

function parse4(text: string): bigint | undefined {
  const parts = text.split('.')
  // A leading zero is octal to some readers and decimal to others.
  if (parts.length !== 4 || !parts.every(part => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256))
    return undefined
  return parts.reduce((value, part) => (value << 8n) | BigInt(part), 0n)
}

function parse6(text: string): bigint | undefined {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const [head, tail] = halves.map((half, i) => groups(half, i === halves.length - 1))
  if (head === undefined) return undefined
  if (halves.length === 1) return head.length === 8 ? joined(head) : undefined
  if (tail === undefined || head.length + tail.length > 7) return undefined
  return joined([...head, ...Array<bigint>(8 - head.length - tail.length).fill(0n), ...tail])
}

/** The 16-bit groups of one side of `::`; the last of an address may be a dotted IPv4 address, which is two. */
function groups(half: string, last: boolean): readonly bigint[] | undefined {
  if (half === '') return []
  const parts = half.split(':')
  const dotted = last ? parse4(parts.at(-1) ?? '') : undefined
  const plain = dotted === undefined ? parts : parts.slice(0, -1)
  if (!plain.every(part => /^[0-9a-f]{1,4}$/i.test(part))) return undefined
  const values = plain.map(part => BigInt(`0x${part}`))
  return dotted === undefined ? values : [...values, dotted >> 16n, dotted & 0xffffn]
}

function joined(all: readonly bigint[]): bigint {
  return all.reduce((value, group) => (value << 16n) | group, 0n)
}

function range(cidr: string): (address: Address) => boolean {
  const [text = '', bits = ''] = cidr.split('/')
  const first = parseAddress(text)
  if (first === undefined) throw new TypeError(`${cidr} is no range`)
  const shift = BigInt((first.version === 4 ? 32 : 128) - Number(bits))
  return ({ version, value }) => version === first.version && value >> shift === first.value >> shift
}
