/** `agreement sign` and `agreement acknowledge`: what somebody reads, and how they say that they agree. */
import type { Command } from 'commander'
import { acknowledgementText, consentText, noticeText } from '../../shared/agreements/attestation.ts'
import { statementTypes } from '../../shared/agreements/statement.ts'
import { at, textAt } from '../json.ts'
import { digestOption, judgeVersion, noun, type Version } from './agreement-document.ts'
import { tellNext } from './agreement-next.ts'
import { agreementText } from './agreement-text.ts'
import { askLine } from './ask.ts'
import type { Cli } from './cli.ts'
import { addDecisionOptions, type DecisionOptions, decide } from './decision.ts'
import { formatFacts, quoted, wrapped } from './facts.ts'
import { exit, Failure } from './failure.ts'
import { recordPath } from './record-commands.ts'
import { readRecord } from './records.ts'
import { repeated } from './repeated.ts'
import { readOwnKey } from './sign-key.ts'

type SignOptions = DecisionOptions & { readonly digest?: string; readonly key?: string }

export function addSign(agreement: Command, cli: Cli): void {
  const command = agreement
    .command('sign')
    .description('read what is offered, and sign it for your organisation')
    .argument('<agreement>', 'its id')
    .option('--digest <digest>', 'of the version that you have read: you are not asked again', digestOption)
    .option('--key <file>', 'sign with a registered key of your own, a private JWK in a file of mode 0600')
  addDecisionOptions(command).action(async (id: string, options: SignOptions, given: Command) => {
    const record = recordPath(noun, id)
    const key = options.key === undefined ? undefined : await readOwnKey(options.key)
    const version = judgeVersion(id, offeredOf(id, await readRecord(cli, record)))
    const { text, digest, document } = version
    const consent = consentText(document)
    await agree(cli, version, options, {
      shown: `${agreementText(document, digest)}\n`,
      question: `${consent}${key ? ` With the key ${key.kid}.` : ''}`,
      given,
      undone: 'Nothing was signed.',
    })
    // A signature is good wherever it is; what is only tried makes none.
    if (key && options.dryRun) cli.remark('A dry run makes no signature: it is told as one that is attested.')
    const signature = key && !options.dryRun ? await key.sign(statementTypes.document, text) : undefined
    await decide(cli, `${record}/sign`, {
      id,
      noun: noun.name,
      record,
      params: { digest, ...(signature && { signature }) },
      options,
      after: tellNext,
    })
  })
}

/** The next version where that is offered, else the first one. */
function offeredOf(id: string, shown: unknown): unknown {
  const next = at(shown, 'next')
  if (textAt(next, 'state') === 'offered') return next
  if (textAt(shown, 'state') === 'offered') return shown
  throw new Failure(
    exit.failed,
    `No version of ${id} is offered to be signed: it is ${stateText(shown)}${next ? ', and its next version a draft' : ''}.`,
    { code: 'state_forbids', next: `sallyport agreement get ${id}` },
  )
}

const stateText = (shown: unknown): string => {
  const state = textAt(shown, 'state') ?? ''
  return state === 'draft' ? 'a draft' : state.replaceAll('_', ' ')
}

export function addAcknowledge(agreement: Command, cli: Cli): void {
  const command = agreement
    .command('acknowledge')
    .description('read the notice of what is recorded, and acknowledge it; no call is admitted before')
    .argument('<agreement>', 'its id')
    .option(
      '--digest <digest>',
      'of the version whose notice you have read: you are not asked again',
      digestOption,
    )
  addDecisionOptions(command).action(async (id: string, options: SignOptions, given: Command) => {
    const record = recordPath(noun, id)
    const version = judgeVersion(id, await readRecord(cli, record))
    const { document, digest } = version
    const notice = document.clauses.find(({ kind }) => kind === 'retention-notice')
    await agree(cli, version, options, {
      shown: `${formatFacts([
        ['agreement', `${id}, version ${document.version}: ${quoted(document.title)}`],
        ['clause', notice?.id],
        ['digest', `${digest} (computed here)`],
      ])}\n`,
      question: acknowledgementText(notice?.kind === 'retention-notice' ? noticeText(notice.terms) : ''),
      given,
      undone: 'Nothing was acknowledged.',
    })
    await decide(cli, `${record}/acknowledge`, {
      ...{ id, noun: noun.name, record },
      params: { digest },
      options,
      after: tellNext,
    })
  })
}

interface Reading {
  readonly shown: string
  /** What they say who agree. */
  readonly question: string
  /** The command as it was given. */
  readonly given: Command
  /** Where they do not agree. */
  readonly undone: string
}

/** Shows it, unless with `--quiet` and its digest; the digest is named, or they agree at the terminal. */
async function agree(
  cli: Cli,
  { digest }: Version,
  options: SignOptions,
  { shown, question, given, undone }: Reading,
): Promise<void> {
  if (options.digest !== undefined && options.digest !== digest)
    throw new Failure(
      exit.failed,
      `It is another version now: its digest is ${digest}. ${undone} Read it as it is now.`,
      {
        code: 'version_stale',
        next: repeated(given, { without: ['--digest'] }),
      },
    )
  const named = options.digest !== undefined || options.dryRun === true
  const whole = `${shown}${question
    .split(/\r?\n/)
    .map(line => `${wrapped(line, 0)}\n`)
    .join('')}`
  if (!named || cli.options().quiet !== true) cli.terminal.say(whole)
  if (named) return
  const answer = await askLine(cli, 'Is that what you say? [y/N] ')
  if (answer !== undefined && /^y(es)?$/i.test(answer)) return
  if (answer !== undefined) throw new Failure(exit.usage, undone, { code: 'declined' })
  throw new Failure(exit.usage, `${undone} Once you have read it, name its digest.`, {
    code: 'confirmation_missing',
    next: repeated(given, { by: ['--digest', digest] }),
  })
}
