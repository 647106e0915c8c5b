/** A proposal is shown before somebody signs it, and signed in the version that was shown. */
import type { Command } from 'commander'
import { at, textAt } from '../json.ts'
import { askLine } from './ask.ts'
import type { Cli } from './cli.ts'
import { changedSince, confirm, judgeConfirmation, readSeen, toldBy, waits } from './decision.ts'
import { differenceFacts, effectFacts, subjectText } from './decision-lines.ts'
import { type Fact, formatFacts, listAt, quoted, reasonFacts, signatureText, utc } from './facts.ts'
import { exit, Failure } from './failure.ts'
import { type Noun, recordPath } from './record-commands.ts'
import { readList } from './records.ts'

export interface ApprovalOptions {
  readonly yes?: true
  readonly confirm?: string
}

export const addApprovalOptions = (command: Command): Command =>
  command
    .option('--yes', 'without a question')
    .option('--confirm <id>', 'of what it is about, where it can hardly be taken back')

export const proposals: Noun = { name: 'proposal', path: '/proposals' }
export const proposalPath = (id: string): string => recordPath(proposals, id)

/** Prints what became of it; exit code 3 where it still waits for somebody else. */
export async function approveProposal(cli: Cli, id: string, options: ApprovalOptions): Promise<void> {
  const { gateway } = await cli.openPerson()
  const seen = await readSeen(gateway, proposalPath(id))
  let shown = false
  const subject = textAt(seen.body, 'subject', 'id') ?? ''
  judgeConfirmation(subject, options.confirm)
  if (textAt(seen.body, 'state') === 'open') {
    const severe = at(seen.body, 'severe') === true
    // Whoever cannot sign it is not asked whether they want to.
    if (severe ? options.confirm === undefined : !options.yes) await judgeSeat(cli, seen.body)
    const facts = formatFacts(proposalFacts(seen.body))
    // Whoever is asked sees it in any case.
    const asked = !options.yes && options.confirm === undefined
    if (asked) cli.terminal.say(facts)
    else cli.remark(facts.trimEnd())
    shown = asked || cli.options().quiet !== true
    if (severe) {
      if (options.confirm === undefined) await confirm(cli, subject)
    } else if (!options.yes) await agree(cli)
  }
  const answer = await gateway.post(`${seen.record}/approve`, {}, { ifMatch: seen.version })
  if (answer.status === 412) throw await changedSince(gateway, seen, answer)
  const told = toldBy(gateway.issuer, answer)
  if (textAt(told, 'state') === 'open') cli.endWith(waits)
  await printEnd(cli, told, shown)
}

/** By the gateway's word. Throws a `Failure` of policy where the signature of this person is none that is missing. */
async function judgeSeat(cli: Cli, proposal: unknown): Promise<void> {
  const id = textAt(proposal, 'id')
  const mine = await readList(cli, '/proposals', { state: 'open', waits_on: 'me' })
  if (mine.some(one => textAt(one, 'id') === id)) return
  const office = textAt(proposal, 'waits_on')
  throw new Failure(
    exit.refused,
    `It does not wait on you: you asked for it, have signed it, or hold no role that decides on it.${office ? ` It waits on ${office}.` : ''}`,
    { code: 'signature_not_missing', next: `sallyport proposal get ${id}` },
  )
}

async function agree(cli: Cli): Promise<void> {
  const answer = await askLine(cli, 'Sign it? [y/N] ')
  if (answer !== undefined && /^y(es)?$/i.test(answer)) return
  if (answer !== undefined)
    throw new Failure(exit.usage, 'It is not signed. Nothing was changed.', { code: 'declined' })
  throw new Failure(exit.usage, 'Nobody is here to be asked. Nothing was changed.', {
    code: 'confirmation_missing',
    next: 'Repeat it with --yes',
  })
}

/** What has become of a proposal, after an answer to it; what it changes only where that was not `shown` before. */
export async function printEnd(cli: Cli, proposal: unknown, shown = false): Promise<void> {
  if (cli.options().json) return cli.printValue(proposal)
  const open = textAt(proposal, 'state') === 'open'
  await cli.terminal.write(
    formatFacts([
      [open ? 'signed' : (textAt(proposal, 'state') ?? 'done'), askedText(proposal)],
      ...(textAt(proposal, 'state') === 'applied' && !shown ? differenceFacts(proposal) : []),
      ['proposal', textAt(proposal, 'id')],
      ['waits on', textAt(proposal, 'waits_on')],
      ['until', open ? utc(textAt(proposal, 'expires_at')) : undefined],
      ['entry', textAt(proposal, 'entry')],
    ]),
  )
}

export const askedText = (proposal: unknown): string =>
  `${textAt(proposal, 'action')} of ${subjectText(at(proposal, 'subject'))}`

export function proposalFacts(proposal: unknown): readonly Fact[] {
  const by = textAt(proposal, 'proposed_by', 'name')
  const open = textAt(proposal, 'state') === 'open'
  const ended = textAt(proposal, 'ended', 'by', 'name')
  const appeal = textAt(proposal, 'ended', 'appeal')
  return [
    ['proposal', `${textAt(proposal, 'id')}, ${textAt(proposal, 'state')}`],
    ['asks for', askedText(proposal)],
    ['asked by', signatureText(at(proposal, 'proposed_by'))],
    ...reasonFacts(at(proposal, 'reason'), by),
    ...differenceFacts(proposal),
    ...effectFacts(proposal),
    ['counted', countedText(proposal)],
    ['beware', at(proposal, 'severe') === true ? 'it can hardly be taken back' : undefined],
    ...listAt(proposal, 'signatures').map((one): Fact => ['signed', `by ${signatureText(one)}`]),
    ['waits on', textAt(proposal, 'waits_on')],
    ['until', open ? utc(textAt(proposal, 'expires_at')) : undefined],
    [
      'ended',
      at(proposal, 'ended')
        ? `${utc(textAt(proposal, 'ended', 'at'))}${ended ? `, by ${ended}` : ''}`
        : undefined,
    ],
    ...endReason(proposal),
    ['appeal', appeal && `once: ${appeal}`],
    ['shown', textAt(proposal, 'shown')],
    ['entry', textAt(proposal, 'entry')],
  ]
}

/** Where somebody still decides: the effects are as old as the proposal, and are counted anew with the last signature. */
function countedText(proposal: unknown): string | undefined {
  const when = utc(textAt(proposal, 'effects_at'))
  if (when === undefined || effectFacts(proposal).every(([, value]) => value === undefined)) return undefined
  const open = textAt(proposal, 'state') === 'open'
  return `as of ${when}${open ? '; counted anew with the last signature' : ''}`
}

function endReason(proposal: unknown): readonly Fact[] {
  const text = textAt(proposal, 'ended', 'reason', 'text')
  const code = textAt(proposal, 'ended', 'reason', 'code')
  if (code === undefined) return []
  const by = textAt(proposal, 'ended', 'by', 'name')
  return [
    [
      'because',
      text === undefined ? `${code}; the words are sealed` : `${code}, entered by ${by}: ${quoted(text)}`,
    ],
  ]
}
