import { describe, expect, test } from 'vitest'
import { createAttributionKeys } from '../../../functions/attribution-keys.ts'
import { openSqliteStore } from '../../../shared/adapters/embedded/sqlite-store.ts'
import { systemRandom } from '../../../shared/adapters/world.ts'
import { indexes, keys } from '../../../shared/domain/keys.ts'
import { SecretsUnavailable } from '../../../shared/ports/keys.ts'

/** Wraps by turning each bit: what is stored is not the key. */
const turned = async (bytes: Uint8Array): Promise<Uint8Array> => Uint8Array.from(bytes, byte => byte ^ 0xff)

function world() {
  const store = openSqliteStore(':memory:', Object.values(indexes))
  const asked = { wrap: 0, unwrap: 0 }
  const secrets = {
    wrap: (bytes: Uint8Array) => {
      asked.wrap += 1
      return turned(bytes)
    },
    unwrap: (bytes: Uint8Array) => {
      asked.unwrap += 1
      return turned(bytes)
    },
  }
  const instance = () => createAttributionKeys({ store, secrets, random: systemRandom })
  return { store, secrets, asked, instance }
}

const epoch = 24_322

describe('the key of a month’s fingerprints', () => {
  test('is made by whoever asks first, and is the same for everybody after', async () => {
    const { store, instance, asked } = world()
    const key = await instance().open(epoch)
    expect(key).toHaveLength(32)
    expect(await instance().open(epoch)).toEqual(key)
    expect(await instance().find(epoch)).toEqual(key)
    expect(await instance().open(epoch + 1)).not.toEqual(key)
    expect(asked).toEqual({ wrap: 2, unwrap: 2 })
    const [item] = await store.get([keys.attributionKey(epoch)])
    expect(item).toMatchObject({ epoch, wrapped: Buffer.from(await turned(key)).toString('base64url') })
  })

  test('is one, of however many that make it at once: who comes too late takes the winner’s', async () => {
    const { instance } = world()
    const opened = await Promise.all(Array.from({ length: 20 }, () => instance().open(epoch)))
    expect(new Set(opened.map(key => Buffer.from(key).toString('hex'))).size).toBe(1)
  })

  test('is asked for once by an instance, however many calls need it', async () => {
    const { instance, asked } = world()
    await instance().open(epoch)
    const keys = instance()
    await Promise.all(Array.from({ length: 20 }, () => keys.open(epoch)))
    await keys.open(epoch)
    expect(asked).toEqual({ wrap: 1, unwrap: 1 })
  })

  test('that could not be opened is asked for again', async () => {
    const { store, secrets } = world()
    let down = true
    const failing = {
      ...secrets,
      wrap: (bytes: Uint8Array) =>
        down ? Promise.reject(new SecretsUnavailable('KMS did not answer')) : secrets.wrap(bytes),
    }
    const keys = createAttributionKeys({ store, secrets: failing, random: systemRandom })
    await expect(keys.open(epoch)).rejects.toThrow(SecretsUnavailable)
    down = false
    expect(await keys.open(epoch)).toHaveLength(32)
  })

  test('that was deleted is not found any more, by whoever has found it before either, and is not made by looking', async () => {
    const { store, instance } = world()
    const keys_ = instance()
    expect(await keys_.find(epoch)).toBeUndefined()
    await keys_.open(epoch)
    expect(await keys_.find(epoch)).toHaveLength(32)
    await store.write({ kind: 'remove', key: keys.attributionKey(epoch) })
    expect(await keys_.find(epoch)).toBeUndefined()
  })
})
