/** A protected agreement as a person reads it before they sign: all that the document says, and nothing else. */
import { type AgreementDocument, documentFormat, documentText } from '../../shared/agreements/document.ts'
import { type Clause, clauseRegistry, enforcementOf } from '../../shared/domain/clauses.ts'
import { at, textAt } from '../json.ts'
import { formatFacts, listAt, wrapped } from './facts.ts'

/**
 * The document that these bytes are, or what is wrong with them as the end of a sentence. What this program does not know
 * is refused, because it could not be shown: nobody signs what they have not seen.
 */
export function parseDocument(bytes: Uint8Array): AgreementDocument | string {
  let value: unknown
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    value = JSON.parse(text)
  } catch {
    return 'its bytes are no JSON any more, or never were'
  }
  return (
    documentFault(value) ??
    (canonical(value) === text ? (value as AgreementDocument) : 'it is not canonical JSON')
  )
}

/** RFC 8785; a lone surrogate has no such form. */
function canonical(value: unknown): string | undefined {
  try {
    return documentText(value as AgreementDocument)
  } catch {
    return undefined
  }
}

function documentFault(value: unknown): string | undefined {
  if (textAt(value, 'format') !== documentFormat) return `its format is not ${documentFormat}`
  const unknown = unknownField(value, fields) ?? inEach(value, 'parties', ['organisation', 'name', 'as'])
  const strange = unknown ?? inEach(value, 'clauses', ['id', 'kind', 'text', 'terms'])
  if (strange !== undefined)
    return `it has a field that this version of the program does not know: ${strange}`
  const missing = fields.find(name => !forms[name](at(value, name)))
  return missing && `its field ${missing} is missing, or is malformed`
}

const isText = (value: unknown): boolean => typeof value === 'string'
const isTime = (value: unknown): boolean => typeof value === 'string' && !Number.isNaN(Date.parse(value))
const isList =
  (judge: (one: unknown) => boolean) =>
  (value: unknown): boolean =>
    Array.isArray(value) && value.length > 0 && value.every(judge)
const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const hasTexts =
  (...names: readonly string[]) =>
  (value: unknown): boolean =>
    names.every(name => isText(at(value, name)))

/** Each is named once: of two with one name, a comparison would show one. */
const isDistinct = (value: unknown, name: string): boolean =>
  Array.isArray(value) && new Set(value.map(one => textAt(one, name))).size === value.length
const sides: readonly string[] = ['developer', 'partner', 'government']

const forms: Readonly<Record<keyof AgreementDocument, (value: unknown) => boolean>> = {
  format: isText,
  agreement: isText,
  version: value => Number.isSafeInteger(value) && Number(value) > 0,
  kind: value => value === 'access' || value === 'engagement',
  title: isText,
  template: value => value === null || isText(value),
  made_up: value => typeof value === 'boolean',
  parties: value =>
    isList(one => hasTexts('organisation', 'name')(one) && sides.includes(textAt(one, 'as') ?? ''))(value) &&
    isDistinct(value, 'organisation'),
  models: isList(isText),
  starts_at: isTime,
  ends_at: isTime,
  clauses: value =>
    isList(one => hasTexts('id', 'kind', 'text')(one) && isObject(at(one, 'terms')))(value) &&
    isDistinct(value, 'id'),
}
const fields = Object.keys(forms) as readonly (keyof AgreementDocument)[]

const unknownField = (value: unknown, known: readonly string[]): string | undefined =>
  isObject(value) ? Object.keys(value).find(name => !known.includes(name)) : undefined

const inEach = (value: unknown, list: string, known: readonly string[]): string | undefined =>
  listAt(value, list).flatMap(one => unknownField(one, known) ?? [])[0]

/** The whole of it, in lines of 80 columns. */
export function agreementText(document: AgreementDocument, digest: string): string {
  const { title, version, agreement, kind, parties, models, template, made_up } = document
  return [
    `${wrapped(title, 0)}\n`,
    made_up ? `${wrapped('MADE UP: the text of this agreement is a sample and binds nobody.', 0)}\n` : '',
    '\n',
    formatFacts([
      ['agreement', `${agreement}, version ${version}`],
      ['kind', kind],
      ...parties.map(one => [`${one.as}`, `${one.organisation} (${one.name})`] as const),
      ['models', models.join(', ')],
      ['term', `${document.starts_at} to ${document.ends_at}`],
      ['drafted', template === null ? 'without a template' : `from the template ${template}`],
      ['digest', `${digest} (computed here)`],
    ]),
    ...document.clauses.map(clauseText),
  ].join('')
}

/** Its id and title, its text, and each of its terms on a line of its own. */
export function clauseText(clause: Clause): string {
  const { id, kind, text, terms } = clause
  const known = Object.hasOwn(clauseRegistry, kind) ? clauseRegistry[kind] : undefined
  const head = known ? `${known.title} (${enforcementOf(clause)})` : kind
  const said = text.split(/\r?\n/).map(line => beside(line, '|'))
  const asks = termLines(terms).map(line => beside(line, '-'))
  return `\n${wrapped(`${id}  ${head}`, 0)}\n${[...said, ...asks].join('')}`
}

/** Each line has the mark of what it is, so that words of a clause cannot look like its terms, or like another clause. */
const beside = (line: string, mark: '|' | '-'): string => {
  const [first = '', ...others] = line
    .split(/\r?\n/)
    .flatMap(one => wrapped(one.replaceAll('\t', '  '), 4).split('\n    '))
  return [`  ${mark} ${first}\n`, ...others.map(one => `  ${mark === '|' ? mark : ' '} ${one}\n`)].join('')
}

/** `per day: 20,000,000`; of terms within terms with the name before: `pool, total: 5`. */
export const termLines = (terms: unknown, before = ''): readonly string[] =>
  isObject(terms)
    ? inOrder(terms).flatMap(([name, value]) => {
        const called = `${before}${name.replaceAll('_', ' ')}`
        return isObject(value) ? termLines(value, `${called}, `) : [`${called}: ${valueText(value)}`]
      })
    : []

/** What holds others comes last. */
const inOrder = (terms: Readonly<Record<string, unknown>>): readonly (readonly [string, unknown])[] =>
  Object.entries(terms).sort(([, a], [, b]) => Number(isObject(a)) - Number(isObject(b)))

/** One value of a document, in one line. */
export function valueText(value: unknown): string {
  if (value === null || value === undefined) return 'nothing'
  if (typeof value === 'number')
    return Number.isSafeInteger(value) ? value.toLocaleString('en-US') : String(value)
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  if (typeof value === 'string') return value
  const plain = Array.isArray(value) && value.every(one => typeof one === 'string')
  return plain ? value.join(', ') || 'none' : JSON.stringify(value)
}
