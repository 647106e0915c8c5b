/**
 * `POST /traces` and `POST /attributions`: what somebody asks about a leak. The log says first that it was asked, and for
 * what; what was handed in is kept beside until a job has answered.
 */
import { hash } from 'node:crypto'
import {
  type InquiryKind,
  type InquiryOptions,
  type InquiryRecord,
  type Investigation,
  inputKey,
  inquiryDue,
  inquiryId,
  investigationLimit,
  investigationMonth,
  investigationName,
  mayInvestigate,
  monthInquiries,
  monthLimit,
} from '../../../shared/domain/inquiries.ts'
import { keys, listed } from '../../../shared/domain/keys.ts'
import { judgeText } from '../../../shared/domain/marking.ts'
import { Refusal, refuse, unknownRecord } from '../../../shared/domain/refusal.ts'
import { inquiryAskedEntry, type Risk } from '../../../shared/entries/inquiry.ts'
import { putEntry } from '../../../shared/entries/put.ts'
import { itemAbsent, type Store, type TransactOp } from '../../../shared/ports/store.ts'
import { seesCase } from '../../governance/cases/read-case.ts'
import type { PersonCaller } from '../caller.ts'
import { answeredBefore } from '../decision.ts'
import { madeOnce } from '../made-once.ts'
import type { Answer, Context } from '../operation.ts'
import { showInquiry } from '../shapes/inquiry.ts'

export interface InquiryBody {
  readonly purpose: string
  readonly case?: string | undefined
}

export interface HandedIn {
  readonly kind: InquiryKind
  readonly input: Uint8Array
  readonly options: InquiryOptions
}

type Asking = Context<PersonCaller, unknown, InquiryBody>

/** Somebody else may ask into the same leak at the same moment. */
const tries = 5

/** First of all: whoever may not ask has nothing read for them. */
export const judgeAsker = ({ viewer }: PersonCaller): Refusal | undefined =>
  mayInvestigate(viewer)
    ? undefined
    : refuse('role_missing', 'A developer-admin, an nsa-admin or an auditor looks into leaks.')

export async function createInquiry(
  asking: Asking,
  { kind, input, options }: HandedIn,
): Promise<Answer | Refusal> {
  const { deps, caller, body, idempotency, request } = asking
  const refused = judgeAsker(caller)
  if (refused) return refused
  const marked = judgeText(body.purpose, 'purpose')
  if (marked) return marked
  if (idempotency === undefined) throw new Error('an inquiry is asked for with a key')
  const once = keys.idempotency(caller.person.id, idempotency.keyHash)
  const before = await answeredBefore(deps, once, idempotency.digest)
  if (before) return before
  const open = await openCase(deps.store, caller, body.case)
  if (open instanceof Refusal) return open

  const now = deps.clock.now()
  const id = inquiryId(kind, now, deps.random.bytes(16))
  const { organisation } = caller.viewer
  const asked = {
    id,
    kind,
    organisation,
    person: { id: caller.person.id, name: caller.person.name },
    purpose: body.purpose,
    ...(body.case !== undefined && { case: body.case }),
    requestedAt: now,
    input: { sha256: hash('sha256', input), bytes: input.length },
    options,
  }
  for (let tried = 0; tried < tries; tried++) {
    const spent = await spend(deps.store, asked)
    if (spent instanceof Refusal) return spent
    // What is refused leaves nothing behind.
    if (tried === 0 && !(await deps.log.objects.put(inputKey(id), input, { ifAbsent: true })).ok)
      throw new Error('another inquiry has this id')
    const entry = inquiryAskedEntry(asked, {
      ...{ now, random: deps.random.bytes(16), request },
      ...(spent && { risk: spent.risk }),
    })
    const inquiry: InquiryRecord = {
      ...asked,
      ...listed(kind, caller.person.id, id),
      ...{ state: 'queued', entry: entry.eid, attempts: 0, due: inquiryDue },
    }
    const answer: Answer = { status: 201, body: showInquiry(inquiry), location: `/${kind}s/${id}` }
    const { ok } = await deps.store.transact([
      { kind: 'put', key: keys.inquiry(id), item: inquiry, if: itemAbsent, ours: { eq: [['id'], id] } },
      putEntry(entry),
      ...(spent ? spent.writes : []),
      ...(open ? [open] : []),
      madeOnce(asking, once, answer),
    ])
    if (ok) return answer
    const other = await answeredBefore(deps, once, idempotency.digest)
    if (other) return other
  }
  return refuse('store_unavailable', 'Others ask about this at the same moment.')
}

