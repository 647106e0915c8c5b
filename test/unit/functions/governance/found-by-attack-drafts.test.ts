/** Drafts and versions that an attack, or a deployment's own rights, once made fail or lost. */
import { beforeEach, describe, expect, test } from 'vitest'
import { decide } from '../../../../functions/governance/engine/decide.ts'
import { lapse } from '../../../../functions/sweeper/run.ts'
import { type FunctionName, permissions } from '../../../../infra/permissions.ts'
import { keys } from '../../../../shared/domain/keys.ts'
import { time } from '../../../../shared/domain/time.ts'
import type { Store } from '../../../../shared/ports/store.ts'
import { type AgreementWorld, agreementWorld, clausesWith, words } from './agreement-world.ts'
import { applied, day, limits, reason, start, told } from './grant-world.ts'
import { preceded } from './preceded.ts'

let world: AgreementWorld
beforeEach(async () => {
  world = await agreementWorld()
})

const quotaOf = (total: number, pool?: number) => ({
  clauses: clausesWith({
    ...words({ ...limits, total }),
    ...(pool !== undefined && { pool: words({ ...limits, total: pool }) }),
  }),
})

/** What is asked of the store without a right to it, as `table use`. */
function watched(as: FunctionName): string[] {
  const beyond = new Set<string>()
  const list: string[] = []
  const { store } = world
  const allowed = permissions[as].tables
  const judge = (table: keyof typeof allowed, use: string): void => {
    const uses: readonly string[] = allowed[table]?.uses ?? []
    if (uses.includes(use) || beyond.has(`${table} ${use}`)) return
    beyond.add(`${table} ${use}`)
    list.push(`${table} ${use}`)
  }
  const seen: Store = {
    get: store.get.bind(store),
    query: store.query.bind(store),
    writeInOrder: store.writeInOrder.bind(store),
    write: op => {
      judge(op.key.table, op.kind)
      return store.write(op)
    },
    transact: ops => {
      for (const { key, kind } of ops) judge(key.table, kind)
      return store.transact(ops)
    },
  }
  Object.assign(world.deps, { store: seen })
  return list
}

describe('the function that decides has the rights to', () => {
  test('change a draft', async () => {
    const id = await world.drafted()
    const beyond = watched('api')
    applied(await world.redraft('dana', id, { title: 'Another title' }))
    expect(beyond).toEqual([])
  })

  test('change the draft of a version to come', async () => {
    const id = await world.inForce()
    applied(await world.redraft('dana', id, { title: 'Another title' }))
    const beyond = watched('api')
    applied(await world.redraft('dana', id, { title: 'And another' }))
    expect(beyond).toEqual([])
  })

  test('let a version take effect: grants above its ceiling, below it, and a pool', async () => {
    const id = await world.inForce()
    await world.granted(id, 'above', { ...limits, total: 900_000 })
    await world.granted(id, 'below', { ...limits, total: 1_000 })
    const beyond = watched('api')
    await world.following(id, quotaOf(500_000, 800_000))
    expect(beyond).toEqual([])
    expect((await world.meter('meter_below')).limits.total).toBe(1_000)
  })

  test('suspend, let go on, leave, and end', async () => {
    const id = await world.inForce()
    await world.granted(id, 'one')
    const beyond = watched('api')
    applied(await world.act('nora', 'suspend', id))
    applied(await world.act('pat', 'leave', id))
    applied(await world.act('pat', 'attest', id, { text: 'All of it is gone.' }))
    applied(await world.act('dana', 'close', id))
    expect(beyond).toEqual([])
  })

  test('and the sweeper, to record what time has ended', async () => {
    const id = await world.inForce()
    await world.granted(id, 'one')
    world.pass(101 * day)
    const beyond = watched('sweeper')
    expect((await lapse(world.deps)).agreements_lapsed).toBeGreaterThan(0)
    expect(beyond).toEqual([])
  })
})

describe('a draft that was never offered and is replaced', () => {
  const digests = async (who: string, agreement: string) => {
    const { body } = applied(await world.call(who, 'listAgreementVersions', { path: { agreement } }))
    return (body as { items: { digest: string }[] }).items.map(one => one.digest)
  }

  test('leaves the lists, and stays under its digest for its developer alone', async () => {
    const id = await world.drafted()
    const { digest: first } = await world.agreementOf(id)
    applied(await world.redraft('dana', id, { title: 'Another title' }))
    const { digest: second } = await world.agreementOf(id)
    expect(await digests('dana', id)).toEqual([second])
    applied(await world.act('dana', 'offer', id))
    const path = { agreement: id, digest: first }
    expect(told(await world.call('dana', 'getAgreementVersion', { path }))).toMatchObject({ status: 200 })
    for (const who of ['pat', 'nora', 'audrey']) {
      expect(told(await world.call(who, 'getAgreementVersion', { path }))).toBe('record_unknown')
      expect(await digests(who, id)).toEqual([second])
    }
  })

  test('can be gone back to, offered and signed', async () => {
    const id = await world.drafted()
    const { digest: first } = await world.agreementOf(id)
    const { title } = JSON.parse((await world.versionOf(first)).document) as { title: string }
    applied(await world.redraft('dana', id, { title: 'Another title' }))
    applied(await world.redraft('dana', id, { title }))
    expect((await world.agreementOf(id)).digest).toBe(first)
    expect(await digests('dana', id)).toEqual([first])
    applied(await world.act('dana', 'offer', id))
    for (const who of ['dana', 'pat']) applied(await world.sign(who, id))
    expect((await world.agreementOf(id)).state).toBe('effective')
  })
})

test('what is offered is the draft that was read: one that is changed at the same moment is not lost', async () => {
  const id = await world.inForce()
  applied(await world.redraft('dana', id, { title: 'Version two' }))
  applied(await world.act('dana', 'offer', id))
  applied(await world.act('pat', 'return', id))
  const { next: returned } = await world.agreementOf(id)

  const racing = preceded(world.store, async () =>
    applied(
      await world.redraft('devon', id, { title: 'Version two, better', ends_at: time(start + 90 * day) }),
    ),
  )
  const outcome = await decide({ ...world.deps, store: racing }, await world.actor('dana'), {
    action: { name: 'agreement.offer', id, params: { digest: returned?.digest } },
    reason,
    request: 'r',
  })
  expect(told(outcome)).toBe('version_stale digest')
  const { next } = await world.agreementOf(id)
  expect(next?.state).toBe('draft')
  expect(next?.digest).not.toBe(returned?.digest)
  const { document } = await world.get(keys.agreementVersion(next?.digest ?? ''))
  expect(document).toContain('Version two, better')
})
