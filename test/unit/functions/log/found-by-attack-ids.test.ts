/** What stands beside the entries in their table is none: whoever names it is told that there is no such entry. */
import { beforeEach, expect, test } from 'vitest'
import { getEntry, proveEntry } from '../../../../functions/api/entries.ts'
import { lodge } from '../../../../functions/governance/appeals/lodge-appeal.ts'
import { keys } from '../../../../shared/domain/keys.ts'
import { Refusal } from '../../../../shared/domain/refusal.ts'
import { epochAt } from '../../../../shared/watermark/epoch.ts'
import { grantWorld, told } from '../governance/grant-world.ts'
import { person, type ReadWorld, readWorld, workload } from './read-world.ts'

let world: ReadWorld
beforeEach(async () => {
  world = await readWorld()
  await world.call()
  await world.sequence()
})

test.each([
  ['the state of the log', () => 'log'],
  ['the key of a month', () => `epoch#${epochAt(world.now())}`],
])('%s is no entry', async (_, named) => {
  for (const caller of [person('priya'), workload('one')])
    for (const read of [getEntry, proveEntry]) {
      const answer = await read(world.asking(caller), named())
      expect(answer instanceof Refusal && answer.code).toBe('entry_unknown')
    }
})

test('what is no entry is no decision that can be appealed', async () => {
  const { deps, store, actor } = await grantWorld()
  const [state] = await world.store.get([keys.logState])
  if (state === undefined) throw new Error('nothing was sequenced')
  await store.write({ kind: 'put', key: keys.logState, item: state })
  const appeal = { entry: keys.logState.pk, text: 'Look again.', request: 'r' }
  expect(told(await lodge(deps, await actor('pat'), appeal))).toBe('entry_unknown entry')
})
