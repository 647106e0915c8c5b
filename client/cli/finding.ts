/**
 * `sallyport finding`: what somebody found about a model or at their own place, and its way to the clearinghouse; and
 * patterns in what a partner was sent, which nobody reports.
 */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { remediationCategories } from '../../shared/csaf/advisory.ts'
import {
  embargo,
  findingKinds,
  findingStates,
  reportedKinds,
  severities,
} from '../../shared/domain/findings.ts'
import { at, textAt } from '../json.ts'
import { advisoryFacts } from './advisory.ts'
import type { Cli } from './cli.ts'
import { changedSince, type DecisionOptions, printDecision, readSeen, toldBy } from './decision.ts'
import { clipped, counted, type Fact, listAt, quoted, signatureText, utc, wordsAt } from './facts.ts'
import { exit, Failure } from './failure.ts'
import { instant, words } from './option-forms.ts'
import { addDecision, addGet, type Noun, recordPath } from './record-commands.ts'
import { fields, printList, printRecord } from './records.ts'
import { readWords, type WordsOptions } from './words-file.ts'

const noun: Noun = { name: 'finding', path: '/findings' }

export function addFinding(program: Command, cli: Cli): void {
  const finding = program
    .command('finding')
    .description(
      'report incidents and vulnerabilities, hand them to a clearinghouse; see what patterns were found',
    )
  addList(finding, cli)
  addGet(finding, cli, noun, findingFacts)
  addReport(finding, cli)
  addHandOff(finding, cli)
  addDecision<DecisionOptions & { readonly with: string; readonly end?: true }>(finding, cli, noun, {
    verb: 'share',
    what: 'show it to the consultants of an office',
    options: command =>
      command
        .requiredOption('--with <organisation>', 'the office')
        .option('--end', 'show it to them no longer'),
    params: ({ with: organisation, end }) => ({ organisation, shared: end !== true }),
  })
  addResolve(finding, cli)
  finding
    .command('advisory')
    .description('what was handed off; with --json the CSAF 2.0 document itself, and its signature')
    .argument('<finding>', 'its id')
    .action(async (id: string) => {
      await printRecord(cli, `${recordPath(noun, id)}/advisory`, advisoryFacts)
    })
}

function addList(finding: Command, cli: Cli): void {
  interface Options {
    readonly model?: string
    readonly kind?: string
    readonly state?: string
  }
  finding
    .command('list')
    .description('those that you see')
    .option('--model <id>', 'of this model')
    .addOption(new Option('--kind <kind>', 'only these').choices(findingKinds))
    .addOption(new Option('--state <state>', 'only these').choices(findingStates))
    .action(({ model, kind, state }: Options) =>
      printList(cli, {
        path: noun.path,
        query: { model, kind, state },
        table: row => [
          `${textAt(row, 'id')}  ${textAt(row, 'state')}`,
          `${textAt(row, 'kind')} of ${textAt(row, 'model')}, ${textAt(row, 'severity')}, ${originText(row)}${at(row, 'late') === true ? ', LATE' : ''}`,
          titleText(row),
        ],
        csv: fields(
          ...['id', 'kind', 'state', 'severity', 'organisation', 'model', 'developer', 'title'],
          ...['discovered_at', 'reported_at', 'due_at', 'late', 'embargo_until', 'withheld', 'version'],
          ...['agreement', 'clause', 'about', 'measures.pattern', 'measures.day'],
        ),
        none: 'There is no finding for you to see.',
      }),
    )
}

interface Report extends WordsOptions {
  readonly kind: string
  readonly model: string
  readonly agreement?: string
  readonly severity: string
  readonly title: string
  readonly discovered: string
  readonly embargo?: number
  readonly dryRun?: true
}

/** Words of a finding are kept from most: had they better not stand where everybody on a machine can read them. */
const wordsOptions = (command: Command, what: string): Command =>
  command
    .option('--from <file>', `${what}, in a file; - is stdin`)
    .addOption(
      new Option(
        '--text <words>',
        `${what}, in the command itself; everybody on this machine can read it there`,
      )
        .argParser(words)
        .conflicts('from'),
    )

