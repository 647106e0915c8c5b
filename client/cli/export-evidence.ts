/** `sallyport export evidence` and `export receipt`: entries that developer and office hand over together. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { statutes } from '../../shared/domain/evidence.ts'
import { at, textAt } from '../json.ts'
import type { Cli } from './cli.ts'
import { addReasonOptions, type DecisionOptions, decide } from './decision.ts'
import { counted, type Fact, quoted, signatureText, utc } from './facts.ts'
import { exit, Failure } from './failure.ts'
import { instant, words } from './option-forms.ts'
import { addDecision, addGet, type Noun } from './record-commands.ts'
import { fields, printList } from './records.ts'

const noun: Noun = { name: 'evidence', path: '/evidence' }

export interface EvidenceOptions extends DecisionOptions {
  readonly evidence?: true
  readonly person?: string
  readonly organisation?: string
  readonly client?: string
  readonly incident?: string
  readonly from?: string
  readonly to?: string
  readonly statute?: readonly string[]
  readonly officer?: string
  readonly agency?: string
  readonly purpose: string
  readonly developer?: string
}

const selectors = ['person', 'organisation', 'client', 'incident'] as const

/** Below `sallyport export`. */
export function addExportEvidence(parent: Command, cli: Cli): void {
  const evidence = parent
    .command('evidence')
    .description('what was handed over to whoever investigates: sallyport export create --evidence')
  evidence
    .command('list')
    .description('what was handed over, as far as you see it')
    .action(() =>
      printList(cli, {
        path: noun.path,
        table: row => [
          `${textAt(row, 'id')}  ${textAt(row, 'agency')}, for ${textAt(row, 'officer')}`,
          `${quoted(textAt(row, 'query') ?? '')}, asked by ${textAt(row, 'organisation')}`,
          fileText(row),
        ],
        csv: fields(
          ...['id', 'organisation', 'developer', 'query', 'from', 'to', 'statutes', 'officer', 'agency'],
          ...['at', 'entry', 'export.id', 'export.state', 'export.sha256', 'receipt.reference', 'version'],
        ),
        none: 'There is no evidence for you to see.',
      }),
    )
  addGet(evidence, cli, noun, evidenceFacts)
  addReceipt(parent, cli)
}

/** Of `sallyport export create`. */
export function addEvidenceOptions(command: Command): Command {
  const own = command
    .option('--evidence', 'for whoever investigates, with exact times; it takes developer and office')
    .option('--person <id>', 'with --evidence: who acted')
    .option('--organisation <id>', 'with --evidence: whose people and clients acted')
    .option('--client <id>', 'with --evidence: the agent')
    .option('--incident <finding>', 'with --evidence: an incident that was reported')
    .option('--from <time>', 'with --evidence: the earliest moment', instant)
    .option('--to <time>', 'with --evidence: the latest moment', instant)
    .addOption(
      new Option(
        '--statute <statute>',
        `with --evidence: under which: ${statutes.join(', ')}; several may be given`,
      ).argParser(statute),
    )
    .option('--officer <words>', 'with --evidence: who asks for it by law', words)
    .option('--agency <words>', 'with --evidence: of which agency', words)
    .option('--developer <id>', 'with --evidence: whose models it is about, where it could be several')
  return addReasonOptions(own, false, true).option(
    '--dry-run',
    'with --evidence: change nothing; show what it would do',
  )
}

const needed = ['from', 'to', 'statute', 'officer', 'agency'] as const

