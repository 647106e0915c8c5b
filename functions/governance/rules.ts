/** `rules.change`: the approval rules, within their bounds, by a developer and the government together. */
import { indexes, keys } from '../../shared/domain/keys.ts'
import { everyone, type Organisation } from '../../shared/domain/parties.ts'
import type { Subject } from '../../shared/domain/proposals.ts'
import { type Refusal, refuse } from '../../shared/domain/refusal.ts'
import { defaultRules, type Rules, ruleBounds } from '../../shared/domain/rules.ts'
import { itemAbsent, type Store } from '../../shared/ports/store.ts'
import { pages } from '../pages.ts'
import type { Definition } from './engine/plan.ts'

export type RuleName = keyof typeof ruleBounds
export type RuleChange = Readonly<Partial<Record<RuleName, number>>>

/** In the words of the API. */
const ruleWords: Readonly<Record<RuleName, string>> = {
  proposalHours: 'proposal_hours',
  ratifyHours: 'ratify_hours',
  governmentHoldDays: 'government_hold_days',
  confirmationDays: 'confirmation_days',
  inactivityDays: 'inactivity_days',
  freshMinutes: 'fresh_minutes',
}

const change: Definition = {
  async plan({ store }, { params }) {
    const wanted = params as RuleChange
    const [stored] = await store.get([keys.rules])
    const before = stored ?? defaultRules
    const wrong = judgeRules(wanted)
    if (wrong) return wrong
    const changed = (Object.keys(ruleBounds) as RuleName[]).filter(
      name => wanted[name] !== undefined && wanted[name] !== before[name],
    )
    if (changed.length === 0) return refuse('state_forbids', 'The rules say so already.')
    const after = next(before, wanted)
    return {
      subject: await subjectOf(store, before),
      difference: changed.map(name => ({ field: ruleWords[name], from: before[name], to: after[name] })),
      writes: () => [
        {
          kind: 'put',
          key: keys.rules,
          item: after,
          if: stored ? { eq: [['version'], stored.version] } : itemAbsent,
        },
        { kind: 'update', key: keys.standing, change: { set: [[['rules'], after.version]] } },
      ],
      told: {
        type: 'rules.changed',
        text: `The approval rules are version ${after.version}: ${changed.map(name => `${ruleWords[name]} ${after[name]}`).join(', ')}.`,
      },
    }
  },
}

/** Field by field: what the store adds to an item is no rule. */
const next = (before: Rules, wanted: RuleChange): Rules => ({
  version: before.version + 1,
  proposalHours: wanted.proposalHours ?? before.proposalHours,
  ratifyHours: wanted.ratifyHours ?? before.ratifyHours,
  governmentHoldDays: wanted.governmentHoldDays ?? before.governmentHoldDays,
  confirmationDays: wanted.confirmationDays ?? before.confirmationDays,
  inactivityDays: wanted.inactivityDays ?? before.inactivityDays,
  freshMinutes: wanted.freshMinutes ?? before.freshMinutes,
})

/** Whole numbers within what the order and the agreements leave open. */
export function judgeRules(wanted: RuleChange): Refusal | undefined {
  for (const [name, value] of Object.entries(wanted)) {
    const bounds = Object.hasOwn(ruleBounds, name) ? ruleBounds[name as RuleName] : undefined
    if (bounds === undefined)
      return refuse('field_not_allowed', `${name} is no rule that people change.`, { field: name })
    const [least, most] = bounds
    if (!Number.isInteger(value) || value < least || value > most)
      return refuse('body_malformed', `${name} is ${least} to ${most}.`, { field: name })
  }
  return undefined
}

/** They are everybody's: any developer and any office here decide together, and all of them are told. */
async function subjectOf(store: Store, { version }: Rules): Promise<Subject> {
  const found: Organisation[] = []
  const range = { index: indexes.byRecord, partition: 'organisation' }
  for await (const batch of pages<Organisation>(store, range))
    for (const one of await store.get(batch)) if (one) found.push(one)
  const idsOf = (kind: Organisation['kind']) => found.filter(one => one.kind === kind).map(({ id }) => id)
  return {
    kind: 'rules',
    id: 'rules',
    name: 'the approval rules',
    rev: version,
    organisation: everyone,
    developers: idsOf('developer'),
    governments: idsOf('government'),
  }
}

export const rulesActions = { 'rules.change': change } satisfies Readonly<Record<string, Definition>>