/** That it still is open when it is asked; `undefined` where there is none. */
async function openCase(
  store: Store,
  { viewer }: PersonCaller,
  id: string | undefined,
): Promise<TransactOp | Refusal | undefined> {
  if (id === undefined) return undefined
  const [found] = await store.get([keys.case(id)])
  if (found === undefined || !seesCase(viewer, found)) return unknownRecord('case', id, { field: 'case' })
  if (found.state !== 'open')
    return refuse('state_forbids', 'The case is closed: nothing more is looked into for it.', {
      field: 'case',
      next: `Open it again: sallyport case reopen ${id}`,
    })
  return { kind: 'check', key: keys.case(id), if: { eq: [['state'], 'open'] } }
}

interface Spent {
  readonly risk: Risk
  readonly writes: readonly TransactOp[]
}

type Spending = Pick<InquiryRecord, 'id' | 'organisation' | 'options' | 'case' | 'input' | 'requestedAt'>

/** Refused where all that was asked into the leak, or in this month, would risk more than it may. */
async function spend(store: Store, asked: Spending): Promise<Spent | Refusal | undefined> {
  const { epsilon } = asked.options
  if (epsilon === undefined) return undefined
  const ofLeak = await spendOf(store, asked, epsilon, {
    name: investigationName(asked),
    limit: investigationLimit,
  })
  if (ofLeak instanceof Refusal) return ofLeak
  const ofMonth = await spendOf(store, asked, epsilon, {
    name: investigationMonth(asked.requestedAt),
    limit: monthLimit,
    most: monthInquiries,
  })
  if (ofMonth instanceof Refusal) return ofMonth
  return { risk: { epsilon, left: ofLeak.left }, writes: [ofLeak.write, ofMonth.write] }
}

async function spendOf(
  store: Store,
  { id, organisation, case: investigated }: Spending,
  epsilon: number,
  {
    name,
    limit: most,
    most: times,
  }: { readonly name: string; readonly limit: number; readonly most?: number },
): Promise<{ readonly left: number; readonly write: TransactOp } | Refusal> {
  const key = keys.investigation(organisation, name)
  const [found] = await store.get([key])
  const { spent, limit, inquiries }: Investigation = found ?? {
    ...{ spent: 0, limit: most, inquiries: 0, last: '' },
  }
  const left = limit - spent - epsilon
  const where =
    times === undefined
      ? ` into ${investigated === undefined ? 'this very leak' : 'this case'}`
      : ` in this month, in which there may be ${times}`
  if (left < 0 || (times !== undefined && inquiries >= times))
    return refuse(
      'epsilon_spent',
      `${inquiries} ${inquiries === 1 ? 'inquiry has' : 'inquiries have'} risked ${spent / 1e9} of ${limit / 1e9}${where}, and this one asks for ${epsilon / 1e9}.`,
      {
        field: 'epsilon',
        ...(times !== undefined && {
          next: 'What they have answered stands: sallyport watermark list. The next month (UTC) begins anew.',
        }),
      },
    )
  const item: Investigation = { spent: spent + epsilon, limit, inquiries: inquiries + 1, last: id }
  return {
    left,
    write: {
      kind: 'put',
      key,
      item,
      if: found === undefined ? itemAbsent : { eq: [['last'], found.last] },
      ours: { eq: [['last'], id] },
    },
  }
}
