/** `sallyport doctor` against a running Sallyport, as a newcomer runs it. */
import { chmod, copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { keys } from '../../shared/domain/keys.ts'
import { openWorld } from '../world/open.ts'
import { start } from '../world/process.ts'
import type { World } from '../world/world.ts'

let world: World
beforeAll(async () => {
  world = await openWorld()
})
afterAll(() => world.close())

async function doctor(...args: string[]) {
  const command = [process.execPath, 'client/cli/main.ts', 'doctor', ...args]
  const run = start({ SALLYPORT_DATA: world.data }, command)
  const code = await run.ended
  const out = run.out.join('\n')
  for (const { key } of world.credentials.partners) expect(out).not.toContain(key.d)
  return { code, out, err: run.err.join('\n') }
}

test('all is well, and nothing is charged', async () => {
  const before = await world.meter('cedar')
  const { requests } = await world.stats()
  const { code, out } = await doctor()
  expect(code).toBe(0)
  // A row that is longer than the line goes on, set in.
  const rows = out
    .split('\n')
    .slice(1)
    .filter(row => !row.startsWith(' '))
  expect(rows).toHaveLength(12)
  for (const row of rows) expect(row).toMatch(/^[a-z ]+ {2}ok /)
  expect(out).toMatch(/^quota +ok +aurora-preview: [\d,]+ tokens left$/m)
  expect(await world.meter('cedar')).toEqual(before)
  expect((await world.stats()).requests).toBe(requests)
})

test('a partner that is suspended reads what to do where it stands', async () => {
  await world.store.write({
    kind: 'update',
    key: keys.organisation('prairie'),
    change: { set: [[['partner'], 'suspended']] },
  })
  const profile = `${world.data}/demo/credentials.json#prairie`
  const { code, out } = await doctor('--profile', profile)
  expect(code).toBe(1)
  expect(out).toMatch(/^keys +ok /m)
  expect(out).toMatch(/^api token +failed +partner_suspended: [^→]*\n +→ \S/m)
  expect(out).toMatch(/^quota +skipped +needs: api token$/m)
  for (const line of out.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80)
})

test('credentials that others may read are not used', async () => {
  const copy = join(world.data, 'copy.json')
  await copyFile(join(world.data, 'demo', 'credentials.json'), copy)
  await chmod(copy, 0o640)
  const { code, out } = await doctor('--profile', copy)
  expect(code).toBe(4)
  expect(out).toContain(`→ chmod 600 ${copy}`)
})

test('another name of the gateway', async () => {
  const { code, out } = await doctor('--endpoint', world.issuer.replace('127.0.0.1', 'localhost'))
  expect(code).toBe(1)
  expect(out).toMatch(/^issuer +ok /m)
  expect(out).toMatch(/^metadata +failed +issuer_mismatch: /m)
})
