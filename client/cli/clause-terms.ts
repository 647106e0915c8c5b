/** What each kind of clause says beside its text: the names of its terms, and in which units. */
import type { ClauseKind } from '../../shared/domain/clauses.ts'
import { defaultLeastReplies } from '../../shared/domain/patterns.ts'
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
  'no-extraction': [
    'patterns: from when on a day of what was sent raises a finding; may be left out. One at least of:',
    'patterns.repetition_percent: percent of the replies, half of which another client was sent too',
    'patterns.template_percent: percent of the replies that have one frame, filled anew each time',
    'patterns.volume_factor: times the words of the 14 days before, 2 to 1000',
    `patterns.least_replies: below which a day raises none; may be left out: ${defaultLeastReplies}`,
  ],
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
