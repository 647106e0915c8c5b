import { createHmac } from 'node:crypto'
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openLocalSecrets } from '../../../shared/adapters/embedded/local-secrets.ts'
import { systemRandom } from '../../../shared/adapters/world.ts'

let parent: string
let folder: string
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'sallyport-'))
  folder = join(parent, 'secrets')
})
afterEach(() => rm(parent, { recursive: true }))

const open = () => openLocalSecrets(folder, systemRandom)

describe('the files', () => {
  test('are one of 32 bytes for each domain and one to wrap with, for the owner alone', async () => {
    await open()
    const names = await readdir(folder)
    expect(names.sort()).toEqual([
      'log.key',
      'nonce.key',
      'seal.key',
      'watermark.key',
      'webhook.key',
      'wrapping.key',
    ])
    const keys = await Promise.all(names.map(name => readFile(join(folder, name), 'hex')))
    expect(new Set(keys).size).toBe(6)
    for (const name of names)
      expect(await stat(join(folder, name))).toMatchObject({ mode: 0o100600, size: 32 })
  })

  test('are refused when others have rights to one', async () => {
    await open()
    await chmod(join(folder, 'seal.key'), 0o640)
    await expect(open()).rejects.toThrow(/seal\.key has mode 640: others have rights to a secret/)
  })

  test('are refused when one is not a whole key', async () => {
    await open()
    await writeFile(join(folder, 'log.key'), 'short')
    await expect(open()).rejects.toThrow(/log\.key holds 5 bytes where a key has 32/)
  })
})

test('derive is HMAC-SHA256 of the label under the root of the domain', async () => {
  const secrets = await open()
  const root = await readFile(join(folder, 'seal.key'))
  const expected = createHmac('sha256', root).update('label').digest()
  expect(await secrets.derive('seal', 'label')).toEqual(expected)
})

test('no changed bit of what was wrapped is unwrapped', async () => {
  const secrets = await open()
  const wrapped = await secrets.wrap(Buffer.from('payload'))
  for (let bit = 0; bit < wrapped.length * 8; bit++) {
    const changed = Uint8Array.from(wrapped)
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    await expect(secrets.unwrap(changed)).rejects.toThrow()
  }
})