/** With the second signature a job makes the file, as the copy of whoever asks. */
export function createEvidence(cli: Cli, query: string, options: EvidenceOptions): Promise<void> {
  const named = selectors.flatMap(name => {
    const value = options[name]
    return value === undefined ? [] : [[name, value] as const]
  })
  const missing = needed.filter(name => options[name] === undefined).map(name => `--${name}`)
  if (missing.length > 0)
    throw new Failure(exit.usage, `Evidence also takes ${missing.join(', ')}.`, {
      code: 'option_missing',
      next: 'See what it takes: sallyport export create --help',
    })
  if (named.length === 0 || query !== '')
    throw new Failure(
      exit.usage,
      'Evidence is of somebody, and of no query: --person, --organisation, --client, --incident.',
      {
        code: 'selection_missing',
        next: 'Name an actor, an agent, or an incident: sallyport export create --help',
      },
    )
  const { from, to, statute: under, officer, agency, purpose, developer } = options
  return decide(cli, noun.path, {
    id: '',
    noun: noun.name,
    params: {
      selection: { ...Object.fromEntries(named), from, to },
      statutes: under,
      ...{ officer, agency, purpose },
      ...(developer !== undefined && { developer }),
    },
    referenced: true,
    options,
  })
}

/** `1028` is enough. */
function statute(text: string, before: readonly string[] | undefined): readonly string[] {
  const found = statutes.find(one => one === text || one.endsWith(` ${text}`))
  if (found === undefined) throw new InvalidArgumentError(`It is one of: ${statutes.join(', ')}.`)
  return [...new Set([...(before ?? []), found])]
}

function addReceipt(parent: Command, cli: Cli): void {
  type Options = DecisionOptions & {
    readonly receipt: string
    readonly sha256: string
    readonly received: string
  }
  addDecision<Options>(parent, cli, noun, {
    verb: 'receipt',
    what: 'attest that the officer has received the file; the gateway signs it',
    options: command =>
      command
        .requiredOption('--receipt <words>', 'what the officer’s receipt is called', words)
        .requiredOption('--sha256 <digest>', 'of the file that they took', digest)
        .requiredOption('--received <time>', 'when they took it', instant),
    params: ({ receipt, sha256, received }) => ({ reference: receipt, sha256, received_at: received }),
  })
}

function digest(text: string): string {
  const lower = text.toLowerCase()
  if (!/^[0-9a-f]{64}$/.test(lower)) throw new InvalidArgumentError('It is 64 hexadecimal digits.')
  return lower
}

function fileText(evidence: unknown): string | undefined {
  const file = at(evidence, 'export')
  if (!file) return undefined
  const records = counted(Number(at(file, 'records') ?? 0), 'record')
  return `export ${textAt(file, 'id')}, ${textAt(file, 'state')}, ${records}`
}

function evidenceFacts(evidence: unknown): readonly Fact[] {
  const id = textAt(evidence, 'id')
  const receipt = at(evidence, 'receipt')
  const made = textAt(evidence, 'export', 'state') === 'done'
  const signatures = at(evidence, 'signatures')
  const statutesOf = at(evidence, 'statutes')
  return [
    ['evidence', id],
    ['of', quoted(textAt(evidence, 'query') ?? '')],
    ['for', `${textAt(evidence, 'officer')}, ${textAt(evidence, 'agency')}`],
    ['under', Array.isArray(statutesOf) ? statutesOf.join(', ') : undefined],
    ['reference', textAt(evidence, 'reference')],
    ['purpose', quoted(textAt(evidence, 'purpose') ?? '')],
    ...(Array.isArray(signatures) ? signatures : []).map((one): Fact => ['signed', signatureText(one)]),
    ['file', fileText(evidence)],
    ['sha256', textAt(evidence, 'export', 'sha256')],
    [
      'fetch',
      made
        ? `whoever asked for it: sallyport export download ${textAt(evidence, 'export', 'id')}`
        : undefined,
    ],
    [
      'received',
      receipt ? `${utc(textAt(receipt, 'received_at'))}, ${textAt(receipt, 'reference')}` : undefined,
    ],
    ['attested', signatureText(at(receipt, 'by'))],
    [
      'receipt',
      textAt(evidence, 'export', 'sha256') !== undefined && !receipt
        ? `to be attested: sallyport export receipt ${id}`
        : undefined,
    ],
    ['entry', textAt(evidence, 'entry')],
  ]
}
