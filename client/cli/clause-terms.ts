/** What each kind of clause says beside its text: the names of its terms, and in which units. */
import type { ClauseKind } from '../../shared/domain/clauses.ts'
import { capabilities } from '../../shared/domain/records.ts'

const limits = [
  'total: tokens for the whole term of one grant',
  'per_day: tokens of one grant a UTC day; may be left out',
  'rpm: requests a minute',
  'burst: how many of them may come at once',
  'streams: calls under way at once',
]

const bounds = (codes: string): readonly string[] => [
  `admit: a list of ${codes}; nobody else is admitted`,
  `exclude: a list of ${codes}; instead of admit`,
]

/** A line each; none for a clause that is its text alone. */
export const clauseTerms: Readonly<Record<ClauseKind, readonly string[]>> = {
  quota: [...limits, 'pool: the same five, for all grants together; may be left out'],
  purpose: ['purposes: a list of names of a–z, 0–9 and -'],
  capabilities: [`capabilities: a list, of ${capabilities.join(', ')}`],
  'named-use': [],
  nationality: bounds('ISO 3166-1 codes, two letters'),
  region: bounds('ISO 3166-1 or 3166-2 codes'),
  'no-extraction': [],
  'no-training': [],
  'retention-notice': [
    'days: for which the metadata of calls is kept',
    'notice: the words that are acknowledged before the first call',
  ],
  confidentiality: [],
  'incident-report': ['hours: from the discovery to the report'],
  'vulnerability-report': [
    'hours: from the discovery to the report',
    'embargo_days: for which its words are kept to a few; 0 to 365',
  ],
  'insider-risk': [
    'review_days: from one access review to the next',
    'screening: true or false, whether each client has one that is in force',
  ],
  destruction: ['days: from the end of the agreement to the attestation'],
  'non-licensing': [],
}
