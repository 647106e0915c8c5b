/**
 * What all commands share by which a person decides: the reason, the version that was seen, the id that a severe one asks
 * for, and what the gateway says of it.
 */
import { type Command, Option } from 'commander'
import { reasonCodes } from '../../shared/domain/stop.ts'
import type { Answer, PersonGateway } from '../index.ts'
import { at, textAt } from '../json.ts'
import { askLine } from './ask.ts'
import type { Cli } from './cli.ts'
import { type Asked, decisionLines } from './decision-lines.ts'
import { formatFacts } from './facts.ts'
import { exit, Failure, notSignedIn, refusedField, statusExit } from './failure.ts'
import { words } from './option-forms.ts'
import { printable } from './terminal.ts'

/** Accepted, and waits for another person. */
export const waits = 3

export interface DecisionOptions {
  readonly reason?: string
  readonly text?: string
  readonly reference?: string
  readonly sealed?: true
  readonly dryRun?: true
  readonly confirm?: string
  readonly breakGlass?: true
}

export interface Kind {
  /** It can hardly be taken back: `--confirm=<id>`. */
  readonly severe?: true
  /** It stops something: `--break-glass` does it alone where it takes two. */
  readonly stops?: true
  /** Its reason names a case or an order. */
  readonly referenced?: true
}

export function addReasonOptions(command: Command, mandatory: boolean, referenced?: true): Command {
  return command
    .addOption(new Option('--reason <code>', 'why').choices(reasonCodes).makeOptionMandatory(mandatory))
    .addOption(
      new Option('--text <words>', 'why, in your words; - reads them from stdin')
        .argParser(words)
        .makeOptionMandatory(mandatory),
    )
    .option('--reference <id>', `a ticket or case of yours${referenced ? '; needed, but in a dry run' : ''}`)
    .option('--sealed', 'the words are for the deciding side alone')
}

export function addDecisionOptions(command: Command, { severe, stops, referenced }: Kind = {}): Command {
  addReasonOptions(command, true, referenced).option('--dry-run', 'change nothing; show what it would do')
  if (severe) command.option('--confirm <id>', 'the id of what it is about, once more')
  if (stops) command.addOption(new Option('--break-glass', 'alone, where it takes two; others review it'))
  return command
}

export interface Deciding extends Kind, Asked {
  /** The record below `/api/v1` that is changed: its version goes with the request. Absent for what is made by it. */
  readonly record?: string
  /** Fields of the body beside the reason and the dry run; those that depend on the record as it was read. */
  readonly params?:
    | Readonly<Record<string, unknown>>
    | ((record: unknown) => Readonly<Record<string, unknown>>)
  readonly options: DecisionOptions
  /** In place of a reason, where nothing is recorded: no words that nobody entered stand in the log. */
  readonly usual?: { readonly code: string; readonly text: string }
  /** The record itself is changed, by PATCH. */
  readonly patch?: true
  /** What is to be said below what became of it. */
  readonly after?: (cli: Cli, id: string, told: unknown) => Promise<void>
}

/** Asks for a decision, prints what became of it, and sets the exit code: 0, or 3 where it waits for another person. */
export async function decide(cli: Cli, path: string, deciding: Deciding): Promise<void> {
  const told = await askDecision(cli, path, deciding)
  await printDecision(cli, told, deciding)
  await deciding.after?.(cli, deciding.id, told)
}

export const printDecision = (cli: Cli, told: unknown, asked: Asked): Promise<void> =>
  cli.options().json ? cli.printValue(told) : cli.terminal.write(decisionLines(told, asked))

/** The same without a word: for commands that have more to print. */
export async function askDecision(cli: Cli, path: string, deciding: Deciding): Promise<unknown> {
  const { id, record, params = {}, options, severe, patch } = deciding
  const fields = await decisionFields(cli, deciding)
  if (severe) judgeConfirmation(id, options.confirm)
  const { gateway } = await cli.openPerson()
  const seen = record === undefined ? undefined : await readSeen(gateway, record)
  const body = { ...(typeof params === 'function' ? params(seen?.body) : params), ...fields }
  const send = async (whole: Readonly<Record<string, unknown>>): Promise<unknown> => {
    const answer = await gateway[patch ? 'patch' : 'post'](path, whole, { ifMatch: seen?.version })
    if (answer.status === 412 && seen) throw await changedSince(gateway, seen, answer)
    return toldBy(gateway.issuer, answer)
  }
  // Without the id it is only shown at first: whoever reads it knows what they confirm.
  if (severe && options.confirm === undefined && !options.dryRun) {
    cli.terminal.say(decisionLines(await send({ ...body, dry_run: true }), deciding))
    await confirm(cli, id)
  }
  const told = await send(body)
  if (textAt(told, 'step') === 'proposed') cli.endWith(waits)
  return told
}

/** Throws a `Failure` of usage where the option names something else. */
export function judgeConfirmation(id: string, given: string | undefined): void {
  if (given !== undefined && given !== id)
    throw new Failure(exit.usage, `--confirm names ${given}, and this is about ${id}.`, {
      code: 'confirmation_missing',
      next: `Look whether it is the one you mean; then repeat it with --confirm=${id}`,
    })
}

