import * as z from 'zod'
import type { Case } from '../../../shared/domain/cases.ts'
import { randomId } from '../../../shared/domain/id.ts'
import { judgeText } from '../../../shared/domain/marking.ts'
import { Refusal } from '../../../shared/domain/refusal.ts'
import type { AddedEntry, AddedNote } from '../../governance/cases/case-contents.ts'
import type { CaseTitle } from '../../governance/cases/cases.ts'
import { readCase, seesCase } from '../../governance/cases/read-case.ts'
import { newSalt } from '../../governance/findings/words-digest.ts'
import { readContents } from '../cases/case-contents.ts'
import { creationAnswers, decideBy, decisionAnswers, decisionBody } from '../decision.ts'
import { listRecords } from '../lists.ts'
import { forPeople, type Operation } from '../operation.ts'
import { caseBody, caseEntryBody, caseListed, caseNoteBody, caseShown, showCase } from '../shapes/case.ts'
import { listOf, listQuery } from '../shapes/common.ts'

/** What is written says by itself why it is written. */
const unsaid = { code: 'request', text: '' } as const

export const caseOperations: readonly Operation[] = [
  forPeople({
    id: 'listCases',
    method: 'GET',
    path: '/cases',
    tag: 'cases',
    summary: 'The cases of your organisation',
    query: listQuery.extend({ state: z.enum(['open', 'closed']).optional() }),
    answers: { 200: listOf(caseListed) },
    answer: ({ deps, caller: { viewer }, query: { state, ...page } }) =>
      listRecords<Case>(deps.store, {
        record: 'case',
        owner: viewer.organisation,
        ...page,
        show: one =>
          seesCase(viewer, one) && (state === undefined || one.state === state) ? showCase(one) : undefined,
      }),
  }),
  forPeople({
    id: 'getCase',
    method: 'GET',
    path: '/cases/{case}',
    tag: 'cases',
    summary: 'One case, with its notes and what its entries tell you',
    description:
      'Of an entry that is not, or not any more, yours to see, there is its id alone. Reading it is an entry itself.',
    answers: { 200: caseShown },
    async answer(context) {
      const { deps, caller, path } = context
      const one = await readCase(deps.store, path.case ?? '', caller)
      if (one instanceof Refusal) return one
      const contents = await readContents(context, one)
      if (contents instanceof Refusal) return contents
      return { status: 200, body: { ...showCase(one), ...contents }, rev: one.rev }
    },
  }),
  forPeople({
    id: 'openCase',
    method: 'POST',
    path: '/cases',
    tag: 'cases',
    summary: 'Open a case, which is for people of your organisation alone',
    description: 'The log holds that it was opened, and a salted digest of its title.',
    action: 'case.open',
    creates: true,
    body: caseBody,
    answers: creationAnswers,
    async answer(context) {
      const { deps, body } = context
      const marked = judgeText(body.title, 'title')
      if (marked) return marked
      const id = randomId('case', deps.random.bytes(16))
      const params: CaseTitle = { title: body.title, salt: newSalt(deps.random) }
      return decideBy(
        { ...context, body: { ...body, reason: body.reason ?? unsaid } },
        { name: 'case.open', id, params: { ...params } },
        `/cases/${id}`,
      )
    },
  }),
  forPeople({
    id: 'addToCase',
    method: 'POST',
    path: '/cases/{case}/entries',
    tag: 'cases',
    summary: 'Put an entry that you may see into a case',
    action: 'case.add',
    creates: true,
    body: caseEntryBody,
    answers: creationAnswers,
    async answer(context) {
      const { deps, path, body } = context
      const { entry: eid, note } = body
      const marked = note === undefined ? undefined : judgeText(note, 'note')
      if (marked) return marked
      const id = path.case ?? ''
      const params: AddedEntry = {
        eid,
        ...(note !== undefined && { note, salt: newSalt(deps.random) }),
      }
      return decideBy(
        { ...context, body: { ...body, reason: body.reason ?? unsaid } },
        { name: 'case.add', id, params: { ...params } },
        `/cases/${id}`,
      )
    },
  }),
  forPeople({
    id: 'noteOnCase',
    method: 'POST',
    path: '/cases/{case}/notes',
    tag: 'cases',
    summary: 'Write a note on a case',
    description: 'It is not changed and not taken away any more. The log holds a salted digest of it.',
    action: 'case.note',
    creates: true,
    body: caseNoteBody,
    answers: creationAnswers,
    async answer(context) {
      const { deps, path, body } = context
      const marked = judgeText(body.text, 'text')
      if (marked) return marked
      const id = path.case ?? ''
      const params: AddedNote = { text: body.text, salt: newSalt(deps.random) }
      return decideBy(
        { ...context, body: { ...body, reason: body.reason ?? unsaid } },
        { name: 'case.note', id, params: { ...params } },
        `/cases/${id}`,
      )
    },
  }),
  ...(['close', 'reopen'] as const).map(verb =>
    forPeople({
      id: `${verb}Case`,
      method: 'POST',
      path: `/cases/{case}/${verb}`,
      tag: 'cases',
      summary: verb === 'close' ? 'Close a case: nothing more is put into it' : 'Open a closed case again',
      action: `case.${verb}`,
      changes: true,
      body: decisionBody,
      answers: decisionAnswers,
      answer: context => decideBy(context, { name: `case.${verb}`, id: context.path.case ?? '', params: {} }),
    }),
  ),
]
