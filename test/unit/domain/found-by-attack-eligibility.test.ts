/** What a clause excludes stays out, however coarsely or finely it is attested; and no call outlasts what admits it. */
import { describe, expect, test } from 'vitest'
import { authoriseModel } from '../../../shared/domain/authority.ts'
import { judgeEligibility } from '../../../shared/domain/eligibility.ts'
import type { Agreement, Bounds, Client } from '../../../shared/domain/records.ts'
import { Refusal } from '../../../shared/domain/refusal.ts'
import { admitted, caller, hour, now } from './admitted.ts'

const judged = (region: Bounds, value: string): string => {
  const client: Pick<Client, 'attributes'> = {
    attributes: { region: { value, expiresAt: now + hour, by: 'pat' } },
  }
  const agreement = { ...(admitted.agreement as Agreement), eligibility: { region } }
  return judgeEligibility(client, agreement, now)?.code ?? 'admitted'
}

describe('a region that is excluded', () => {
  test.each([
    ['a part of it', ['US'], 'US-CA', 'region_excluded'],
    ['itself', ['US-CA'], 'US-CA', 'region_excluded'],
    // Its own administrator attests it: the whole country, which may be that part, is no way around the clause.
    ['what it is a part of', ['US-CA'], 'US', 'region_excluded'],
    ['another part', ['US-CA'], 'US-NY', 'admitted'],
    ['another country', ['US-CA'], 'CA', 'admitted'],
  ] as const)('%s', (_, exclude, value, code) => {
    expect(judged({ exclude }, value)).toBe(code)
  })
})

test('a call under a window ends with the window, whatever its grant says', () => {
  const model = {
    ...admitted.model,
    state: 'government_window' as const,
    window: {
      government: admitted.organisation.id,
      opensAt: now - hour,
      endsAt: now + hour / 2,
      becomes: 'designated' as const,
      grant: 'another_grant',
      entry: 'e',
    },
  }
  const authority = authoriseModel(caller, { ...admitted, model }, now)
  if (authority instanceof Refusal) throw new Error(authority.code)
  expect(authority.until).toBeLessThanOrEqual(model.window.endsAt)
})