function addReport(finding: Command, cli: Cli): void {
  const command = finding
    .command('report')
    .description('say what you found; the log holds a digest of your words, never the words')
    .addOption(
      new Option('--kind <kind>', 'incident: at your own place; vulnerability: of the model')
        .choices(reportedKinds)
        .makeOptionMandatory(),
    )
    .requiredOption('--model <id>', 'the model')
    .addOption(new Option('--severity <severity>', 'how bad it is').choices(severities).makeOptionMandatory())
    .requiredOption('--title <words>', 'what it is called', words)
    .requiredOption('--discovered <time>', 'since when you know of it: the clock runs from then', instant)
    .option('--agreement <id>', 'under which it is owed, where several cover the model')
    .option('--embargo <days>', 'of a vulnerability: for how long its words are kept to a few', days)
    .option('--dry-run', 'change nothing; show what it would do')
  wordsOptions(command, 'what you found').action(async (options: Report) => {
    const { kind, model, agreement, severity, title, discovered, embargo: forDays, dryRun } = options
    const text = await readWords(cli, options, 'finding')
    const { gateway } = await cli.openPerson()
    const answer = await gateway.post(noun.path, {
      ...{ kind, model, severity, title, text, discovered_at: discovered },
      ...(agreement !== undefined && { agreement }),
      ...(forDays !== undefined && { embargo_days: forDays }),
      ...(dryRun && { dry_run: true }),
    })
    const told = toldBy(gateway.issuer, answer)
    await printDecision(cli, told, { id: textAt(told, 'subject', 'id') ?? '', noun: noun.name })
    if (!dryRun) cli.remark(`See it by: sallyport finding get ${textAt(told, 'subject', 'id')}`)
  })
}

function days(text: string): number {
  const count = Number(text)
  if (!/^\d{1,3}$/.test(text) || count > embargo.maxDays)
    throw new InvalidArgumentError(`It is a number of days, 0 to ${embargo.maxDays}.`)
  return count
}

function addHandOff(finding: Command, cli: Cli): void {
  type Options = DecisionOptions & {
    readonly to: string
    readonly status?: string
    readonly remediation?: string
    readonly details?: string
  }
  addDecision<Options>(finding, cli, noun, {
    verb: 'hand-off',
    path: 'hand_off',
    what: 'hand it to a clearinghouse, as an advisory that the gateway signs',
    options: command =>
      command
        .requiredOption('--to <organisation>', 'the office that takes it')
        .addOption(
          new Option('--status <status>', 'for the developer: whether the model is affected').choices([
            'known-affected',
            'under-investigation',
          ]),
        )
        .addOption(
          new Option('--remediation <category>', 'for the developer: what helps against it').choices(
            remediationCategories.map(one => one.replaceAll('_', '-')),
          ),
        )
        .option('--details <words>', 'of the remediation', words),
    params: ({ to, status, remediation, details }) => {
      if ((remediation === undefined) !== (details === undefined))
        throw new Failure(
          exit.usage,
          'A remediation has a category and its words: --remediation and --details.',
          {
            code: 'option_missing',
            next: 'Give both of them, or neither.',
          },
        )
      return {
        to,
        ...(status !== undefined && { status: status.replaceAll('-', '_') }),
        ...(remediation !== undefined && {
          remediation: { category: remediation.replaceAll('-', '_'), details },
        }),
      }
    },
  })
}

function addResolve(finding: Command, cli: Cli): void {
  const command = finding
    .command('resolve')
    .description('as the developer, say what was done about it')
    .argument('<finding>', 'its id')
    .option('--dry-run', 'change nothing; show what it would do')
  wordsOptions(command, 'what was done').action(
    async (id: string, options: WordsOptions & { readonly dryRun?: true }) => {
      const record = recordPath(noun, id)
      const text = await readWords(cli, options, 'resolution')
      const { gateway } = await cli.openPerson()
      const seen = await readSeen(gateway, record)
      const body = { text, ...(options.dryRun && { dry_run: true }) }
      const answer = await gateway.post(`${record}/resolve`, body, { ifMatch: seen.version })
      if (answer.status === 412) throw await changedSince(gateway, seen, answer)
      await printDecision(cli, toldBy(gateway.issuer, answer), { id, noun: noun.name })
    },
  )
}

