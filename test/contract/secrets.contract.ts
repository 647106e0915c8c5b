import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Secrets, secretDomains } from '../../shared/ports/keys.ts'

export interface OpenedSecrets {
  /** The same roots each time, and nothing else that one instance could have kept. */
  open(): Promise<Secrets>
  close?(): void | Promise<void>
}

/** What every holder of roots must do. */
export function secretsContract(name: string, make: () => Promise<OpenedSecrets>): void {
  describe(name, () => {
    let opened: OpenedSecrets
    let secrets: Secrets
    let again: Secrets
    beforeAll(async () => {
      opened = await make()
      secrets = await opened.open()
      again = await opened.open()
    })
    afterAll(() => opened.close?.())

    test('derives the same for the same domain and label, also after reopening, and else another', async () => {
      const seen = new Set<string>()
      for (const domain of secretDomains)
        for (const label of ['', 'a', 'b', 'ab', 'a b', 'größe\0']) {
          const derived = await secrets.derive(domain, label)
          expect(derived).toHaveLength(32)
          expect(Buffer.from(await secrets.derive(domain, label))).toEqual(Buffer.from(derived))
          expect(Buffer.from(await again.derive(domain, label))).toEqual(Buffer.from(derived))
          seen.add(Buffer.from(derived).toString('hex'))
        }
      expect(seen.size).toBe(30)
    })

    test('a derived secret that its reader wipes is whole for the next one', async () => {
      const derived = await secrets.derive('seal', 'wiped')
      const before = Buffer.from(derived).toString('hex')
      derived.fill(0)
      expect(Buffer.from(await secrets.derive('seal', 'wiped')).toString('hex')).toBe(before)
    })

    test('what was wrapped is unwrapped, also after reopening, and never looks the same twice', async () => {
      await fc.assert(
        fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async bytes => {
          const wrapped = await secrets.wrap(bytes)
          expect(new Uint8Array(await again.unwrap(wrapped))).toEqual(bytes)
          expect(Buffer.from(await secrets.wrap(bytes))).not.toEqual(Buffer.from(wrapped))
        }),
        { numRuns: 50, examples: [[new Uint8Array()], [new Uint8Array(4_095)]] },
      )
    })

    test('wrapping is authenticated: no changed bit, no cut and no other bytes are unwrapped', async () => {
      const wrapped = await secrets.wrap(Buffer.from('payload'))
      for (let at = 0; at < wrapped.length; at++) {
        const changed = Uint8Array.from(wrapped)
        changed[at] = (changed[at] ?? 0) ^ (1 << (at & 7))
        await expect(secrets.unwrap(changed)).rejects.toThrow()
      }
      for (let length = 0; length < wrapped.length; length++)
        await expect(secrets.unwrap(wrapped.subarray(0, length))).rejects.toThrow()
      await expect(secrets.unwrap(Buffer.concat([wrapped, Uint8Array.of(0)]))).rejects.toThrow()
      await fc.assert(
        fc.asyncProperty(fc.uint8Array({ maxLength: 100 }), async bytes => {
          await expect(secrets.unwrap(bytes)).rejects.toThrow()
        }),
        { numRuns: 50 },
      )
    })
  })
}
