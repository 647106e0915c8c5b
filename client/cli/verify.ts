/** `sallyport verify`: what the log says, told from files alone. Nobody signs in, and nobody is asked but `--log`. */
import type { Command } from 'commander'
import type { Cli } from './cli.ts'
import { type BudgetOptions, runVerifyBudget } from './verify-budget.ts'
import { type BundleOptions, runVerifyBundle } from './verify-bundle.ts'
import { type CheckpointOptions, runVerifyCheckpoint } from './verify-checkpoint.ts'
import { type RangeOptions, runVerifyRange } from './verify-range.ts'
import { type RecordOptions, runVerifyRecord } from './verify-record.ts'

const key = [
  '--key <vkey>',
  'the log’s key or a file with it, as its /log/vkey answers: trust it as you trust whoever gave it to you',
] as const
const log = [
  '--log <folder|url>',
  'the log’s public files: a copy of them, or their address, which is all that is ever asked',
] as const

const endings = `
Ends with
  0  all of it was proved
  6  it is not what the log has signed, or the log has signed two tales
  1  nothing contradicts it, and not all could be proved: a record without a
     slot, a tile that is not there, a witness that has not cosigned
  2  it cannot be read, or the key or the proof is missing`

const rangeHelp = `
  curl -s https://gateway.example/log/vkey -o log.vkey
  sallyport log search --json --proofs partner:cedar > mine.json
  sallyport verify range mine.json --key log.vkey
  sallyport verify range mine.json --key log.vkey --with theirs.json \\
    --log https://gateway.example/log
Two files of two moments are of two trees: --log shows that one has grown from
the other.`

const budgetHelp = `
The records tell the limits that were decided. --limit counts in their place;
total= is needed, and <meter>: where there are several budgets.
  sallyport verify budget cedar.zip --key log.vkey
  sallyport verify budget cedar.zip --limit total=5000000,per_day=200000`

export function addVerify(program: Command, cli: Cli): void {
  const verify = program
    .command('verify')
    .description('verify what the log says, without signing in; what does not fit ends with 6')
    .addHelpText('after', endings)
  verify
    .command('record')
    .description('one record, as log get --proof --json writes it')
    .argument('<file>', 'its JSON; - is stdin')
    .option(...key)
    .option(...log)
    .action((file: string, options: RecordOptions) => runVerifyRecord(cli, file, options))
  verify
    .command('range')
    .description('many records, as log search --proofs --json writes them; two readers can compare theirs')
    .argument('<file>', 'one list, or a record a line; - is stdin')
    .option(...key)
    .option('--with <file>', 'the records of another reader: whether both were shown the same')
    .option(...log)
    .addHelpText('after', rangeHelp)
    .action((file: string, options: RangeOptions) => runVerifyRange(cli, file, options))
  verify
    .command('checkpoint')
    .description('that the log has signed a tree, and that it has only grown')
    .argument('<file>', 'as its /log/checkpoint answers; - is stdin')
    .option(...key)
    .option('--older <file>', 'one that you kept from before: the tree must be its continuation')
    .option(...log)
    .option('--witness <vkey>', 'the key of a witness who must have cosigned it; may be repeated', several)
    .action((file: string, options: CheckpointOptions) => runVerifyCheckpoint(cli, file, options))
  verify
    .command('bundle')
    .description('all of an export: each record, by its signed tree; two readers can compare theirs')
    .argument('<zip>', 'as export download writes it')
    .option(...key)
    .option('--with <zip>', 'the bundle of another reader: whether both were shown the same')
    .option(...log)
    .option('--witness <vkey>', 'the key of a witness who must have cosigned it; may be repeated', several)
    .action((file: string, options: BundleOptions) => runVerifyBundle(cli, file, options))
  verify
    .command('budget')
    .description('that what was reserved and charged stayed within its limits, by the records of calls')
    .argument('<file>', 'the ZIP of an export, or a record a line; - is stdin')
    .option(...key)
    .option(...log)
    .option(
      '--limit <limit>',
      'total=<tokens>,per_day=<tokens>, for one meter [<meter>:]; may be repeated',
      several,
    )
    .addHelpText('after', budgetHelp)
    .action((file: string, options: BudgetOptions) => runVerifyBudget(cli, file, options))
}

const several = (one: string, before: readonly string[] = []): readonly string[] => [...before, one]