const withheldText = (finding: unknown): string | undefined =>
  at(finding, 'withheld') === true
    ? `its words are under embargo until ${utc(textAt(finding, 'embargo_until'))}`
    : undefined

const titleText = (finding: unknown): string | undefined => {
  const title = textAt(finding, 'title')
  return title === undefined ? withheldText(finding) : quoted(clipped(title, 160) ?? '')
}

const originText = (finding: unknown): string =>
  at(finding, 'measures')
    ? `found in what ${textAt(finding, 'about')} was sent on ${textAt(finding, 'measures', 'day')}`
    : `reported by ${textAt(finding, 'organisation')}`

/** Figures and next steps of a pattern; of what was reported there are none. */
function patternFacts(finding: unknown): readonly Fact[] {
  const measures = at(finding, 'measures')
  if (!measures) return []
  const figure = (name: string): string => Number(at(measures, name)).toLocaleString('en-US')
  const volume = textAt(measures, 'pattern') === 'volume'
  const next = listAt(finding, 'next').map(String)
  return [
    ['about', `${textAt(finding, 'about')}, who is not shown it`],
    ['pattern', `${textAt(measures, 'pattern')} on ${textAt(measures, 'day')}, UTC`],
    [
      'measured',
      volume
        ? `${figure('words')} words, ${figure('factor')} times ${figure('median')}; the threshold is ${figure('threshold')} times`
        : `${figure('matching')} of ${figure('replies')} replies, ${figure('percent')} %; the threshold is ${figure('threshold')} %`,
    ],
    ['clients', `${figure('clients')}; most went to ${wordsAt(finding, 'clients')}`],
    ...next.map((command, i): Fact => [i === 0 ? 'next' : '', command]),
  ]
}

function findingFacts(finding: unknown): readonly Fact[] {
  const title = textAt(finding, 'title')
  const text = textAt(finding, 'text')
  const due = utc(textAt(finding, 'due_at'))
  const resolved = textAt(finding, 'resolved', 'text')
  return [
    ['finding', `${textAt(finding, 'id')}, ${textAt(finding, 'state')}`],
    ['what', `${textAt(finding, 'kind')} of ${textAt(finding, 'model')}, ${textAt(finding, 'severity')}`],
    ['title', title && quoted(title)],
    ['text', text && quoted(text)],
    ['withheld', withheldText(finding)],
    ...patternFacts(finding),
    [
      'reporter',
      at(finding, 'measures')
        ? 'nobody: the gateway has found it'
        : [textAt(finding, 'organisation'), signatureText(at(finding, 'by'))].filter(Boolean).join(': '),
    ],
    ['developer', textAt(finding, 'developer')],
    [
      'agreement',
      [textAt(finding, 'agreement'), textAt(finding, 'clause')].filter(Boolean).join(', clause '),
    ],
    ['discovered', utc(textAt(finding, 'discovered_at'))],
    ['reported', utc(textAt(finding, 'reported_at'))],
    ['due', due && `${due}${at(finding, 'late') === true ? ': it came LATE' : ': it came in time'}`],
    ['embargo', utc(textAt(finding, 'embargo_until'))?.replace(/^/, 'until ')],
    ['entry', textAt(finding, 'entry')],
    ['told', wordsAt(finding, 'handed_to')],
    ['shared', wordsAt(finding, 'shared_with').replace(/^(?=.)/, 'with consultants of ')],
    ...handOffFacts(at(finding, 'hand_off')),
    ['resolved', resolved && `${signatureText(at(finding, 'resolved', 'by'))}: ${quoted(resolved)}`],
  ]
}

function handOffFacts(handOff: unknown): readonly Fact[] {
  const to = textAt(handOff, 'to')
  if (to === undefined) return []
  const receipt = textAt(handOff, 'receipt', 'id')
  const again = utc(textAt(handOff, 'next_at'))
  return [
    ['handed to', `${to}, by ${signatureText(at(handOff, 'by'))}`],
    ['sha256', textAt(handOff, 'sha256')],
    [
      'sent',
      `${counted(Number(at(handOff, 'attempts')), 'time')}${again ? `, no receipt yet; again ${again}` : ''}`,
    ],
    ['receipt', receipt && `${receipt}, ${utc(textAt(handOff, 'receipt', 'at'))}`],
  ]
}
