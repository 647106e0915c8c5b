import { BlockList, isIP } from 'node:net'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isLoopbackAddress, isPublicAddress } from '../../../shared/webhooks/ip-range.ts'

/** By somebody else's code: everything that RFC 6890 and its registries keep from the Internet. */
const special = new BlockList()
for (const [net, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const)
  special.addSubnet(net, bits, 'ipv4')
const unicast = new BlockList()
unicast.addSubnet('2000::', 3, 'ipv6')
const special6 = new BlockList()
for (const [net, bits] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const)
  special6.addSubnet(net, bits, 'ipv6')

/** Near the edges of ranges as often as anywhere. */
const v4 = fc
  .tuple(
    fc.constantFrom(0, 10, 100, 127, 169, 172, 192, 198, 203, 8, 223, 224, 255),
    fc.oneof(fc.constantFrom(0, 2, 15, 16, 18, 19, 20, 31, 32, 51, 63, 64, 127, 128, 168, 254), fc.nat(255)),
    fc.oneof(fc.constantFrom(0, 2, 99, 100, 113), fc.nat(255)),
    fc.nat(255),
  )
  .map(parts => parts.join('.'))

describe('whether an address is public', () => {
  test('of IPv4 agrees with the registries, as another implementation reads them', () => {
    fc.assert(
      fc.property(fc.oneof(v4, fc.ipV4()), text => isPublicAddress(text) === !special.check(text, 'ipv4')),
      { numRuns: 2_000 },
    )
  })

  test('of IPv6 agrees too, in every form', () => {
    const lead = fc.constantFrom('2000', '2001', '2002', '2003', '2600', '3fff', 'fe80', 'fc00', 'ff02', '64')
    const near = fc
      .tuple(lead, fc.constantFrom('0', 'db8', '1ff', '200', '0fff', '1000', 'ff9b'), fc.nat(0xffff))
      .map(([a, b, c]) => `${a}:${b}::${c.toString(16)}`)
    fc.assert(
      fc.property(
        fc.oneof(near, fc.ipV6()),
        text => isPublicAddress(text) === (unicast.check(text, 'ipv6') && !special6.check(text, 'ipv6')),
      ),
      { numRuns: 2_000 },
    )
  })

  test('what carries a private IPv4 address inside is not', () => {
    for (const text of ['::ffff:10.0.0.1', '::ffff:8.8.8.8', '64:ff9b::a00:1', '2002:a00:1::', '::10.0.0.1'])
      expect([text, isPublicAddress(text)]).toEqual([text, false])
  })

  test('what is no address is not, and never throws', () => {
    for (const text of [
      '',
      '1.2.3',
      '01.2.3.4',
      '256.1.1.1',
      '2600::1::2',
      '2600::1%eth0',
      '[2600::1]',
      'a.b',
      '1.2.3.4.',
    ])
      expect([text, isPublicAddress(text)]).toEqual([text, false])
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'0123456789abcdef:.%') }), text => {
        if (isPublicAddress(text) || isLoopbackAddress(text)) expect(isIP(text)).not.toBe(0)
      }),
      { numRuns: 2_000 },
    )
  })

  test('loopback is 127.0.0.0/8 and ::1', () => {
    for (const text of ['127.0.0.1', '127.255.255.254', '::1', '0:0:0:0:0:0:0:1'])
      expect([text, isLoopbackAddress(text)]).toEqual([text, true])
    for (const text of ['128.0.0.1', '126.255.255.255', '::2', '::', '::ffff:127.0.0.1', 'localhost'])
      expect([text, isLoopbackAddress(text)]).toEqual([text, false])
  })
})
