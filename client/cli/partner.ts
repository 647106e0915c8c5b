/** `sallyport partner`: who takes part, from the nomination to the end. */
import type { Command } from 'commander'
import { at, textAt } from '../json.ts'
import { addLodge } from './appeal.ts'
import type { Cli } from './cli.ts'
import { addDecisionOptions, type DecisionOptions, decide } from './decision.ts'
import { clipped, type Fact, stopFacts, wordsAt } from './facts.ts'
import { addDecision, addGet, addRatify, type Noun } from './record-commands.ts'
import { column, fields, printList } from './records.ts'

const noun: Noun = { name: 'partner', path: '/partners' }

export function addPartner(program: Command, cli: Cli): void {
  const partner = program
    .command('partner')
    .description('the trusted partners, and what is decided about them')
  partner
    .command('list')
    .description('those that you see')
    .action(() =>
      printList(cli, {
        path: noun.path,
        table: [
          column('ID', 'id'),
          { title: 'NAME', value: row => clipped(textAt(row, 'name'), 32) },
          column('STATE', 'state'),
          { title: 'SECTOR', value: row => clipped(textAt(row, 'sector'), 16) },
        ],
        csv: fields('id', 'name', 'state', 'sector', 'developers', 'governments', 'continues', 'version'),
        none: 'You see no partner.',
      }),
    )
  addGet(partner, cli, noun, partnerFacts)
  addNominate(partner, cli)
  addDecision(partner, cli, noun, { verb: 'vet', what: 'begin to vet one that is nominated' })
  addDecision(partner, cli, noun, { verb: 'select', what: 'select one, developer and government together' })
  addDecision(partner, cli, noun, { verb: 'activate', what: 'let one that is selected take part' })
  addDecision(partner, cli, noun, { verb: 'suspend', what: 'stop all its access at once', stops: true })
  addRatify(partner, cli, noun)
  addDecision(partner, cli, noun, {
    verb: 'reinstate',
    what: 'end a suspension, developer and government together',
  })
  addDecision(partner, cli, noun, {
    verb: 'revoke',
    what: 'end its partnership, by two people',
    severe: true,
  })
  addDecision(partner, cli, noun, { verb: 'close', what: 'close it for good, by two people', severe: true })
  addLodge(partner, cli)
}

interface Nomination extends DecisionOptions {
  readonly name: string
  readonly sector?: string
  readonly developer: string
  readonly government: string
}

function addNominate(partner: Command, cli: Cli): void {
  const command = partner
    .command('nominate')
    .description('propose an organisation as a trusted partner')
    .argument('<partner>', 'the id that it gets: a–z, 0–9 and -')
    .requiredOption('--name <name>', 'what it is called')
    .option('--sector <sector>', 'of critical infrastructure, if any')
    .requiredOption('--developer <id>', 'who selects it, for the models')
    .requiredOption('--government <id>', 'the office that selects it with them')
  addDecisionOptions(command).action((id: string, options: Nomination) => {
    const { name, sector, developer, government } = options
    return decide(cli, noun.path, {
      id,
      noun: noun.name,
      params: { id, name, ...(sector !== undefined && { sector }), developer, government },
      options,
    })
  })
}

const partnerFacts = (partner: unknown): readonly Fact[] => [
  ['partner', textAt(partner, 'id')],
  ['name', textAt(partner, 'name')],
  ['state', textAt(partner, 'state')],
  ['sector', textAt(partner, 'sector')],
  [
    'chosen by',
    [wordsAt(partner, 'developers'), wordsAt(partner, 'governments')].filter(Boolean).join(' and '),
  ],
  ...stopFacts(at(partner, 'stop'), `sallyport partner ratify ${textAt(partner, 'id')}`),
  ['goes on', wordsAt(partner, 'continues')],
]
