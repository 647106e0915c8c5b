/** A revocation can be appealed once: those who revoked do not close the partner over its head. */
import { beforeEach, describe, expect, test } from 'vitest'
import { lodge } from '../../../../functions/governance/appeals/lodge-appeal.ts'
import { answerDays, appealId } from '../../../../functions/governance/appeals/once.ts'
import { restoration } from '../../../../functions/governance/appeals/upheld.ts'
import { approve } from '../../../../functions/governance/engine/approve.ts'
import type { Governed } from '../../../../shared/domain/keys.ts'
import { keys } from '../../../../shared/domain/keys.ts'
import type { Organisation, PartnerState } from '../../../../shared/domain/parties.ts'
import type { Appeal } from '../../../../shared/domain/proposals.ts'
import { Refusal } from '../../../../shared/domain/refusal.ts'
import { applied, day, type GrantWorld, grantWorld, proposed, start, told } from './grant-world.ts'
import { preceded } from './preceded.ts'

let world: GrantWorld
beforeEach(async () => {
  world = await grantWorld()
})

const cedar = keys.organisation('cedar')

/** By two people of one office: the entry. */
async function revoked(): Promise<string> {
  const id = proposed(await world.decide('nora', 'partner.revoke', 'cedar'))
  return (applied(await world.answer('neil', 'approve', id)) as { readonly entry: string }).entry
}
const lodged = async (entry: string): Promise<Governed<Appeal>> =>
  applied(await lodge(world.deps, await world.actor('pat'), { entry, text: 'Look again.', request: 'r' }))
const close = () => world.decide('nora', 'partner.close', 'cedar')
const detailOf = (answer: unknown): string | undefined =>
  answer instanceof Refusal ? answer.facts.detail : undefined

test('a revocation stands on the record with its entry and its time', async () => {
  const entry = await revoked()
  expect(await world.get(cedar)).toMatchObject({ partner: 'revoked', revoked: { entry, at: start } })
})

describe('a revoked partner', () => {
  test('is not closed while it may still appeal: for ten days, to the millisecond', async () => {
    await revoked()
    const refused = await close()
    expect(told(refused)).toBe('state_forbids')
    expect(detailOf(refused)).toContain('until 2027-01-25T08:00:00.000Z')
    world.pass(answerDays * day - 1)
    expect(told(await close())).toBe('state_forbids')
    world.pass(1)
    const id = proposed(await close())
    expect(told(await world.answer('neil', 'approve', id))).toBe('applied')
    expect(await world.get(cedar)).toMatchObject({ partner: 'closed' })
  })

  test('is not closed while its appeal is open, however late the answer is', async () => {
    const entry = await revoked()
    world.pass(9 * day)
    await lodged(entry)
    for (const days of [0, 2, 9, 30]) {
      world.pass(days * day)
      const refused = await close()
      expect(told(refused)).toBe('state_forbids')
      expect(detailOf(refused)).toContain('2027-02-03T08:00:00.000Z')
    }
  })

  test('is closed at once where its appeal was dismissed: it had its answer', async () => {
    const appeal = await lodged(await revoked())
    const no = proposed(await world.decide('nora', 'appeal.dismiss', appeal.id))
    expect(told(await world.answer('dana', 'approve', no))).toBe('applied')
    const id = proposed(await close())
    expect(told(await world.answer('neil', 'approve', id))).toBe('applied')
  })

  test('that appeals while its closing waits for a signature ends that proposal', async () => {
    const entry = await revoked()
    world.pass(answerDays * day)
    const id = proposed(await close())
    await lodged(entry)
    expect(told(await world.answer('neil', 'approve', id))).toBe('proposal_stale')
    expect(await world.get(cedar)).toMatchObject({ partner: 'revoked' })
  })

  test('that appeals at the very moment of its closing is closed over no open appeal', async () => {
    const entry = await revoked()
    world.pass(answerDays * day)
    const id = proposed(await close())
    const store = preceded(world.store, () => lodged(entry))
    const answered = { proposal: id, rev: 1, request: 'r' }
    const neil = await world.actor('neil')
    expect(told(await approve({ ...world.deps, store }, neil, answered))).toBe('proposal_stale')
    expect(await world.get(cedar)).toMatchObject({ partner: 'revoked' })
    expect(await world.get(keys.appeal(appealId(entry, 'cedar')))).toMatchObject({ state: 'open' })
  })

  test('that is closed at the very moment of its appeal lodges none that nobody could answer', async () => {
    const entry = await revoked()
    world.pass(answerDays * day)
    const id = proposed(await close())
    const store = preceded(world.store, () => world.answer('neil', 'approve', id))
    const asked = { entry, text: 'Look again.', request: 'r' }
    const pat = await world.actor('pat')
    expect(told(await lodge({ ...world.deps, store }, pat, asked))).toBe('partner_revoked')
    expect(await world.get(cedar)).toMatchObject({ partner: 'closed' })
    expect(await world.has(keys.appeal(appealId(entry, 'cedar')))).toBe(false)
  })

  test('of which only another decision is appealed waits for no answer to that', async () => {
    const { entry } = applied(await world.decide('nora', 'partner.suspend', 'cedar'))
    await revoked()
    await lodged(entry)
    expect(told(await close())).toBe('state_forbids')
    world.pass(answerDays * day)
    expect(told(await close())).toBe('proposed')
  })
})

describe('an appeal that is upheld', () => {
  const upheld = async (entry: string) => {
    const appeal = await lodged(entry)
    const { version } = await restoration(world.store, appeal, world.now())
    const id = proposed(await world.decide('nora', 'appeal.uphold', appeal.id, { version }))
    expect(told(await world.answer('dana', 'approve', id))).toBe('applied')
  }

  test('takes the clock with it; a second revocation has its own', async () => {
    const first = await revoked()
    await upheld(first)
    expect(await world.get(cedar)).toMatchObject({ partner: 'reinstated' })
    expect(await world.get(cedar)).not.toHaveProperty('revoked')
    world.pass(20 * day)
    const second = await revoked()
    expect(await world.get(cedar)).toMatchObject({ revoked: { entry: second, at: start + 20 * day } })
    expect(told(await close())).toBe('state_forbids')
  })

  test('of a revocation that was undone before gives back nothing of the next', async () => {
    const first = await revoked()
    await upheld(first)
    await revoked()
    const [appeal] = await world.store.get([keys.appeal(appealId(first, 'cedar'))])
    if (appeal === undefined) throw new Error('no appeal')
    expect((await restoration(world.store, appeal, world.now())).difference).toEqual([])
  })
})

test.each(['nominated', 'vetting', 'selected'] as const)(
  'a partner that is %s is closed without a wait: nothing was taken from it',
  async partner => {
    const change = { set: [[['partner'], partner satisfies PartnerState]] } as const
    await world.store.write({ kind: 'update', key: cedar, change })
    const id = proposed(await close())
    expect(told(await world.answer('neil', 'approve', id))).toBe('applied')
    expect((await world.get<Organisation>(cedar)) as object).toMatchObject({ partner: 'closed' })
  },
)
