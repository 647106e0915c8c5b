/** `sallyport agreement`: what the parties draft, sign and end, and what stands in it. */
import type { Command } from 'commander'
import { at, textAt } from '../json.ts'
import { addDiff } from './agreement-diff.ts'
import { judgeVersion, noun } from './agreement-document.ts'
import { addDraft } from './agreement-draft.ts'
import { addExport } from './agreement-export.ts'
import { agreementFacts } from './agreement-facts.ts'
import { tellNext } from './agreement-next.ts'
import { addRegistry } from './agreement-registry.ts'
import { addAcknowledge, addSign } from './agreement-sign.ts'
import { agreementText } from './agreement-text.ts'
import { addVerify } from './agreement-verify.ts'
import { addClauseCommands } from './clause.ts'
import type { Cli } from './cli.ts'
import type { DecisionOptions } from './decision.ts'
import { listAt, utc, utcShort } from './facts.ts'
import { words } from './option-forms.ts'
import { ownOrganisation } from './own-organisation.ts'
import { addDecision, addGet, addRatify, recordPath } from './record-commands.ts'
import { column, fields, printList, printRows, readRecord } from './records.ts'

export function addAgreement(program: Command, cli: Cli): void {
  const agreement = program.command('agreement').description('the protected agreements')
  addList(agreement, cli)
  addGet(agreement, cli, noun, agreementFacts)
  addVersions(agreement, cli)
  addDiff(agreement, cli)
  addRegistry(agreement, cli)
  addClauseCommands(agreement, cli)
  addDraft(agreement, cli)
  addDecision(agreement, cli, noun, {
    verb: 'offer',
    what: 'offer a draft to the parties, to be signed as it stands',
    after: tellNext,
  })
  addDecision(agreement, cli, noun, {
    verb: 'return',
    what: 'take an offer back, or as a party do not sign it: it can be drafted further',
  })
  addSign(agreement, cli)
  addAcknowledge(agreement, cli)
  addExport(agreement, cli)
  addVerify(agreement, cli)
  addEnds(agreement, cli)
}

function addList(agreement: Command, cli: Cli): void {
  agreement
    .command('list')
    .description('those that you see')
    .option('--partner <id>', 'only those of one')
    .action(async ({ partner }: { readonly partner?: string }) => {
      const own = (await cli.openPerson()).stored.organisation ?? (await ownOrganisation(cli))
      await printList(cli, {
        path: noun.path,
        query: { partner },
        table: [
          column('ID', 'id'),
          { title: 'WITH', value: row => otherSide(row, own) },
          column('STATE', 'state'),
          { title: 'UNTIL', value: row => utcShort(textAt(row, 'ends_at'))?.slice(0, 10) },
        ],
        csv: fields(
          ...[
            'id',
            'kind',
            'state',
            'title',
            'terms_version',
            'digest',
            'developer',
            'counterparty',
            'models',
          ],
          ...['starts_at', 'ends_at', 'consented_at', 'version'],
        ),
        none: 'You see no agreement.',
      })
    })
}

/** Whoever is no party of the two sees whom access is given to. */
const otherSide = (row: unknown, own: string): string | undefined =>
  textAt(row, textAt(row, 'counterparty') === own ? 'developer' : 'counterparty')

function addVersions(agreement: Command, cli: Cli): void {
  agreement
    .command('versions')
    .description('what was agreed when; one of them with its whole text')
    .argument('<agreement>', 'its id')
    .argument('[digest]', 'of the one to read')
    .action(async (id: string, digest: string | undefined) => {
      const path = `${recordPath(noun, id)}/versions`
      if (digest !== undefined) return printVersion(cli, id, `${path}/${encodeURIComponent(digest)}`)
      const rows = listAt(await readRecord(cli, path), 'items')
      const agreement = await readRecord(cli, recordPath(noun, id))
      await printRows(cli, rows, {
        table: row => [
          `version ${at(row, 'terms_version')}  ${textAt(row, 'digest')}`,
          `${forceText(row, rows, agreement)}, signed by ${signatories(row) || 'nobody yet'}`,
        ],
        csv: fields('agreement', 'terms_version', 'digest', 'drafted_at', 'offered_at', 'effective_at'),
        none: 'You see no version of it.',
      })
    })
}

/** Until the next one that came into force, or the end of the agreement. */
function forceText(version: unknown, all: readonly unknown[], agreement: unknown): string {
  const since = textAt(version, 'effective_at')
  if (since === undefined)
    return textAt(agreement, 'ended', 'at') === undefined ? 'not in force yet' : 'never in force'
  const followed = all
    .flatMap(one => textAt(one, 'effective_at') ?? [])
    .filter(at => at > since)
    .sort()[0]
  const until = followed ?? textAt(agreement, 'ended', 'at')
  // It can end before its term begins.
  if (until !== undefined && until <= since) return 'never in force'
  if (until !== undefined) return `in force from ${utc(since)} to ${utc(until)}`
  return textAt(agreement, 'state') === 'signed'
    ? `in force from ${utc(since)}`
    : `in force since ${utc(since)}`
}

const signatories = (version: unknown): string =>
  listAt(version, 'signatures')
    .flatMap(one => textAt(one, 'organisation') ?? [])
    .join(', ')

async function printVersion(cli: Cli, id: string, path: string): Promise<void> {
  const version = await readRecord(cli, path)
  if (cli.options().json) return cli.printValue(version)
  const { document, digest } = judgeVersion(id, version)
  await cli.terminal.write(agreementText(document, digest))
}

function addEnds(agreement: Command, cli: Cli): void {
  addDecision(agreement, cli, noun, { verb: 'suspend', what: 'stop what it gives at once', stops: true })
  addRatify(agreement, cli, noun)
  addDecision(agreement, cli, noun, {
    verb: 'reinstate',
    what: 'end a suspension, developer and government together',
  })
  addDecision(agreement, cli, noun, { verb: 'resume', what: 'as its developer, end what you stopped alone' })
  addDecision(agreement, cli, noun, {
    verb: 'terminate',
    what: 'end it for good, by two people',
    severe: true,
    after: tellNext,
  })
  addDecision(agreement, cli, noun, {
    verb: 'leave',
    what: 'as a party, go on your own',
    severe: true,
    after: tellNext,
  })
  addDecision<DecisionOptions & { readonly attestation: string }>(agreement, cli, noun, {
    verb: 'attest',
    what: 'as its counterparty, attest after its end that what came from the model is destroyed',
    options: command => command.requiredOption('--attestation <words>', 'what was destroyed, and how', words),
    params: ({ attestation }) => ({ text: attestation }),
    after: tellNext,
  })
  addDecision(agreement, cli, noun, {
    verb: 'discard',
    what: 'as its developer, drop a draft that was never offered',
  })
  addDecision(agreement, cli, noun, { verb: 'close', what: 'as its developer, close one that has ended' })
}
