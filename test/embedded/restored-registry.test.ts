/** An older registry has forgotten who was stopped: nobody calls by it until the decisions since have been replayed. */
import { copyFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { at } from '../../client/json.ts'
import { readConfig } from '../../scripts/embedded/config.ts'
import { openSallyport, type Sallyport } from '../../scripts/embedded/sallyport.ts'
import { refusals } from '../../shared/domain/refusal.ts'
import { type EmbeddedWorld, openEmbedded, quiet } from '../world/embedded.ts'
import { because, deciding } from '../world/governance.ts'

let world: EmbeddedWorld
let again: Sallyport | undefined
beforeEach(async () => {
  world = await openEmbedded()
})
afterEach(async () => {
  if (again === undefined) return world.close()
  // The one that the world opened is closed already.
  await again.close(0)
  await world.upstream.close()
  await rm(world.data, { recursive: true })
})

const order = ['--reason', 'security_incident', '--text', 'Seen elsewhere.', '--reference', 'case 12']

/** The file as it was at `copy`, with the log as it is now: what a restore of the registry alone leaves. */
async function putBack(copy: string): Promise<void> {
  const file = join(world.data, 'sallyport.db')
  const newest = `${copy}.newest`
  await copyFile(file, newest)
  for (const end of ['', '-wal', '-shm']) await rm(file + end, { force: true })
  await copyFile(copy, file)
  const database = new DatabaseSync(file)
  database.prepare('ATTACH ? AS newest').run(newest)
  database.exec('DELETE FROM entries; INSERT INTO entries SELECT * FROM newest.entries')
  database.close()
}

test('refused until replayed; meanwhile people sign in and stop, and what had been stopped is stopped again', async () => {
  const { data, issuer } = world
  const cedar = world.raw('cedar')
  const prairie = world.raw('prairie')
  const token = await prairie.token()
  const copy = join(data, 'copy.db')
  const live = new DatabaseSync(join(data, 'sallyport.db'))
  live.prepare('VACUUM INTO ?').run(copy)
  live.close()
  const from = new Date().toISOString()
  await world.operate('break-glass', '--scope', 'organisation=cedar', ...order, '--yes')
  expect((await cedar.tokenRequest()).status).toBe(400)

  await world.sallyport.close(0)
  await putBack(copy)
  await world.operate('replay-decisions', '--suspend')
  const config = { ...readConfig({}), data, port: Number(new URL(issuer).port) }
  again = await openSallyport(config, { telemetry: quiet })

  const refused = await cedar.tokenRequest()
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '60'])
  expect(await refused.json()).toMatchObject({
    error: 'temporarily_unavailable',
    sallyport: { code: 'restoring', next: refusals.restoring.next },
  })
  // One who was stopped by nobody, with a token from before.
  const call = await prairie.chat({}, { token })
  expect([call.status, call.headers.get('retry-after')]).toEqual([503, '60'])
  expect(at(await call.json(), 'error', 'sallyport', 'code')).toBe('restoring')

  const people = deciding({ issuer })
  await people.make('ada', '/models/aurora-preview/kill', because())
  expect(await people.read('nora', '/me')).toMatchObject({ body: { standing: { state: 'active' } } })
  await people.make('nora', '/partners/prairie/suspend', because(), { on: '/partners/prairie' })

  const { stdout } = await world.operate('replay-decisions', '--from', from)
  expect(stdout).toMatch(/Applied again: \S+ hold.place .*\n(.*\n)*Workloads are admitted again.\n$/)
  const code = async (client: typeof cedar) =>
    at(await (await client.tokenRequest()).json(), 'sallyport', 'code')
  expect([await code(cedar), await code(prairie)]).toEqual(['hold_active', 'partner_suspended'])
})
