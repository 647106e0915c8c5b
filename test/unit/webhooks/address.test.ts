import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { judgeWebhookUrl, mayConnect } from '../../../shared/webhooks/address.ts'
import { isPublicAddress } from '../../../shared/webhooks/ip-range.ts'

const issuer = 'https://gate.example'
const local = 'http://127.0.0.1:8788'

describe('the address of a webhook', () => {
  test.each([
    'https://hooks.partner.example/sallyport',
    'https://hooks.partner.example:8443/a/b?token=1',
    'https://8.8.8.8/x',
    'https://[2606:4700::1111]/x',
    'https://xn--kln-sna.example/',
    'HTTPS://Hooks.Partner.Example./',
  ])('%s is taken', url => {
    expect(judgeWebhookUrl(url, issuer)).toBeUndefined()
  })

  test.each([
    ['http://hooks.partner.example/', 'https'],
    ['ftp://hooks.partner.example/', 'https'],
    ['javascript:alert(1)', 'https'],
    ['/relative', 'absolute'],
    ['', 'ASCII'],
    ['https://', 'absolute'],
    ['https://user@hooks.partner.example/', 'password'],
    ['https://user:secret@hooks.partner.example/', 'password'],
    ['https://@hooks.partner.example/', 'password'],
    ['https:hooks.partner.example@10.0.0.1/', 'password'],
    ['https://hooks.partner.example/#part', 'fragment'],
    ['https://hooks.partner.example/#', 'fragment'],
    ['https://hooks.partner.example\\@10.0.0.1/', 'backslashes'],
    ['https://hooks.partner.example/a b', 'white space'],
    ['https://hooks.part\tner.example/', 'white space'],
    ['https://köln.example/', 'ASCII'],
    ['https://localhost/', 'loopback'],
    ['https://LOCALHOST./', 'loopback'],
    ['https://a.localhost/', 'loopback'],
    ['https://127.0.0.1/', 'loopback'],
    ['https://127.1/', 'loopback'],
    ['https://2130706433/', 'loopback'],
    ['https://0x7f.0.0.1/', 'loopback'],
    ['https://0177.0.0.1/', 'loopback'],
    ['https://[::1]/', 'loopback'],
    ['https://[::ffff:127.0.0.1]/', 'public'],
    ['https://0/', 'public'],
    ['https://10.0.0.1/', 'public'],
    ['https://192.168.1.1:8443/', 'public'],
    ['https://169.254.169.254/latest/meta-data/', 'public'],
    ['https://0xa9fea9fe/', 'public'],
    ['https://[fd00:ec2::254]/latest/', 'public'],
    ['https://[fe80::1]/', 'public'],
    ['https://[64:ff9b::a9fe:a9fe]/', 'public'],
    ['https://intranet/', 'public'],
    ['https://printer.local/', 'public'],
    ['https://metadata.google.internal/', 'public'],
    ['https://ip-10-0-0-1.ec2.internal./', 'public'],
    [`https://hooks.partner.example/${'a'.repeat(2_048)}`, '2048'],
  ])('%s is refused, because of %s', (url, why) => {
    const refusal = judgeWebhookUrl(url, issuer)
    expect(refusal?.code).toBe('body_malformed')
    expect(refusal?.facts.field).toBe('url')
    expect(refusal?.facts.detail).toContain(why)
  })

  test.each([
    'http://127.0.0.1:9000/hook',
    'http://127.8.8.8/',
    'http://[::1]:9000/',
    'http://localhost:9000/hook',
    'https://localhost/',
    'https://hooks.partner.example/',
  ])('%s is taken where the deployment itself is on loopback', url => {
    expect(judgeWebhookUrl(url, local)).toBeUndefined()
    expect(judgeWebhookUrl(url, 'http://localhost:4566/_aws/execute-api/a/live')).toBeUndefined()
  })

  test.each([
    'http://hooks.partner.example/',
    'http://10.0.0.1/',
    'https://169.254.169.254/',
    'ftp://127.0.0.1/',
  ])('%s is not, even there', url => {
    expect(judgeWebhookUrl(url, local)?.code).toBe('body_malformed')
  })

  test('never throws, and never repeats what it refuses: there may be a secret in it', () => {
    const urlish = fc.oneof(
      fc.string(),
      fc.webUrl({ withFragments: true, withQueryParameters: true }),
      fc
        .tuple(fc.constantFrom('https://', 'http://', 'https:', 'HTTPS:///'), fc.string(), fc.string())
        .map(parts => parts.join('')),
    )
    fc.assert(
      fc.property(urlish, fc.constantFrom(issuer, local, 'nonsense'), (text, at) => {
        const refusal = judgeWebhookUrl(`${text}?s3cr3t-${text}`, at)
        expect(refusal?.facts.detail ?? '').not.toContain('s3cr3t')
      }),
      { numRuns: 2_000 },
    )
  })

  test('whatever it takes is https, without user and fragment, and to a name or a public address', () => {
    const host = fc.oneof(
      fc.domain(),
      fc.ipV4(),
      fc.ipV4Extended(),
      fc.ipV6().map(text => `[${text}]`),
      fc.nat(0xffffffff).map(String),
    )
    const text = fc
      .tuple(
        fc.constantFrom('https', 'http', 'Https'),
        fc.constantFrom('', '', '', 'u@', 'u:p@'),
        host,
        fc.constantFrom('', '', ':443', ':8443'),
        fc.constantFrom('', '/', '/a', '/a#b', '?q', '\\'),
      )
      .map(([scheme, user, at, port, rest]) => `${scheme}://${user}${at}${port}${rest}`)
    let taken = 0
    fc.assert(
      fc.property(text, one => {
        if (judgeWebhookUrl(one, issuer)) return
        taken += 1
        const url = new URL(one)
        const literal = /^\[|^[\d.]+$/.test(url.hostname)
        expect(url.protocol).toBe('https:')
        expect([url.username, url.password, url.hash]).toEqual(['', '', ''])
        if (literal) expect(isPublicAddress(url.hostname.replace(/^\[|\]$/g, ''))).toBe(true)
      }),
      { numRuns: 3_000 },
    )
    expect(taken).toBeGreaterThan(100)
  })
})

describe('the address that a name resolves to', () => {
  test.each([
    ['hooks.partner.example', '8.8.8.8', issuer, true],
    ['hooks.partner.example', '10.0.0.1', issuer, false],
    ['hooks.partner.example', '127.0.0.1', issuer, false],
    ['hooks.partner.example', '127.0.0.1', local, false],
    ['hooks.partner.example', 'fd00::1', local, false],
    ['localhost', '127.0.0.1', local, true],
    ['LOCALHOST', '::1', local, true],
    ['localhost', '127.0.0.1', issuer, false],
    ['localhost', '10.0.0.1', local, false],
    ['hooks.partner.example', 'nonsense', issuer, false],
  ] as const)('%s at %s, for %s: %s', (hostname, address, at, may) => {
    expect(mayConnect(hostname, address, at)).toBe(may)
  })
})
