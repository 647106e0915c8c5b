import { calculateJwkThumbprint, compactVerify, importJWK } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Signer, SigningAlgorithm } from '../../shared/ports/keys.ts'

export interface OpenedSigner {
  /** The same key each time. */
  open(): Promise<Signer>
  close?(): void | Promise<void>
  /** Bytes; what is longer is refused, and never signed in another way. */
  readonly longest?: number
}

const signatureBytes: Readonly<Record<SigningAlgorithm, number>> = { ES256: 64, ES384: 96, Ed25519: 64 }

/** What every holder of private keys must do, for each algorithm that it has. */
export function signerContract(
  name: string,
  algorithms: readonly SigningAlgorithm[],
  make: (alg: SigningAlgorithm) => Promise<OpenedSigner>,
): void {
  describe.each(algorithms)(`${name}: %s`, alg => {
    let opened: OpenedSigner
    let signer: Signer
    beforeAll(async () => {
      opened = await make(alg)
      signer = await opened.open()
    })
    afterAll(() => opened.close?.())

    const verified = async (input: string, signature: string): Promise<string> => {
      const key = await importJWK({ ...signer.publicJwk }, alg)
      const { payload } = await compactVerify(`${input}.${signature}`, key)
      return Buffer.from(payload).toString()
    }

    test.each([
      ['a short message', 'payload'],
      ['nothing', ''],
      ['a token of 4 kB', 'x'.repeat(3_000)],
    ])(
      'makes R‖S signatures that JOSE verifies (RFC 7518 §3.4, RFC 8037 §3.1): of %s',
      async (_, payload) => {
        const head = Buffer.from(JSON.stringify({ alg })).toString('base64url')
        const input = `${head}.${Buffer.from(payload).toString('base64url')}`
        const bytes = await signer.sign(Buffer.from(input))
        expect(bytes).toHaveLength(signatureBytes[alg])
        const signature = Buffer.from(bytes).toString('base64url')
        expect(await verified(input, signature)).toBe(payload)
        await expect(verified(`${input}eA`, signature)).rejects.toThrow()
      },
    )

    test('signs what is more than a holder may hash in one request, or refuses it', async () => {
      const head = Buffer.from(JSON.stringify({ alg })).toString('base64url')
      const input = `${head}.${Buffer.from('x'.repeat(50_000)).toString('base64url')}`
      const { longest = Number.POSITIVE_INFINITY } = opened
      const signing = signer.sign(Buffer.from(input))
      if (input.length > longest) return expect(signing).rejects.toThrow(`at most ${longest} bytes`)
      expect(await verified(input, Buffer.from(await signing).toString('base64url'))).toHaveLength(50_000)
    })

    test('pads short integers: of many signatures each has its whole length and verifies', async () => {
      for (let i = 0; i < 64; i++) {
        const input = `${Buffer.from(JSON.stringify({ alg })).toString('base64url')}.${Buffer.from(`${i}`).toString('base64url')}`
        const bytes = await signer.sign(Buffer.from(input))
        expect(bytes).toHaveLength(signatureBytes[alg])
        expect(await verified(input, Buffer.from(bytes).toString('base64url'))).toBe(`${i}`)
      }
    })

    test('tells its public key without the private part, and its RFC 7638 thumbprint', async () => {
      const { kid, publicJwk } = signer
      expect(signer.alg).toBe(alg)
      expect(Object.keys(publicJwk).sort()).toEqual(
        alg === 'Ed25519' ? ['crv', 'kty', 'x'] : ['crv', 'kty', 'x', 'y'],
      )
      expect(kid).toBe(await calculateJwkThumbprint({ ...publicJwk }))
    })

    test('is the same key when it is opened again', async () => {
      expect(await opened.open()).toMatchObject({ kid: signer.kid, alg, publicJwk: signer.publicJwk })
    })
  })
}
