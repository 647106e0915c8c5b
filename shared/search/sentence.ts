/** An entry as a person would say it. What a view withholds is left out, and what names nobody is told by its id. */
import { refusals } from '../domain/refusal.ts'
import { at, type Body, listAt, numberAt, textAt, textsAt } from './body.ts'
import { decisionSentence } from './decision-sentence.ts'
import { type EntryKind, isEntryKind } from './kinds.ts'
import {
  caller,
  client,
  counted,
  holder,
  listed,
  named,
  person,
  sentence,
  subject,
  tokens,
} from './phrases.ts'

export function sentenceOf(body: Body): string {
  const kind = own(body, 'kind') ?? ''
  return sentence(isEntryKind(kind) ? tellings[kind](body) : `this is an entry of the kind ${named(kind)}`)
}

const tellings: Readonly<Record<EntryKind, (body: Body) => string>> = {
  intent: body => {
    const reserve = numberAt(body, 'unmapped', 'reserve')
    return `${caller(body)} was allowed to call ${model(body)}${under(body)}${reserve === undefined ? '' : `; ${tokens(reserve)} ${were(reserve)} reserved`}`
  },
  outcome: outcomeText,
  refusal: body => `${caller(body)} was refused a call of ${model(body)}${because(body)}`,
  decision: decisionSentence,

  issuance: body => {
    const lifetime = numberAt(body, 'unmapped', 'lifetime')
    return `a token was issued to ${holder(body)}${under(body)}${lifetime === undefined ? '' : `, for ${counted(lifetime, 'second')}`}`
  },
  token_refusal: body => `${holder(body)} was refused a token${because(body)}`,
  revocation: body => {
    const token = own(body, 'token')
    return `${holder(body)} gave up ${token === undefined ? 'a token' : `the token ${named(token)}`}`
  },

  sign_in: body => `${holder(body)} signed in${by(body)}`,
  sign_in_refusal: body =>
    `${holder(body)} was refused ${own(body, 'session') === undefined ? `on the way in${by(body)}` : 'a further token of their session'}${because(body)}`,
  notice: body => `${holder(body)} acknowledged the notice of use`,
  session_end: body => {
    const reason = own(body, 'reason')
    switch (reason) {
      case 'signed_out':
        return `${holder(body)} signed out`
      case 'code_reused':
        return `the session of ${holder(body)} was ended, as its code came a second time`
      case 'ended_by_person':
        return `${holder(body)} ended a session of their own`
      case 'ended_by_administrator':
        return `${person(at(body, 'actor', 'user'))} ended a session of ${holder(body)}`
      default:
        return `a session of ${holder(body)} ended${reason === undefined ? '' : ` (${named(reason)})`}`
    }
  },

  finding_raised: body => {
    const pattern = textAt(body, 'unmapped', 'measures', 'pattern')
    const day = textAt(body, 'unmapped', 'measures', 'day')
    const clause = own(body, 'clause')
    return `${pattern === undefined ? 'a pattern' : `the pattern ${named(pattern)}`} was found in what was sent to ${named(own(body, 'about') ?? 'a partner')}${day === undefined ? '' : ` on ${named(day)}`}${clause === undefined ? '' : `, by clause ${named(clause)}`}; ${subject(body)} was raised, and nothing was narrowed`
  },
  founding: body => {
    const organisations = listAt(body, 'unmapped', 'organisations').map(one => textAt(one, 'id') ?? 'one')
    const people = listAt(body, 'unmapped', 'people')
    return `the deployment was founded by ${operator(body)}, with ${listed(organisations.map(named)) || 'nobody'} and ${counted(people.length, 'person', 'people')}`
  },
  hand_off_receipt: body => {
    const receipt = own(body, 'receipt')
    return `${subject(body)} reached ${named(own(body, 'to') ?? 'the office')}${receipt === undefined ? '' : `, which gave the receipt ${named(receipt)}`}`
  },
  recount: body => {
    const before = numberAt(body, 'unmapped', 'before', 'used')
    const after = numberAt(body, 'unmapped', 'after', 'used')
    const figures =
      before === undefined || after === undefined
        ? ''
        : `: ${tokens(before)} ${were(before)} used before, ${after.toLocaleString('en-US')} after`
    return `the meter ${named(own(body, 'meter') ?? 'of a grant')} was counted again by ${operator(body)}${figures}`
  },
  reminder: body => {
    const due = numberAt(body, 'unmapped', 'due_at')
    const to = own(body, 'organisation')
    return `a reminder about ${subject(body)} went out${to === undefined ? '' : ` to ${named(to)}`} (${named(own(body, 'reminder') ?? 'reminder')})${due === undefined ? '' : `, due ${moment(due)}`}`
  },
  reopening: body => {
    const meters = textsAt(body, 'unmapped', 'meters')
    const overruns = listAt(body, 'unmapped', 'overruns').length
    return `${counted(meters.length, 'meter')} of ${model(body)} ${meters.length === 1 ? 'was' : 'were'} opened again by ${operator(body)}, after ${counted(overruns, 'call')} beyond what was reserved`
  },
  webhook_disabled: body => {
    const why = own(body, 'why')
    return `nothing more is sent to the webhook ${named(own(body, 'webhook') ?? 'of an organisation')} of ${named(own(body, 'organisation') ?? 'an organisation')}, as ${why === 'gone' ? 'its receiver says that it is gone' : 'its receiver took nothing for days'}`
  },
  month_deleted: body => {
    const count = numberAt(body, 'unmapped', 'archives') ?? 0
    return `the bodies of ${own(body, 'month') ?? 'a month'} are deleted, by what was decided in ${named(own(body, 'decided_by') ?? 'an entry')}: ${counted(count, 'archive')} ${were(count)} removed, and the leaves stay`
  },
  log_restored: body => {
    const [from, to] = [numberAt(body, 'unmapped', 'from'), numberAt(body, 'unmapped', 'to')]
    const back = numberAt(body, 'unmapped', 'put_back') ?? 0
    const span = from === undefined || to === undefined ? '' : ` from ${from} to ${to}`
    const readers = numberAt(body, 'unmapped', 'readers') ?? 0
    const slots = readers === 0 ? '' : `, and the slots of ${counted(readers, 'reader')} put right`
    return `the table of entries was brought${span} by ${operator(body)}, to agree with the log that is published; ${counted(back, 'entry', 'entries')} ${were(back)} put back${slots}`
  },

  log_read: body => {
    const query = own(body, 'query')
    const count = numberAt(body, 'unmapped', 'count')
    const asked = query === undefined ? '' : `, asking ${named(query)}`
    const shown = count === undefined ? '' : `; ${counted(count, 'entry', 'entries')} ${were(count)} shown`
    return `${reader(body)} ${readings(own(body, 'operation'))}${asked}${shown}`
  },
  export_granted: body => {
    const query = own(body, 'query')
    return `${reader(body)} asked for ${exportText(body)}${query ? ` of ${named(query)}` : ''}`
  },
  export_made: body => {
    const records = numberAt(body, 'unmapped', 'records')
    const held = records === undefined ? '' : `, of ${counted(records, 'record')}`
    return `${exportText(body)} for ${reader(body)} was made${held}`
  },
  export_failed: body => `${exportText(body)} for ${reader(body)} was not made${because(body)}`,
  export_countersigned: body => `${reader(body)} signed that the copy of ${exportText(body)} is their own`,
  export_downloaded: body =>
    `${reader(body)} ${at(body, 'unmapped', 'continued') === true ? 'went on fetching' : 'fetched'} ${exportText(body)}`,

  leak_trace_asked: body => {
    const risk = own(body, 'epsilon')
    const within = risk === undefined ? '' : `, at a risk of ${named(risk)} to accuse the wrong one`
    return `${reader(body)} asked ${inquiryOf(body)} who has leaked records of the log${forPurpose(body)}${within}`
  },
  leak_traced: body =>
    `${inquiryText(body)} of ${reader(body)} was answered: ${whoIsNamed(body, 'no reader was named', ['reader was named', 'readers were named'])}`,
  attribution_asked: body =>
    `${reader(body)} asked ${inquiryOf(body)} to whom a reply of a model was sent${forPurpose(body)}`,
  attributed: body =>
    `${inquiryText(body)} of ${reader(body)} was answered: ${whoIsNamed(body, 'no partner was named', ['partner was named', 'partners were named'])}`,
  inquiry_failed: body => `${inquiryText(body)} of ${reader(body)} was not answered${because(body)}`,

  epoch_commitment: body => {
    const epoch = numberAt(body, 'unmapped', 'epoch')
    const slots = numberAt(body, 'unmapped', 'slots')
    return `the key of the log’s entries${epoch === undefined ? '' : ` of ${month(epoch)}`} was committed to${slots === undefined ? '' : `, with ${counted(slots, 'slot')} for readers`}`
  },
}

