/** A partner with many grants is stopped at once, whatever part of them goes on: a transaction takes 100 items. */
import { beforeEach, expect, test } from 'vitest'
import { keys } from '../../../../shared/domain/keys.ts'
import { type GrantWorld, grantWorld, told } from './grant-world.ts'

let world: GrantWorld
beforeEach(async () => {
  world = await grantWorld()
})

let serial = 1
async function grants(count: number, model: string, missionContinuity = false): Promise<void> {
  for (let i = 0; i < count; i++) {
    const n = ++serial
    await world.records.grant({
      id: `grant_${n}`,
      model,
      meters: [`meter_${n}`],
      ...(missionContinuity && { missionContinuity: true as const }),
    })
    await world.records.meter(`meter_${n}`)
  }
}

const suspend = async () => told(await world.decide('nora', 'partner.suspend', 'cedar'))

const partner = () => world.get(keys.organisation('cedar'))

test.each([
  [60, 100],
  [70, 200],
])('with %i grants of a released model and %i others', async (released, others) => {
  await world.records.model({ state: 'released' })
  await grants(released, 'aurora')
  await grants(others, 'borealis')
  expect(await suspend()).toBe('applied')
  expect(await partner()).toMatchObject({ partner: 'suspended' })
})

test.each([
  [20, 100],
  [70, 100],
])('with %i grants that a mission hangs on and %i others', async (missions, others) => {
  await grants(missions, 'aurora', true)
  await grants(others, 'borealis')
  expect(await suspend()).toBe('applied')
  expect(await partner()).toMatchObject({ partner: 'suspended' })
})

test('with both, of more models than are raised', async () => {
  for (let i = 0; i < 15; i++) {
    const id = `model-${String.fromCharCode(97 + i)}`
    await world.records.model({ id, name: id, ...(i % 2 === 0 && { state: 'released' as const }) })
    await grants(6, id, i % 2 === 1)
  }
  expect(await suspend()).toBe('applied')
  expect(await partner()).toMatchObject({ partner: 'suspended' })
})

test('with both, and many who select it and are told', async () => {
  const several = (name: string): string[] => ['a', 'b', 'c', 'd', 'e'].map(one => `${name}-${one}`)
  const { rev: _, ...cedar } = await partner()
  await world.records.organisation({
    ...(cedar as Parameters<typeof world.records.organisation>[0]),
    developers: ['halcyon', ...several('developer')],
    governments: ['ofr', ...several('office')],
  } as Parameters<typeof world.records.organisation>[0])
  for (let i = 0; i < 15; i++) {
    const id = `model-${String.fromCharCode(97 + i)}`
    await world.records.model({ id, name: id, ...(i % 2 === 0 && { state: 'released' as const }) })
    await grants(6, id, i % 2 === 1)
  }
  expect(await suspend()).toBe('applied')
  expect(await partner()).toMatchObject({ partner: 'suspended' })
})
