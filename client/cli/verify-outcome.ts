/** How a verification ends: what it has shown on stdout, and an exit code that says whether it has shown all of it. */
import { type Fault, type FaultKind, faultText, gravest, NotVerified } from '../log/fault.ts'
import type { Cli } from './cli.ts'
import { type Fact, formatFacts } from './facts.ts'
import { type Exit, exit, Failure } from './failure.ts'

/** What was verified, for a program and for a person. */
export interface Told {
  readonly json: Readonly<Record<string, unknown>>
  readonly facts: readonly Fact[]
}

export interface Outcome {
  /** Absent where nothing was shown. */
  readonly told?: Told
  /** The first of them; empty: all of it is verified. */
  readonly faults: readonly Fault[]
  readonly faultCount?: number
  /** What is said where anything contradicts, in place of what is said of what the log has signed. */
  readonly contradicted?: { readonly message: string; readonly next: string }
}

/** Tells how `verify` ends, or what it throws as a `NotVerified`. Throws a `Failure` where anything is not verified. */
export async function tellOutcome(cli: Cli, verify: () => Promise<Outcome>): Promise<void> {
  const {
    told,
    faults,
    faultCount = faults.length,
    contradicted,
  } = await verify().catch((error: unknown): Outcome => {
    if (error instanceof NotVerified) return { faults: error.faults }
    throw error
  })
  const verified = faults.length === 0
  if (cli.options().json)
    await cli.printValue({ verified, ...told?.json, ...(!verified && { fault_count: faultCount, faults }) })
  else await cli.terminal.write(formatFacts(factsOf(told, faults, faultCount)))
  if (!verified) throw failureOf(faults, contradicted)
}

const labels: Readonly<Record<FaultKind, string>> = {
  contradicted: 'WRONG',
  malformed: 'UNREADABLE',
  unproved: 'NOT SHOWN',
}

function factsOf(told: Told | undefined, faults: readonly Fault[], faultCount: number): readonly Fact[] {
  if (faults.length === 0) return told?.facts ?? []
  const more = faultCount - faults.length
  return [
    ['NOT', 'verified'],
    ...together(faults).map((alike): Fact => [labels[alike[0].kind], alikeText(alike)]),
    ['', more > 0 ? `and ${more.toLocaleString('en-US')} more` : undefined],
    ...(told?.facts ?? []),
  ]
}

type Alike = readonly [Fault, ...Fault[]]

/** Records of a list that have one fault: with a wrong key each has. The calls of a budget are named, all of them. */
function together(faults: readonly Fault[]): readonly Alike[] {
  const found = new Map<string, [Fault, ...Fault[]]>()
  for (const fault of faults) {
    const isOfList = /\b(line|record) \d+$/.test(fault.place ?? '')
    const key = faultText({ ...fault, place: `${fault.kind} ${isOfList ? '' : fault.place}` })
    const alike = found.get(key)
    if (alike) alike.push(fault)
    else found.set(key, [fault])
  }
  return [...found.values()]
}

const maxPlaces = 3

function alikeText(alike: Alike): string {
  const places = alike.flatMap(({ place }) => place ?? [])
  const more = places.length - maxPlaces
  const place = `${places.slice(0, maxPlaces).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
  return faultText({ ...alike[0], place })
}

const endings: Readonly<Record<FaultKind, readonly [exit: Exit, code: string, message: string]>> = {
  contradicted: [exit.tampered, 'verification_failed', 'It is not what the log has signed.'],
  malformed: [exit.usage, 'file_malformed', 'It cannot be read as what was to be verified.'],
  unproved: [exit.failed, 'not_proved', 'Nothing contradicts it, and not all of it could be proved.'],
}

function failureOf(faults: readonly Fault[], contradicted: Outcome['contradicted']): Failure {
  const kind = gravest(faults)
  if (kind === 'contradicted' && contradicted)
    return new Failure(exit.tampered, contradicted.message, {
      code: 'verification_failed',
      next: contradicted.next,
    })
  const fault = faults.find(one => one.kind === kind)
  const [code, name, message] = endings[kind]
  const isAlone = kind === 'unproved' && fault?.field === 'proof'
  return new Failure(isAlone ? exit.usage : code, message, {
    code: isAlone ? 'option_missing' : name,
    ...(fault?.field !== undefined && { field: fault.field }),
    next: nextOf(kind, fault),
  })
}

const rely = 'ely on none of it, and keep the files as they are: they show what was signed and what was not.'

function nextOf(kind: FaultKind, { field, message = '' }: Partial<Fault> = {}): string {
  if (kind === 'contradicted') {
    const isKeyInDoubt = field === 'keys.json' || message.startsWith('it has no signature of')
    return isKeyInDoubt
      ? `Compare --key with what the log’s operator gives you by another way. If it is right, r${rely}`
      : `R${rely}`
  }
  if (kind === 'malformed') return nextOfMalformed(field)
  switch (field) {
    case 'view':
      return 'Ask for it again, as somebody who reads it by their own slot: sallyport log get <eid> --proof --json'
    case 'view.index':
      return 'Ask for it again in a minute: sallyport log get <eid> --proof --json'
    case 'proof':
      return 'Ask for it with its proof: sallyport log get <eid> --proof --json. Or name the log: --log https://<gateway>/log'
    case 'limit':
      return 'Name the limits that were agreed: --limit <meter>:total=<tokens>,per_day=<tokens>'
    case 'outcomes':
      return 'Budgets are told by the outcomes of calls: sallyport export create type:access,decision --purpose <why>'
    case 'witness':
      return 'Ask the log for its newest checkpoint, or the witness whether it watches this log.'
    default:
      return 'Name where the log’s tiles are: --log https://<gateway>/log, or a folder with a copy of them'
  }
}

function nextOfMalformed(field: string | undefined): string {
  switch (field) {
    case 'view.log':
      return 'Name the key of the log that the record is of: --key <vkey, or its file>'
    case 'key':
      return 'Name the log’s key as its https://<gateway>/log/vkey answers: --key <vkey, or its file>'
    case 'witness':
      return 'Name the key that the witness shows at its start: --witness <vkey, or its file>'
    case 'the checkpoint':
      return 'Fetch it anew, byte for byte: curl -s https://<gateway>/log/checkpoint -o checkpoint. Or name the key of its log: --key <vkey, or its file>'
    case 'the older checkpoint':
      return 'Are they named the wrong way round? If not, and the log’s newest is smaller than one that you kept, ask its operator.'
    case 'the record':
      return 'A list, or a record a line, is verified by: sallyport verify range <file>'
    default:
      return 'See what is UNREADABLE. Records come from sallyport log get --proof --json (verify record), or log search --proofs --json (verify range)'
  }
}
