/** How an agreement is told to a person. */
import { type AgreementDocument, digestOf, documentText } from '../../shared/agreements/document.ts'
import { type Clause, clauseRegistry, enforcementOf } from '../../shared/domain/clauses.ts'
import { at, textAt } from '../json.ts'
import { type Fact, listAt, quoted, reasonFacts, signatureText, stopFacts, utc, wordsAt } from './facts.ts'

export function agreementFacts(agreement: unknown): readonly Fact[] {
  const id = textAt(agreement, 'id')
  const of = (...path: readonly string[]) => textAt(agreement, ...path)
  const title = of('title')
  return [
    ['agreement', `${id}, ${of('state')}`],
    ['title', title && quoted(title)],
    ['kind', of('kind')],
    ['between', [of('developer'), of('counterparty'), thirdOf(agreement)].filter(Boolean).join(', ')],
    ['models', wordsAt(agreement, 'models')],
    ['term', `${utc(of('starts_at'))} to ${utc(of('ends_at'))}`],
    ['version', `${at(agreement, 'terms_version')}, digest ${of('digest')}`],
    ['', isItsDigest(agreement) ? '(computed here)' : 'NOT THE DIGEST OF THE DOCUMENT: do not sign'],
    ...listAt(agreement, 'document', 'clauses').map(clauseFact),
    ...listAt(agreement, 'signatures').map((one): Fact => ['signed', signedText(one)]),
    ['waits on', wordsAt(agreement, 'waits_on').replaceAll(' ', ', ')],
    ...nextFacts(id, at(agreement, 'next')),
    ['before', previousText(agreement)],
    ['notice', noticeText(agreement)],
    ['they run', unacknowledged(agreement) ? `sallyport agreement acknowledge ${id}` : undefined],
    ...stopFacts(at(agreement, 'stop'), `sallyport agreement ratify ${id}`),
    ...endFacts(agreement),
  ]
}

function isItsDigest(agreement: unknown): boolean {
  try {
    return (
      digestOf(documentText(at(agreement, 'document') as AgreementDocument)) === textAt(agreement, 'digest')
    )
  } catch {
    return false
  }
}

/** An office that signs beside developer and counterparty. */
const thirdOf = (agreement: unknown): string | undefined =>
  listAt(agreement, 'governments')
    .filter(one => typeof one === 'string' && one !== textAt(agreement, 'counterparty'))
    .join(', ') || undefined

function clauseFact(clause: unknown, i: number): Fact {
  const kind = textAt(clause, 'kind') ?? ''
  const known = Object.entries(clauseRegistry).find(([name]) => name === kind)?.[1]
  const what = known ? `${known.title}, ${enforcementOf(clause as Clause)}` : kind
  return [i === 0 ? 'clauses' : '', `${textAt(clause, 'id')}: ${what}`]
}

export function signedText(signature: unknown): string {
  const by = signatureText(at(signature, 'by')) ?? textAt(signature, 'by') ?? ''
  const how =
    textAt(signature, 'kind') === 'key'
      ? `with the key ${textAt(signature, 'kid')}`
      : 'attested by this gateway'
  return `${textAt(signature, 'organisation')}: ${by}, ${how}`
}

function nextFacts(id: string | undefined, next: unknown): readonly Fact[] {
  const digest = textAt(next, 'digest')
  if (digest === undefined) return []
  return [
    ['next', `version ${at(next, 'terms_version')}, ${textAt(next, 'state')}, digest ${digest}`],
    ...listAt(next, 'signatures').map((one): Fact => ['signed', signedText(one)]),
    ['compare', `sallyport agreement diff ${id}`],
  ]
}

function previousText(agreement: unknown): string | undefined {
  const digest = textAt(agreement, 'previous', 'digest')
  if (textAt(agreement, 'ended', 'at') !== undefined) return digest
  return digest && `${digest}; tokens that were issued under it work until they expire`
}

const unacknowledged = (agreement: unknown): boolean =>
  ['signed', 'effective', 'suspended'].includes(textAt(agreement, 'state') ?? '') &&
  textAt(agreement, 'consented_at') === undefined

function noticeText(agreement: unknown): string | undefined {
  const consented = utc(textAt(agreement, 'consented_at'))
  if (consented !== undefined) return `acknowledged ${consented}`
  return unacknowledged(agreement) ? 'not acknowledged: no call is admitted yet' : undefined
}

/** A party that has gone on its own has left; which of both it was tells who decided. */
function endText(agreement: unknown): string {
  const ended = at(agreement, 'ended')
  const by = signatureText(at(ended, 'by'))
  if (by === undefined) return `${textAt(ended, 'how')}, ${utc(textAt(ended, 'at'))}`
  const leaves =
    textAt(agreement, 'kind') === 'engagement' ||
    textAt(ended, 'by', 'organisation') === textAt(agreement, 'counterparty')
  return leaves ? `left by ${by}` : `${textAt(ended, 'how')} by ${by}`
}

function endFacts(agreement: unknown): readonly Fact[] {
  const ended = at(agreement, 'ended')
  const how = textAt(ended, 'how')
  const due = utc(textAt(agreement, 'close_out', 'due_at'))
  const attested = at(agreement, 'close_out', 'attested')
  const words = textAt(attested, 'text')
  return [
    ['ended', how && endText(agreement)],
    ...reasonFacts(at(ended, 'reason'), undefined),
    ['entry', textAt(ended, 'entry')],
    ['to destroy', attested ? undefined : due && `by ${due}, attested by its counterparty`],
    ['destroyed', words && `${quoted(words)}, attested by ${signatureText(at(attested, 'by'))}`],
  ]
}
