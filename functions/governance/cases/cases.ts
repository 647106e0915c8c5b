/** Opening, closing and reopening a case. What is put into one stands in `case-contents.ts`. */
import { type Case, maxOpenCases } from '../../../shared/domain/cases.ts'
import { type Governed, keys, listed } from '../../../shared/domain/keys.ts'
import { Refusal, refuse } from '../../../shared/domain/refusal.ts'
import { itemAbsent, type Store, type TransactOp } from '../../../shared/ports/store.ts'
import { change } from '../engine/changes.ts'
import type { Actor, Definition } from '../engine/plan.ts'
import { wordsDigest } from '../findings/words-digest.ts'
import { caseSubject, readCase } from './read-case.ts'

export interface CaseTitle {
  readonly title: string
  readonly salt: string
}

/** Each of these is asked for by a person: nothing of it is done by time or by an operator. */
export function personOf(actor: Actor | undefined): Actor {
  if (actor === undefined) throw new Error('a case is a matter of people')
  return actor
}

/** One more that is open; refused where there are as many as there can be. */
async function opening(store: Store, organisation: string): Promise<TransactOp | Refusal> {
  const key = keys.openCases(organisation)
  const [found] = await store.get([key])
  if (found === undefined) return { kind: 'put', key, item: { open: 1 }, if: itemAbsent }
  if (found.open >= maxOpenCases)
    return refuse('state_forbids', `${maxOpenCases} cases of your organisation are open: more cannot be.`, {
      next: 'Close those that are finished: sallyport case list --state open',
    })
  return { kind: 'update', key, change: { add: [[['open'], 1]] }, if: { lt: [['open'], maxOpenCases] } }
}

const closing = (organisation: string): TransactOp => ({
  kind: 'update',
  key: keys.openCases(organisation),
  change: { add: [[['open'], -1]] },
  if: { gt: [['open'], 0] },
})

const open: Definition = {
  async plan({ store }, { id, params }, { now, actor }) {
    const { title, salt } = params as unknown as CaseTitle
    const { organisation } = personOf(actor)
    const counted = await opening(store, organisation.id)
    if (counted instanceof Refusal) return counted
    const digest = wordsDigest({ salt, text: title })
    return {
      subject: caseSubject({ id, organisation: organisation.id, rev: 0 }),
      difference: [{ field: 'state', from: null, to: 'open' }],
      recorded: { titleDigest: digest },
      writes: ({ by, eid }) => {
        const item: Governed<Case> = {
          ...{ id, organisation: organisation.id, title, salt, state: 'open', entries: 0, notes: 0 },
          ...{ openedBy: by, openedAt: now, entry: eid, rev: 1 },
          ...listed('case', organisation.id, id),
        }
        return [{ kind: 'put', key: keys.case(id), item, if: itemAbsent }, counted]
      },
    }
  },
}

const close: Definition = {
  async plan({ store }, { id }, { now, actor }) {
    const one = await readCase(store, id, personOf(actor))
    if (one instanceof Refusal) return one
    if (one.state === 'closed')
      return refuse('state_forbids', 'The case is closed already.', {
        next: `Look at it: sallyport case get ${id}`,
      })
    return {
      subject: caseSubject(one),
      difference: [{ field: 'state', from: 'open', to: 'closed' }],
      writes: ({ by, eid }) => [
        change(keys.case(id), one, { state: 'closed', closedBy: by, closedAt: now, entry: eid }),
        closing(one.organisation),
      ],
    }
  },
}

const reopen: Definition = {
  async plan({ store }, { id }, { actor }) {
    const one = await readCase(store, id, personOf(actor))
    if (one instanceof Refusal) return one
    if (one.state === 'open')
      return refuse('state_forbids', 'The case is open.', { next: `Look at it: sallyport case get ${id}` })
    const counted = await opening(store, one.organisation)
    if (counted instanceof Refusal) return counted
    return {
      subject: caseSubject(one),
      difference: [{ field: 'state', from: 'closed', to: 'open' }],
      writes: ({ eid }) => [
        change(keys.case(id), one, { state: 'open', closedBy: undefined, closedAt: undefined, entry: eid }),
        counted,
      ],
    }
  },
}

export const caseActions = {
  'case.open': open,
  'case.close': close,
  'case.reopen': reopen,
} satisfies Readonly<Record<string, Definition>>