const exports: Readonly<Record<string, string>> = {
  bundle: 'the export',
  evidence: 'the export of evidence',
  archive: 'the export from the archive',
}

function exportText(body: Body): string {
  const kind = own(body, 'export_kind') ?? ''
  const what = Object.hasOwn(exports, kind) ? exports[kind] : 'the export'
  return `${what} ${named(own(body, 'export') ?? textAt(body, 'entity', 'uid') ?? 'of entries')}`
}

const inquiryText = (body: Body): string =>
  `the ${textAt(body, 'entity', 'type') === 'attribution' ? 'attribution' : 'trace'} ${named(own(body, 'inquiry') ?? 'of a leak')}`

const inquiryOf = (body: Body): string => `in ${inquiryText(body)}`

function forPurpose(body: Body): string {
  const [purpose, of] = [own(body, 'purpose'), own(body, 'case')]
  return `${of === undefined ? '' : ` for the case ${named(of)}`}${purpose === undefined ? '' : `, as ${named(purpose)}`}`
}

function whoIsNamed(body: Body, nobody: string, [one, more]: readonly [string, string]): string {
  const found = listAt(body, 'unmapped', 'named')
  if (found.length === 0) return nobody
  const bounds = found.map(who => {
    const [id, bound] = [named(textAt(who, 'id') ?? 'one'), textAt(who, 'bound')]
    return bound === undefined ? id : `${id} (risk ${named(bound)})`
  })
  return `${counted(found.length, one, more)}, ${listed(bounds)}`
}

