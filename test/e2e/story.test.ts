/** The whole story is told by its people, on whatever the project runs its tests: each refusal where it is met. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { tellWhole } from '../../scripts/story/whole.ts'
import { deciding } from '../world/governance.ts'
import { openWorld } from '../world/open.ts'
import type { World } from '../world/world.ts'

let world: World
beforeAll(async () => {
  world = await openWorld()
})
afterAll(() => world.close())

async function told(): Promise<readonly string[]> {
  const lines: string[] = []
  const { as } = deciding(world)
  await tellWhole({
    issuer: world.issuer,
    as,
    sweep: () => world.sweep(),
    print: line => lines.push(line),
  }).catch((error: Error) => {
    throw new Error(`${lines.join('\n')}\n${error.message}`, { cause: error })
  })
  return lines
}

/** Of each chapter what was refused in it, by code and clause. */
function refusalsIn(lines: readonly string[]): Readonly<Record<string, readonly string[]>> {
  const found: Record<string, string[]> = {}
  let chapter = ''
  for (const line of lines) {
    const [, title] = /^\d+\. ([^:]+)/.exec(line) ?? []
    if (title !== undefined) {
      chapter = title
      found[chapter] = []
    }
    const [, code, , clause] = / → refused (\w+)( by clause ([\w-]+))?: ./.exec(line) ?? []
    if (code !== undefined) found[chapter]?.push(clause === undefined ? code : `${code} ${clause}`)
  }
  return found
}

const minutes = 60_000

test(
  'from the engagement to an agreement that is closed, with the refusals met on the way',
  async () => {
    const lines = await told()
    expect(lines[0]).toMatch(/^Everything here is made up/)
    expect(refusalsIn(lines)).toEqual({
      Engagement: ['role_missing', 'agreement_not_effective', 'body_malformed', 'state_forbids'],
      Assessment: ['role_missing'],
      Consultation: ['record_unknown', 'role_missing'],
      Determination: ['score_refused', 'classification_exceeded'],
      'Government window': ['role_missing', 'own_proposal', 'window_closed', 'grant_expired'],
      'A new partner': ['own_proposal', 'approval_required'],
      Access: [
        'record_unknown',
        'grant_missing',
        'agreement_not_effective',
        'role_missing',
        'consent_missing retention-notice-1',
        'grant_missing',
      ],
      Limits: [
        'purpose_not_registered purpose-1',
        'capability_withheld capabilities-1',
        'request_exceeds_limit quota-1',
        'ceiling_exceeded quota-1',
      ],
      'A new version': [],
      'A finding': ['record_unknown', 'role_missing'],
      'An access review': ['body_malformed'],
      'Release and withdrawal': [
        'grant_suspended',
        'role_missing',
        'hold_active',
        'hold_active',
        'role_missing',
        'model_withdrawn',
      ],
      'The end': ['state_forbids'],
    })
    // Elsewhere the deployment may have no way to a receiver on this machine; then the advisory waits.
    const receipts = lines.filter(line => line.includes('→ received: receipt-'))
    const waiting = lines.filter(line => line.includes('No receiver is reached from here'))
    expect(receipts.length + waiting.length).toBe(1)
    if (world.target === 'embedded') expect(receipts).toHaveLength(1)
    // What was verified offline was broken by one byte, for each way to sign.
    expect(lines.filter(line => line.includes('changes one byte'))).toHaveLength(2)
    expect(lines.at(-1)).toMatch(/^Told to its end: \d+ steps, of which \d+ were refused/)
    // No secret is told: neither a ticket nor a token.
    expect(lines.filter(line => /ticket_[0-9a-z]{20}|eyJ[\w-]{20}/.test(line))).toEqual([])
  },
  10 * minutes,
)
