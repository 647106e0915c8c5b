/** An agreement told from its files alone: every byte counts, and no key signs for another. */
import { createPublicKey } from 'node:crypto'
import jws from 'jws'
import { beforeAll, describe, expect, test } from 'vitest'
import { readKeys, verifyFiles } from '../../../client/cli/agreement-verification.ts'
import { digestOf } from '../../../shared/agreements/document.ts'
import { signStatement, statementTypes } from '../../../shared/agreements/statement.ts'
import { attest, documentOf, makeKey, makeParts, signDocument } from './agreement-files.ts'

let parts: Awaited<ReturnType<typeof makeParts>>
beforeAll(async () => {
  parts = await makeParts()
})

interface Changed {
  readonly document?: Uint8Array
  readonly signatures?: Readonly<Record<string, string | undefined>>
  readonly jwks?: unknown
}

function faultsOf({ document, signatures = {}, jwks }: Changed, expected?: string): readonly string[] {
  const keys = readKeys(jwks ?? parts.jwks)
  if (typeof keys === 'string') return [`keys.json: ${keys}.`]
  const all = Object.entries({ ...parts.signatures, ...signatures })
  return verifyFiles(
    {
      document: document ?? Buffer.from(parts.text),
      signatures: new Map(all.flatMap(([name, one]) => (one === undefined ? [] : [[name, one] as const]))),
      keys,
    },
    expected,
  ).faults
}

describe('the files of an export', () => {
  test('say who signed, how, and when', () => {
    const keys = readKeys(parts.jwks)
    if (typeof keys === 'string') throw new Error(keys)
    const found = verifyFiles({
      document: Buffer.from(parts.text),
      signatures: new Map(Object.entries(parts.signatures)),
      keys,
    })
    expect(found).toMatchObject({
      digest: digestOf(parts.text),
      document: { agreement: parts.document.agreement, version: 1 },
      signed: [
        { organisation: 'halcyon', kind: 'key', kid: parts.keys.halcyon.signer.kid },
        {
          organisation: 'cedar',
          kind: 'attested',
          kid: parts.keys.gateway.signer.kid,
          issuer: 'https://gateway.example',
          name: 'Priya Nair',
          role: 'partner-admin',
          at: '2026-11-27T09:00:00.000Z',
          signedInAt: 'https://id.example',
          consent: 'I have read version 1 of “Access to Aurora” and sign it for my organisation.',
        },
        { organisation: 'ofr', kind: 'key', kid: parts.keys.ofr.signer.kid },
      ],
      faults: [],
    })
  })

  test('are verified by another library too, over the same bytes', () => {
    const pem = (jwk: object) =>
      createPublicKey({ format: 'jwk', key: { ...jwk } })
        .export({ format: 'pem', type: 'spki' })
        .toString()
    const { halcyon, cedar } = parts.signatures
    expect(jws.verify(halcyon, 'ES256', pem(parts.keys.halcyon.publicJwk))).toBe(true)
    expect(jws.decode(halcyon)?.payload).toBe(parts.text)
    expect(jws.verify(cedar, 'ES256', pem(parts.keys.gateway.publicJwk))).toBe(true)
    expect(JSON.parse(jws.decode(cedar)?.payload).digest).toBe(digestOf(parts.text))
    expect(jws.verify(cedar, 'ES256', pem(parts.keys.halcyon.publicJwk))).toBe(false)
  })

  test('with any one byte of the document changed are found out', () => {
    const bytes = Buffer.from(parts.text)
    expect(bytes.length).toBeGreaterThan(800)
    for (let i = 0; i < bytes.length; i++) {
      const changed = Buffer.from(bytes)
      changed[i] = (changed[i] ?? 0) ^ 1
      expect(faultsOf({ document: changed }), `byte ${i}`).not.toEqual([])
    }
  })

  test.each(['halcyon', 'cedar', 'ofr'] as const)(
    'with any one byte of the header, the payload or the signature of %s changed are found out',
    party => {
      const whole = parts.signatures[party]
      const dots = [...whole].flatMap((letter, i) => (letter === '.' ? [i] : []))
      expect(dots).toHaveLength(2)
      for (let i = 0; i < whole.length; i++)
        for (const bit of [1, 2]) {
          const changed = Buffer.from(whole, 'latin1')
          changed[i] = (changed[i] ?? 0) ^ bit
          const faults = faultsOf({ signatures: { [party]: changed.toString('latin1') } })
          expect(faults, `byte ${i}`).toEqual([expect.stringContaining(`${party}.jws: `)])
        }
    },
  )

  test.each(['x', 'y', 'crv', 'kty', 'kid', 'organisation'])(
    'with another %s of a key are found out',
    member => {
      for (const [i, key] of parts.jwks.keys.entries()) {
        if (!Object.hasOwn(key, member)) continue
        const value = String(Object.entries(key).find(([name]) => name === member)?.[1])
        const other = `${value.startsWith('A') ? 'B' : 'A'}${value.slice(1)}`
        const keys = parts.jwks.keys.with(i, { ...key, [member]: other })
        expect(faultsOf({ jwks: { keys } })).not.toEqual([])
      }
    },
  )

  test.each([
    ['a line end behind the document', { document: () => Buffer.from(`${parts.text}\n`) }, 'canonical'],
    ['a byte order mark', { document: () => Buffer.from(`\ufeff${parts.text}`) }, 'no JSON any more'],
    ['bytes that are no text', { document: () => Buffer.from([0xff, 0xfe]) }, 'no JSON any more'],
    ['an empty file', { document: () => Buffer.alloc(0) }, 'no JSON any more'],
  ])('with %s are found out', (_, { document }, what) => {
    expect(faultsOf({ document: document() })).toEqual([expect.stringContaining(what)])
  })

  test('with a signature missing, added or renamed are found out', () => {
    expect(faultsOf({ signatures: { cedar: undefined } })).toEqual([
      'cedar.jws: it is missing: cedar has not signed this version.',
    ])
    const { halcyon, cedar } = parts.signatures
    expect(faultsOf({ signatures: { prairie: halcyon } })).toEqual([
      'prairie.jws: prairie is no party of this agreement.',
    ])
    expect(faultsOf({ signatures: { cedar: halcyon } })).toEqual([
      'cedar.jws: its key is one of halcyon, not of cedar.',
    ])
    expect(faultsOf({ signatures: { ofr: cedar } })).toEqual([
      'ofr.jws: it states another organisation than that of agreement.json.',
    ])
  })

  test('have another digest than the one that was expected', () => {
    const digest = digestOf('something else')
    expect(faultsOf({}, digestOf(parts.text))).toEqual([])
    expect(faultsOf({}, digest)).toEqual([
      `agreement.json: its digest is ${digestOf(parts.text)}, not ${digest}.`,
    ])
  })
})

