import type { Compared } from '../log/compare.ts'
import { notVerified } from '../log/fault.ts'
import { parseJson } from '../log/json-text.ts'
import { examineRange, type Records, type VerifiedRange } from '../log/range.ts'
import type { Cli } from './cli.ts'
import { counted, type Fact } from './facts.ts'
import { exit, Failure } from './failure.ts'
import { readManyRecords, readVerifierKey } from './verify-input.ts'
import { readLogFiles } from './verify-log-files.ts'
import { type Told, tellOutcome } from './verify-outcome.ts'

export interface RangeOptions {
  readonly key?: string
  readonly log?: string
  readonly with?: string
}

export async function runVerifyRange(cli: Cli, path: string, options: RangeOptions): Promise<void> {
  const key = await readVerifierKey(cli, options.key)
  if (path === '-' && options.with === '-')
    throw new Failure(exit.usage, 'Only one of two files can come by stdin.', {
      code: 'option_invalid',
      next: 'Name a file: --with <other file>',
    })
  const files = options.log === undefined ? undefined : await readLogFiles(cli, options.log)
  await tellOutcome(cli, async () => {
    const records = await recordsOf(cli, path)
    const others = options.with === undefined ? undefined : await recordsOf(cli, options.with)
    const found = await examineRange(records, { key, ...(files && { files }), ...(others && { others }) })
    const { facts, faults, faultCount } = found
    const verified = faults.length === 0
    return { ...(facts && { told: tell(facts, verified, options.with ?? '') }), faults, faultCount }
  })
}

async function recordsOf(cli: Cli, path: string): Promise<Records> {
  const read = await readManyRecords(cli, path)
  if (typeof read !== 'string') return read
  const list = parseJson(read)
  if (Array.isArray(list)) return list
  throw notVerified('malformed', 'it is no list of records')
}

function tell(found: VerifiedRange, verified: boolean, other: string): Told {
  const {
    log,
    size,
    root,
    entries,
    first,
    last,
    between,
    repeated,
    readers,
    withheld,
    unproved,
    trees,
    compared,
  } = found
  return {
    json: {
      ...{ log, size, root, entries, first, last, between, repeated, readers, withheld, unproved, trees },
      ...(compared && { compared: comparedJson(compared) }),
    },
    facts: [
      [
        verified ? 'verified' : 'proved',
        `the log ${log} holds ${counted(entries, 'entry', 'entries')} as ${entries === 1 ? 'it stands' : 'they stand'} here`,
      ],
      ['tree', `${counted(size, 'leaf', 'leaves')}, signed by the log; root ${root}`],
      ['', trees > 1 && verified ? `${trees - 1} earlier of its trees, each its beginning` : undefined],
      ['leaves', `${first.toLocaleString('en-US')} to ${last.toLocaleString('en-US')}`],
      ['between', entries > 1 ? betweenText(between) : undefined],
      [
        'repeated',
        repeated > 0 ? `${counted(repeated, 'record')} of an entry that was there before` : undefined,
      ],
      ['copy of', readersText(readers)],
      ['withheld', withheld > 0 ? `a field or more of ${counted(withheld, 'entry', 'entries')}` : undefined],
      [
        'UNPROVED',
        unproved.length > 0
          ? `it stands here, and nothing vouches for it: ${unproved.join(', ')}`
          : undefined,
      ],
      ...(compared ? comparedFacts(compared, other) : []),
      ['not shown', notShown(compared)],
    ],
  }
}

function betweenText(between: number): string {
  if (between === 0) return 'every leaf between these two is in this file'
  const are = between === 1 ? 'is' : 'are'
  return `${counted(between, 'leaf', 'leaves')} between ${are} not in this file: not for this reader, or left out`
}

const maxReaders = 4
const maxNamed = 3

function readersText(readers: readonly string[]): string {
  const named = readers.slice(0, maxReaders).join(', ')
  const more = readers.length > maxReaders ? ` and ${readers.length - maxReaders} more` : ''
  return `reader ${named}${more}: a pseudonym for each month; the log’s operator can say whose`
}

function comparedFacts(found: Compared, other: string): readonly Fact[] {
  const { agree, differ, onlyFirst, onlyOther, onlyFirstEids, onlyOtherEids, readers, oneReader } = found
  return [
    ['compared', `with ${other}, a copy of reader ${readers.slice(0, maxReaders).join(', ')}`],
    [
      'agree',
      agree > 0
        ? `${counted(agree, 'entry', 'entries')}: both were shown the same facts`
        : 'in nothing: they have no entry in common',
    ],
    ['DIFFER', differ > 0 ? counted(differ, 'entry', 'entries') : undefined],
    ['only here', onlyText(onlyFirst, onlyFirstEids)],
    ['only there', onlyText(onlyOther, onlyOtherEids)],
    ['', oneReader ? 'Both are copies of one reader: that two were shown the same is not shown.' : undefined],
  ]
}

function onlyText(count: number, eids: readonly string[]): string | undefined {
  if (count === 0) return undefined
  const named = eids.slice(0, maxNamed)
  const more = count > named.length ? ', …' : ''
  return `${counted(count, 'entry', 'entries')}, not for the other reader, or kept from them: ${named.join(', ')}${more}`
}

const comparedJson = (found: Compared) => ({
  agree: found.agree,
  differ: found.differ,
  only_here: found.onlyFirst,
  only_there: found.onlyOther,
  only_here_eids: found.onlyFirstEids,
  only_there_eids: found.onlyOtherEids,
  readers: found.readers,
  one_reader: found.oneReader,
})

const notShown = (compared: Compared | undefined): string =>
  [
    'that there is no further record before, between or after them',
    ...(compared ? [] : ['that another reader is shown the same facts (--with)']),
    'that others are shown the same log (verify checkpoint --witness)',
    'that what they tell is so',
  ].join('; ')
