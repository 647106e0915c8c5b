import { createPublicKey, verify } from 'node:crypto'
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exportJWK, generateKeyPair } from 'jose'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openFileSigner } from '../../../shared/adapters/embedded/file-signer.ts'

let folder: string
let path: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-'))
  path = join(folder, 'keys', 'token.jwk')
})
afterEach(() => rm(folder, { recursive: true }))

test('keeps its key in a file that only the owner reads', async () => {
  await openFileSigner(path, 'ES256')
  expect((await stat(path)).mode & 0o777).toBe(0o600)
  expect((await stat(join(folder, 'keys'))).mode & 0o777).toBe(0o700)
})

test('signs with a JWK that JOSE has made', async () => {
  const pair = await generateKeyPair('ES256', { extractable: true })
  const made = join(folder, 'made.jwk')
  await writeFile(made, JSON.stringify(await exportJWK(pair.privateKey)), { mode: 0o600 })
  const signer = await openFileSigner(made, 'ES256')
  const signature = await signer.sign(Buffer.from('x'))
  const key = createPublicKey({ key: await exportJWK(pair.publicKey), format: 'jwk' })
  expect(verify('sha256', Buffer.from('x'), { key, dsaEncoding: 'ieee-p1363' }, signature)).toBe(true)
})

test('twenty that make one key at once get the same, and leave nothing else behind', async () => {
  const signers = await Promise.all(Array.from({ length: 20 }, () => openFileSigner(path, 'ES256')))
  expect(new Set(signers.map(({ kid }) => kid)).size).toBe(1)
  expect(await readdir(join(folder, 'keys'))).toEqual(['token.jwk'])
})

test.each([0o640, 0o604, 0o620, 0o610, 0o644])(
  'a key file of mode %o is refused, with the way out',
  async mode => {
    await openFileSigner(path, 'ES256')
    await chmod(path, mode)
    await expect(openFileSigner(path, 'ES256')).rejects.toThrow(
      `${path} has mode ${mode.toString(8)}: others have rights to a secret. If nobody has read it: chmod 600`,
    )
  },
)

test('a key of another algorithm is refused, and not replaced', async () => {
  await openFileSigner(path, 'ES256')
  const before = await readFile(path)
  await expect(openFileSigner(path, 'Ed25519')).rejects.toThrow(`${path} holds no key for Ed25519`)
  await expect(openFileSigner(path, 'ES384')).rejects.toThrow(`${path} holds no key for ES384`)
  expect(await readFile(path)).toEqual(before)
})

test.each([
  ['what is no JSON', 'secret words'],
  ['nothing', ''],
  ['a public key', '{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}'],
])('%s is refused, without a word of it in the message', async (_, text) => {
  const file = join(folder, 'bad.jwk')
  await writeFile(file, text, { mode: 0o600 })
  const refusal = await openFileSigner(file, 'Ed25519').catch((error: Error) => error)
  expect(refusal).toMatchObject({ message: `${file} holds no private key in JWK form` })
})