describe('a signature', () => {
  test.each([
    ['of another version', { version: 2 }, 'states another version'],
    ['of another document', { digest: digestOf('x') }, 'states another digest'],
    ['of another agreement', { agreement: 'agreement_2' }, 'states another agreement'],
    ['for somebody else', { organisation: 'prairie' }, 'states another organisation'],
    ['to another consent', { consent: { text: 'I object.', digest: digestOf('I object.') } }, 'consent'],
    [
      'to a consent of another digest',
      {
        consent: {
          text: 'I have read version 1 of “Access to Aurora” and sign it for my organisation.',
          digest: digestOf('x'),
        },
      },
      'consent',
    ],
  ])('that attests something %s is none', async (_, claims, what) => {
    const cedar = await attest(parts.keys.gateway, parts.document, claims)
    expect(faultsOf({ signatures: { cedar } })).toEqual([expect.stringContaining(what)])
  })

  test('by a key that nobody named is none', async () => {
    const stranger = makeKey()
    for (const one of [await signDocument(stranger, parts.document), await attest(stranger, parts.document)])
      expect(faultsOf({ signatures: { cedar: one } })).toEqual([
        `cedar.jws: its key ${stranger.signer.kid} is not among the keys.`,
      ])
  })

  test('by a key that two hold is none, whoever of them it is said to be of', async () => {
    const { halcyon, gateway } = parts.keys
    const shared = { ...halcyon.publicJwk, kid: halcyon.signer.kid }
    const jwks = { keys: [...parts.jwks.keys, { ...shared, organisation: 'cedar' }] }
    const cedar = await signDocument(halcyon, parts.document)
    const two = `its key ${halcyon.signer.kid} is one of halcyon and of cedar alike.`
    expect(faultsOf({ jwks, signatures: { cedar } })).toEqual([`halcyon.jws: ${two}`, `cedar.jws: ${two}`])
    const stated = { keys: [...parts.jwks.keys, { ...gateway.publicJwk, organisation: 'cedar' }] }
    expect(faultsOf({ jwks: stated })).toEqual([
      `cedar.jws: its key ${gateway.signer.kid} is one of a gateway and of cedar alike.`,
    ])
  })

  test('no party attests for another, and no gateway signs as a party', async () => {
    const { gateway, halcyon } = parts.keys
    expect(faultsOf({ signatures: { cedar: await attest(halcyon, parts.document) } })).toEqual([
      'cedar.jws: it is a statement of a gateway, and its key is one of halcyon.',
    ])
    expect(faultsOf({ signatures: { cedar: await signDocument(gateway, parts.document) } })).toEqual([
      'cedar.jws: nothing says that its key is one of cedar.',
    ])
  })

  test('of another kind is none, though its key and its words are right', async () => {
    const { gateway, halcyon } = parts.keys
    const advisory = await attest(gateway, parts.document, {}, statementTypes.advisory)
    expect(faultsOf({ signatures: { cedar: advisory } })).not.toEqual([])
    const signatory = await signDocument(halcyon, parts.document, statementTypes.signatory)
    expect(faultsOf({ signatures: { halcyon: signatory } })).toEqual([
      'halcyon.jws: its typ is not sallyport-agreement+jws.',
    ])
  })

  test('over the same document in another spelling is none', async () => {
    const { halcyon } = parts.keys
    const spelt = await signStatement(
      halcyon.signer,
      statementTypes.document,
      JSON.stringify(parts.document, null, 2),
    )
    expect(faultsOf({ signatures: { halcyon: spelt } })).toEqual([
      'halcyon.jws: it is over another text than agreement.json.',
    ])
  })

  test.each([
    { alg: 'none' },
    { alg: 'HS256' },
    { jwk: { kty: 'EC' } },
    { crit: ['b64'], b64: false },
    { jku: 'https://keys.example' },
  ])('with %j in its header is none', async header => {
    const [, payload = '', tail = ''] = parts.signatures.halcyon.split('.')
    const { kid } = parts.keys.halcyon.signer
    const head = Buffer.from(
      JSON.stringify({ alg: 'ES256', kid, typ: statementTypes.document, ...header }),
    ).toString('base64url')
    for (const signature of [tail, ''])
      expect(faultsOf({ signatures: { halcyon: `${head}.${payload}.${signature}` } })).not.toEqual([])
  })
})

test('a document that says more than can be shown is none', async () => {
  const strange = { ...documentOf(), side_letter: 'and all of it is void' }
  const { text, signatures } = await makeParts(strange)
  expect(faultsOf({ document: Buffer.from(text), signatures })).toEqual([
    'agreement.json: it has a field that this version of the program does not know: side_letter.',
  ])
})

test.each([
  ['a private key', () => ({ keys: [makeKey().jwk] }), 'no public JWK'],
  ['no list', () => ({ keys: 'none' }), 'no JWK set'],
  ['another thing', () => [], 'no public JWK'],
  ['an owner that is no text', () => ({ keys: [{ ...makeKey().publicJwk, organisation: 7 }] }), 'clearly'],
  ['an empty owner', () => ({ keys: [{ ...makeKey().publicJwk, organisation: '' }] }), 'clearly'],
])('%s is no set of keys', (_, make, what) => {
  expect(readKeys(make())).toContain(what)
})

test('one JWK is a set of one', () => {
  const { publicJwk, signer } = makeKey('ES384')
  expect(readKeys({ ...publicJwk, organisation: 'cedar' })).toEqual([
    { jwk: publicJwk, kid: signer.kid, organisation: 'cedar' },
  ])
})
