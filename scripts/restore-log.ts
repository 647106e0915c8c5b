/**
 * `npm run restore-log [-- --stack <name>]`: after the table of entries was restored from a copy, makes it agree again with
 * the log that is published. Nothing of that is written: what everybody has seen stays. docs/operate.md has the whole
 * procedure.
 */
import { parseArgs } from 'node:util'
import { counted } from '../client/cli/facts.ts'
import { systemRandom } from '../shared/adapters/world.ts'
import type { Table } from '../shared/ports/store.ts'
import { ask } from './ask.ts'
import { stackOption } from './deployment.ts'
import { type Found, look } from './restore-log/look.ts'
import { openLog } from './restore-log/open.ts'
import { putBack, putReadersBack } from './restore-log/put-back.ts'
import { type FoundReaders, lookForReaders } from './restore-log/readers.ts'

interface Asked {
  readonly stack: string | undefined
  /** Restored tables that do not serve yet. */
  readonly restored: Partial<Record<Table, string>>
  readonly reason: string | undefined
  readonly dryRun: boolean
  readonly yes: boolean
}

const usage = `npm run restore-log
npm run restore-log -- --stack <name>

After the table of entries was restored from a copy: brings it to the log that is published, from the archives.
After the registry was restored: gives each reader the slot again that the log says is theirs.
  --dry-run         show what would be done, and change nothing
  --yes             do not ask
  --reason          why, in your words, for the log
  --stack           a deployed stack; else the folder of SALLYPORT_DATA, which no server has meanwhile
  --entries-table   of a stack: the restored table, where it does not serve yet
  --registry-table  the same, of the registry, whose preservation orders count, and whose slots are put right`

async function main(args: readonly string[]): Promise<void> {
  if (args.includes('--help')) return console.log(usage)
  const { stack, restored, reason, dryRun, yes } = readArguments(args)
  const log = await openLog(stack, restored)
  try {
    const found = await look(log.deps)
    const isThere = 'nothing' in found
    const readers = await lookForReaders(log.deps, isThere ? [] : found.epochs)
    for (const line of [...(isThere ? [] : describe(found)), ...describeReaders(readers)])
      console.log(printable(line))
    if (isThere) {
      if (readers.corrections.length === 0) return console.log(`${found.nothing} There is nothing to do.`)
      console.log(found.nothing)
    }
    const { operator } = log
    console.log(`Recorded as done by ${operator}.`)
    if (dryRun) return console.log('A dry run: nothing was changed.')
    if (!yes) await confirm(isThere ? 'slots' : String(found.target.size))
    const order = { operator, ...(reason && { reason }) }
    const deps = { ...log.deps, random: systemRandom }
    const { size, eid } = isThere
      ? await putReadersBack(deps, readers, order)
      : await putBack(deps, found, order, readers)
    if (!isThere) console.log(`The table is at ${size}, and the log goes on from there.`)
    console.log(`Entry: ${eid}`)
  } finally {
    log.close()
  }
}

function readArguments(args: readonly string[]): Asked {
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...stackOption,
      'entries-table': { type: 'string' },
      'registry-table': { type: 'string' },
      reason: { type: 'string' },
      'dry-run': { type: 'boolean', default: false },
      yes: { type: 'boolean', default: false },
    },
  })
  const { stack, 'entries-table': entries, 'registry-table': registry } = values
  if (stack === undefined && (entries !== undefined || registry !== undefined))
    throw new Error('--entries-table and --registry-table are of a stack: --stack names it.')
  return {
    stack,
    restored: { ...(entries && { entries }), ...(registry && { registry }) },
    reason: values.reason?.trim() || undefined,
    dryRun: values['dry-run'],
    yes: values.yes,
  }
}

function describe({ state, target, tiles, from, counts, displaced, gone, epochs }: Found): readonly string[] {
  const { size, published, staged, passedOver } = target
  const entries = (count: number): string => counted(count, 'entry', 'entries')
  const halted = state?.halted ? `, and halted: ${state.halted.detail}` : ''
  return [
    state === undefined
      ? 'The table has no state of the log.'
      : `The table is at ${counted(state.size, 'leaf', 'leaves')}${halted}.`,
    `Published are ${counted(published.size, 'leaf', 'leaves')}.`,
    ...(staged ? [`A commit beyond that was on its way and is taken, to ${size}: ${staged.key}`] : []),
    ...passedOver.map(line => `Passed over: ${line}`),
    `The leaves and ${counted(tiles, 'tile')} come to the signed root of ${size}.`,
    `The archives hold ${entries(size - from - gone)} from the place ${from} on, each with its leaf.`,
    ...(gone > 0 ? [`Deleted since, and not looked for: ${entries(gone)}.`] : []),
    `Of these the table has ${counts.nothing} as they are.`,
    `To be put back: ${entries(counts.put)}.`,
    ...(counts.leave > 0 ? [`Older than everything is kept, and left: ${entries(counts.leave)}.`] : []),
    `To get their place, as they wait for it: ${entries(counts.place)}.`,
    ...displaced.map(
      ({ eid, digest, charge }) =>
        `To give way to what the tree has under that id: ${eid} (${digest})${charge === undefined ? '' : `, of ${charge} tokens`}`,
    ),
    ...epochs.map(({ epoch, slots }) => `To be made for ${slots} readers again: the epoch ${epoch}.`),
  ]
}

const describeReaders = ({ corrections, contested, unread }: FoundReaders): readonly string[] => [
  ...unread.map(line => `Not looked at for readers’ slots, which may be lacking: ${line}`),
  ...corrections.map(
    ({ epoch, changed, item }) =>
      `To be put right in the registry, of the epoch ${epoch}: ${counted(changed.length, 'reader')}; the next slot is ${item.given}.`,
  ),
  ...contested.map(
    ({ epoch, slot, readers }) =>
      `The slot ${slot} of the epoch ${epoch} was that of ${readers.join(' and of ')}: a copy with it is of one of them, and nobody goes on with it.`,
  ),
]

/** What lies in a bucket has its names from whoever put it there. */
const printable = (line: string): string => line.replace(/\p{C}/gu, '�')

/** `word`: where the table will be, or what alone is put right. */
async function confirm(word: string): Promise<void> {
  const typed = await ask(`To do it, type ${word}: `, 'give --yes.')
  if (typed !== word) throw new Error('that is something else.')
}

main(process.argv.slice(2)).catch((error: Error) => {
  console.error(printable(`The log was not restored: ${error.message}`))
  process.exitCode = 1
})
