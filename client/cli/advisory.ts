/** An advisory (CSAF 2.0) as a person reads it. */
import { at, textAt } from '../json.ts'
import { type Fact, listAt, quoted, utc } from './facts.ts'

/** `document`: the text that was signed. */
export function advisoryFacts(told: unknown): readonly Fact[] {
  const advisory = parse(textAt(told, 'document') ?? '')
  const of = (...path: readonly string[]) => textAt(advisory, 'document', ...path)
  const title = of('title')
  return [
    ['advisory', [of('tracking', 'id'), of('tracking', 'status')].filter(Boolean).join(', ')],
    ['title', title && quoted(title)],
    ['category', of('category')],
    ['publisher', of('publisher', 'name')],
    ['released', utc(of('tracking', 'current_release_date'))],
    ['severity', of('aggregate_severity', 'text')],
    ['marking', [of('distribution', 'tlp', 'label'), of('distribution', 'text')].filter(Boolean).join(': ')],
    ...noteFacts(at(advisory, 'document')),
    ...listAt(advisory, 'vulnerabilities').flatMap(vulnerabilityFacts),
    ['sha256', textAt(told, 'sha256')],
    ['whole', 'with --json: the document as it was signed, and its signature'],
  ]
}

const noteFacts = (holder: unknown): readonly Fact[] =>
  listAt(holder, 'notes').map(
    (note): Fact => [textAt(note, 'category') ?? 'note', quoted(textAt(note, 'text') ?? '')],
  )

const vulnerabilityFacts = (one: unknown): readonly Fact[] => [
  ['discovered', utc(textAt(one, 'discovery_date'))],
  ...Object.entries(at(one, 'product_status') ?? {}).map(
    ([status, products]): Fact => [
      'status',
      `${Array.isArray(products) ? products.join(', ') : ''}: ${status.replaceAll('_', ' ')}`,
    ],
  ),
  ...noteFacts(one),
  ...listAt(one, 'remediations').map(
    (remedy): Fact => [
      'remedy',
      `${textAt(remedy, 'category')?.replaceAll('_', ' ')}: ${quoted(textAt(remedy, 'details') ?? '')}`,
    ],
  ),
]

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
