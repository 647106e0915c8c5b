import { expect, test } from 'vitest'
import { keys } from '../../../shared/domain/keys.ts'
import type { Store } from '../../../shared/ports/store.ts'
import { signInWorld, start } from './sign-in-world.ts'

/** The decision takes its time stamp, and commits a moment later; a sign-in falls in between. */
async function changeProvider(store: Store, sessionsFrom: number) {
  await store.write({
    kind: 'update',
    key: keys.organisation('organisation_1'),
    change: { set: [[['sessionsFrom'], sessionsFrom]], add: [[['rev'], 1]] },
    if: { exists: ['id'] },
  })
}

test('a code that was issued while the change of a provider was being written is worth nothing', async () => {
  const world = await signInWorld()
  const decidedAt = start + 10
  world.pass(20)
  const code = await world.code()
  await changeProvider(world.store, decidedAt)
  expect((await world.redeem(code)).status).toBe(400)
})

test('a session that began while the change of a provider was being written has ended', async () => {
  const world = await signInWorld()
  const decidedAt = start + 10
  world.pass(20)
  const { refresh_token } = await world.signIn()
  await changeProvider(world.store, decidedAt)
  expect((await world.refresh(refresh_token)).status).toBe(400)
})

test('a new sign-in after the change is good', async () => {
  const world = await signInWorld()
  await changeProvider(world.store, start + 10)
  world.pass(20)
  const { refresh_token } = await world.signIn()
  expect((await world.refresh(refresh_token)).status).toBe(200)
})