const own = (body: Body, field: string): string | undefined => textAt(body, 'unmapped', field)

const model = (body: Body): string =>
  named(textAt(body, 'ai_model', 'uid') ?? own(body, 'model') ?? textAt(body, 'entity', 'uid') ?? 'a model')

const were = (count: number): string => (count === 1 ? 'was' : 'were')

/** By which grant, and for what. */
function under(body: Body): string {
  const [grant, purpose] = [own(body, 'grant'), own(body, 'purpose')]
  return `${grant === undefined ? '' : ` by grant ${named(grant)}`}${purpose === undefined ? '' : ` for ${named(purpose)}`}`
}

/** Through which program. */
function by(body: Body): string {
  const app = own(body, 'app')
  return app === undefined ? '' : ` by ${named(app)}`
}

/** Who ran a command, as the operating system calls them. */
const operator = (body: Body): string => {
  const name = textAt(body, 'actor', 'user', 'name')
  return name === undefined ? 'an operator' : `the operator ${named(name)}`
}

function because(body: Body): string {
  const code = own(body, 'code') ?? textAt(body, 'status_code')
  if (code === undefined) return ''
  const clause = own(body, 'clause')
  const told = clause === undefined ? named(code) : `${named(code)}, clause ${named(clause)}`
  return Object.hasOwn(refusals, code)
    ? `: ${lowerFirst(refusals[code as keyof typeof refusals].title)} (${told})`
    : ` (${told})`
}

const lowerFirst = (title: string): string => title.charAt(0).toLowerCase() + title.slice(1)

const endings: Readonly<Record<string, string>> = {
  completed: 'was completed',
  client_gone: 'ended because the client went away',
  cut: 'was cut off',
  upstream_refused: 'was not taken by the provider',
  upstream_failed: 'failed at the provider',
  refused: 'was refused',
  estimated: 'was found without an end, and its charge estimated',
  abandoned: 'never reached the provider',
}

function outcomeText(body: Body): string {
  const ending = own(body, 'ending') ?? ''
  const charge = numberAt(body, 'unmapped', 'charge')
  const how = Object.hasOwn(endings, ending) ? endings[ending] : 'ended'
  const charged =
    charge === undefined
      ? ''
      : `; ${charge === 0 ? 'nothing was charged' : `${tokens(charge)} ${were(charge)} charged`}`
  const overrun = at(body, 'unmapped', 'overrun') === true ? ', more than was reserved' : ''
  return `the call of ${model(body)} by ${caller(body)} ${how}${because(body)}${charged}${overrun}`
}

function readings(operation: string | undefined): string {
  switch (operation) {
    case 'search':
      return 'searched the log'
    case 'list':
      return 'listed entries of the log'
    case 'record':
      return 'read an entry of the log'
    case 'proof':
      return 'asked for a proof of the log'
    case 'case':
      return 'read entries of a case'
    default:
      return operation === undefined ? 'read the log' : `read the log (${named(operation)})`
  }
}

function reader(body: Body): string {
  const user = at(body, 'actor', 'user')
  return textAt(user, 'type') === 'workload'
    ? client(textAt(user, 'name') ?? textAt(user, 'uid'), textAt(user, 'org', 'uid'))
    : person(user)
}

/** To the minute. */
const moment = (ms: number): string =>
  Math.abs(ms) > 8e15 ? 'some time' : `at ${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`

/** Of a month that is counted from the year 0. */
const month = (epoch: number): string =>
  `${String(Math.floor(epoch / 12)).padStart(4, '0')}-${String((epoch % 12) + 1).padStart(2, '0')}`
