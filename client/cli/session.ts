/** `sallyport session`: where somebody is signed in, and the end of it. */
import type { Command } from 'commander'
import { at, textAt } from '../json.ts'
import type { Cli } from './cli.ts'
import { toldBy } from './decision.ts'
import { formatFacts, utcShort } from './facts.ts'
import { column, fields, printList } from './records.ts'

interface Whose {
  readonly person?: string
}

const path = ({ person }: Whose): string =>
  person === undefined ? '/me/sessions' : `/people/${encodeURIComponent(person)}/sessions`

const ofPerson = ['--person <id>', 'of somebody of your organisation, for its administrators'] as const

export function addSession(program: Command, cli: Cli): void {
  const session = program.command('session').description('where you are signed in')
  session
    .command('list')
    .description('your own; * is the one of this command')
    .option(...ofPerson)
    .action((whose: Whose) =>
      printList(cli, {
        path: path(whose),
        table: [
          column('ID', 'id'),
          { title: 'APP', value: row => `${appOf(row)}${at(row, 'current') === true ? '*' : ''}` },
          { title: 'USED (UTC)', value: row => utcShort(textAt(row, 'used_at')) },
          { title: 'UNTIL (UTC)', value: row => utcShort(textAt(row, 'ends_at')) },
        ],
        csv: fields('id', 'app', 'started_at', 'used_at', 'ends_at', 'auth_time', 'acr', 'current'),
        none: 'There is no session.',
      }),
    )
  session
    .command('end')
    .description('sign it out, wherever it is')
    .argument('<session>', 'its id')
    .option(...ofPerson)
    .action(async (id: string, whose: Whose) => {
      const { gateway } = await cli.openPerson()
      const answer = await gateway.post(`${path(whose)}/${encodeURIComponent(id)}/end`)
      const told = toldBy(gateway.issuer, answer)
      await (cli.options().json
        ? cli.printValue(told)
        : cli.terminal.write(
            formatFacts([
              ['ended', textAt(told, 'id')],
              ['entry', textAt(told, 'entry')],
            ]),
          ))
    })
}

const appOf = (session: unknown): string => (textAt(session, 'app') ?? '').replace(/^sallyport-/, '')