/** Asks a person for the id; throws a `Failure` of usage where they type another, or nobody is there to ask. */
export async function confirm(cli: Cli, id: string): Promise<void> {
  const typed = await askLine(cli, `This can hardly be taken back. Type ${printable(id)} to do it: `)
  if (typed === id) return
  const said = typed === undefined ? 'This can hardly be taken back.' : 'That is another id.'
  throw new Failure(exit.usage, `${said} Nothing was changed yet.`, {
    code: 'confirmation_missing',
    next: `Repeat it with --confirm=${id}`,
  })
}

/** Stands by a stop that another person has put in force. */
export async function ratify(cli: Cli, record: string): Promise<void> {
  const { gateway } = await cli.openPerson()
  const seen = await readSeen(gateway, record)
  const answer = await gateway.post(`${record}/ratify`, undefined, { ifMatch: seen.version })
  if (answer.status === 412) throw await changedSince(gateway, seen, answer)
  const told = toldBy(gateway.issuer, answer)
  await (cli.options().json
    ? cli.printValue(told)
    : cli.terminal.write(
        formatFacts([
          ['ratified', seen.record.split('/').at(-1)],
          ['entry', textAt(told, 'entry')],
        ]),
      ))
}

/** Sealed words had better come by stdin: everybody on a machine can read the arguments of a command. */
export async function readReason(
  cli: Cli,
  options: DecisionOptions,
  usual?: Deciding['usual'],
): Promise<Readonly<Record<string, unknown>>> {
  const { reason = usual?.code, reference, sealed } = options
  const text = options.text === '-' ? await cli.readArgument('-', 'reason') : (options.text ?? usual?.text)
  if (reason === undefined || text === undefined)
    throw new Failure(exit.usage, 'A decision has a reason: --reason <code> and --text <words>.', {
      code: 'reason_missing',
      next: 'Say why: it stands in the log, and whom it concerns may read it.',
    })
  return {
    code: reason,
    text,
    ...(reference !== undefined && { reference }),
    ...(sealed && { sealed }),
  }
}

async function decisionFields(
  cli: Cli,
  { options, usual, referenced }: Deciding,
): Promise<Readonly<Record<string, unknown>>> {
  const { dryRun, breakGlass } = options
  if (referenced && !dryRun && options.reference === undefined)
    throw new Failure(exit.usage, 'It names a case or an order of yours: --reference <id>.', {
      code: 'reference_missing',
      next: 'Name it, or see what it would do: --dry-run',
    })
  return {
    reason: await readReason(cli, options, usual),
    ...(dryRun && { dry_run: true }),
    ...(breakGlass && { break_glass: true }),
  }
}

/** A record as it was read, and its ETag. */
export interface Seen {
  readonly record: string
  readonly body: unknown
  readonly version: string
}

export async function readSeen(gateway: PersonGateway, record: string): Promise<Seen> {
  const answer = await gateway.get(record)
  const body = toldBy(gateway.issuer, answer)
  const version = answer.headers.get('etag')
  if (version === null) throw new Failure(exit.failed, `The gateway names no version of ${record}.`)
  return { record, body, version }
}

/** Somebody else was faster: what of the record is other than it was when it was read. */
export async function changedSince(gateway: PersonGateway, seen: Seen, refused: Answer): Promise<Failure> {
  const now = await gateway.get(seen.record)
  const changes = now.status === 200 ? changedFields(seen.body, now.body) : []
  const what = changes.length > 0 ? ` Changed meanwhile: ${changes.join('; ')}.` : ''
  return new Failure(exit.failed, `It has changed since you saw it, and nothing was done.${what}`, {
    code: textAt(refused.body, 'code'),
    next: 'Look at it as it is now, and repeat the command if it is still right.',
    requestId: textAt(refused.body, 'request_id'),
  })
}

/** `state: active → suspended`, of fields that are words or numbers; of others, that they changed. */
function changedFields(before: unknown, after: unknown): readonly string[] {
  const names = [before, after].flatMap(one => (typeof one === 'object' && one ? Object.keys(one) : []))
  return [...new Set(names)]
    .filter(name => JSON.stringify(at(before, name)) !== JSON.stringify(at(after, name)))
    .map(name => {
      const [from, to] = [at(before, name), at(after, name)]
      const told = [from, to].every(one => ['string', 'number', 'boolean'].includes(typeof one))
      return told ? `${name}: ${from} → ${to}` : name
    })
}

/** Refused by an agreement or a rule, with a status that does not say so. */
const policyCodes: readonly string[] = ['ceiling_exceeded', 'classification_exceeded']

/** The body of an answer that is none of a refusal. */
export function toldBy(issuer: string, answer: Answer): unknown {
  const { status, body } = answer
  if (status >= 200 && status < 300) return body
  const code = textAt(body, 'code')
  if (status === 401 && code !== 'fresh_sign_in_required') throw notSignedIn(issuer, textAt(body, 'title'))
  const said = [textAt(body, 'title') ?? `The gateway answered ${status}`, textAt(body, 'detail')]
  throw new Failure(
    policyCodes.includes(code ?? '') ? exit.refused : statusExit(status),
    said.filter(Boolean).join('. '),
    {
      code: code ?? `http_${status}`,
      field: refusedField(body),
      next: textAt(body, 'next'),
      requestId: textAt(body, 'request_id') ?? answer.headers.get('x-request-id') ?? undefined,
    },
  )
}
