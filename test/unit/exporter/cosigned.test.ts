/** An export is proved by a checkpoint that the log's witnesses have cosigned, where they do so in time. */
import { expect, test } from 'vitest'
import { nodeSha256, nodeSha256Stream } from '../../../client/cli/bundle-file.ts'
import { verifyBundle } from '../../../client/log/bundle.ts'
import { makeExports } from '../../../functions/exporter/exports.ts'
import { parseWitnessList } from '../../../shared/tlog/witness-list.ts'
import { cosigned, makeKeys } from '../client/verify-world.ts'
import { type ExportWorld, exportWorld } from './export-world.ts'

const q = 'type:access time:-1d..now'
const key = 'log/checkpoint'

async function witnessed() {
  const world = await exportWorld()
  const keys = makeKeys()
  const published = async (): Promise<string> =>
    Buffer.from((await world.objects.get(key))?.bytes ?? []).toString()
  const { vkey } = await cosigned(await published(), keys)
  const witnesses = await parseWitnessList(`https://witness.example ${vkey}`)
  return {
    world,
    vkey,
    run: () => makeExports(world.exporter({ witnesses }), world.now() + 1e6),
    async cosign(by = keys) {
      const found = await world.objects.get(key)
      const { note } = await cosigned(await published(), by)
      await world.objects.put(key, Buffer.from(note), { ifMatch: found?.etag ?? '' })
    },
  }
}

async function verified(world: ExportWorld, id: string, witness: string) {
  const bytes = await world.file(id)
  const file = { size: bytes.length, read: async (from: number, to: number) => bytes.subarray(from, to) }
  const options = { sha256: nodeSha256Stream, hash: nodeSha256, witnesses: [witness] }
  return verifyBundle(file, { key: world.verifierKey, ...options })
}

test('it waits for the cosignature, which then stands in the bundle', async () => {
  const { world, vkey, run, cosign } = await witnessed()
  const id = await world.asked({ q })
  await run()
  expect(await world.job(id)).toMatchObject({ state: 'running', collected: true })
  expect((await world.job(id)).proving).toBeUndefined()
  // That of a stranger who has the same name is none.
  await cosign(makeKeys())
  await run()
  expect((await world.job(id)).proving).toBeUndefined()
  await cosign()
  await run()
  expect((await world.job(id)).state).toBe('done')
  expect(await verified(world, id, vkey)).toMatchObject({
    granted: true,
    cosigned: [{ witness: 'witness.example/w1' }],
  })
})

test('for half a minute after it was collected, however long that took: a witness holds up nobody', async () => {
  const { world, vkey, run } = await witnessed()
  const id = await world.asked({ q })
  world.pass(100_000)
  await run()
  world.pass(29_000)
  await run()
  expect((await world.job(id)).state).toBe('running')
  world.pass(1_000)
  await run()
  expect((await world.job(id)).state).toBe('done')
  expect(await verified(world, id, vkey)).toMatchObject({ cosigned: [], notCosigned: ['witness.example/w1'] })
})
