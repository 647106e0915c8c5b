import type { Command } from 'commander'
import { apiResource, modelResource } from '../issuer.ts'
import {
  issueToken,
  judgeClock,
  listModels,
  reach,
  readKeys,
  readMetadata,
  readQuota,
} from './check-gateway.ts'
import { algorithmOf, judgeEnvironment, judgeKey, judgeNode } from './check-machine.ts'
import { type Check, createCheckup } from './checkup.ts'
import type { Cli, RowColumns } from './cli.ts'
import { wrapped } from './facts.ts'
import { exit } from './failure.ts'

export function addDoctor(program: Command, cli: Cli): void {
  program
    .command('doctor')
    .description('check this setup step by step, and say what to do; it costs no tokens')
    .action(() => doctor(cli))
}

async function doctor(cli: Cli): Promise<void> {
  const checks = await checkSetup(cli)
  // Whatever was broken off did not fail.
  cli.terminal.interrupted.throwIfAborted()
  const { json, output } = cli.options()
  if (json) await cli.printValue({ checks })
  else await cli.printRows(output === 'table' ? checks.flatMap(linesOf) : checks, columns)
  const failed = checks.find(({ status }) => status === 'failed')
  if (failed) cli.endWith(failed.name === 'profile' ? exit.notSignedIn : exit.failed)
}

/** In the order in which a call needs them. */
async function checkSetup(cli: Cli): Promise<readonly Check[]> {
  const { check, checks } = createCheckup()
  await check('node', {}, () => judgeNode(process.version))
  await check('environment', {}, () => judgeEnvironment(cli.terminal.env))
  const profile = await check('profile', {}, async () => {
    const found = await cli.profile()
    return { found, detail: `${found.client_id}, for its owner alone` }
  })
  const key = await check('key', { profile }, async ({ profile }) => ({
    ...(await judgeKey(profile)),
    found: (await cli.open()).gateway,
  }))

  const issuer = await check('issuer', { profile }, ({ profile }) => reach(cli, profile.issuer))
  await check('clock', { issuer }, ({ issuer }) => judgeClock(issuer))
  const metadata = await check('metadata', { profile, issuer }, ({ profile, issuer }) =>
    readMetadata(cli, issuer, algorithmOf(profile)),
  )
  await check('keys', { metadata }, ({ metadata }) => readKeys(cli, metadata))

  const model = profile?.model
  const api = await check('api token', { key, metadata }, ({ key }) =>
    issueToken(key, apiResource(key.issuer)),
  )
  const token = await check('model token', { key, metadata }, ({ key }) =>
    issueToken(key, model && modelResource(key.issuer, model)),
  )
  await check('quota', { key, 'api token': api }, ({ key }) => readQuota(key, model))
  await check('models', { key, 'model token': token }, ({ key }) => listModels(key, model))
  return checks
}

interface Line extends Omit<Check, 'status'> {
  readonly status: string
}

/** In a table the next step has a line of its own: a person reads it there and then. Longer ones go on below. */
const linesOf = ({ name, status, detail, next }: Check): readonly Line[] =>
  [detail, ...(next === null ? [] : [`→ ${next}`])]
    .flatMap(text => wrapped(text, detailFrom).split('\n'))
    .map((text, i) => ({
      ...(i === 0 ? { name, status } : { name: '', status: '' }),
      detail: text.trim(),
      next: null,
    }))

/** The longest name of a check, the longest status, and two blanks behind each. */
const detailFrom = 11 + 2 + 7 + 2

const columns: RowColumns<Line> = {
  table: [
    { title: 'CHECK', value: row => row.name },
    { title: 'STATUS', value: row => row.status },
    { title: 'DETAIL', value: row => row.detail },
  ],
  csv: [
    { title: 'check', value: row => row.name },
    { title: 'status', value: row => row.status },
    { title: 'detail', value: row => row.detail },
    { title: 'next', value: row => row.next },
  ],
}
