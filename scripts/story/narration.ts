/** How the story is printed: chapters, and a line for each step, with who did what at which moment. */
import { organisationNames, people } from '../demo/people.ts'

export interface Narration {
  chapter(title: string): void
  /** `who` is somebody of the demo, by login, or a workload. */
  step(who: Actor, what: string, outcome: string): void
  /** What nobody did: time that passes, or what this world has no way to show. */
  note(text: string): void
  /** How many steps were told so far, and how many of them were refused. */
  counts(): { readonly steps: number; readonly refused: number }
}

export interface Actor {
  readonly name: string
  readonly organisation: string
}

export function createNarration(print: (line: string) => void): Narration {
  let chapters = 0
  let steps = 0
  let refused = 0
  const timed = (text: string): void => print(`  ${new Date().toISOString().slice(11, 19)}  ${text}`)
  return {
    chapter(title) {
      chapters += 1
      print('')
      print(`${chapters}. ${title}`)
    },
    counts: () => ({ steps, refused }),
    step({ name, organisation }, what, outcome) {
      steps += 1
      if (outcome.startsWith('refused ')) refused += 1
      timed(shortened(`${name.padEnd(15)} ${organisation.padEnd(8)} ${what} → ${outcome}`))
    },
    note: text => timed(`${''.padEnd(24)} ${text}`),
  }
}

/** Ids that nobody looks up by this: enough of each to know it again. An entry keeps its own. */
const shortened = (text: string): string =>
  text.replace(/\b(agreement|grant|client|hold|person|finding|review)_([0-9a-z]{6})[0-9a-z]{20}\b/g, '$1_$2…')

/** Who is who, before the story begins. */
export function introduce(print: (line: string) => void): void {
  print(
    'Everything here is made up: the organisations, the people, the model, and the texts of the agreements.',
  )
  print('Times are UTC. Each line: when, who, of which organisation, what they do, and what comes of it.')
  for (const [id, name] of Object.entries(organisationNames)) {
    const staff = people.filter(({ organisation }) => organisation === id)
    const roles = staff.map(person => `${person.name} (${person.roles.join(', ')})`)
    if (told.includes(id)) print(`  ${id.padEnd(8)} ${name}: ${roles.join(', ')}`)
  }
}

const told = ['halcyon', 'ofr', 'cedar', 'ledger']

/** Throws for a login that is nobody's. */
export function actorOf(login: string): Actor {
  const found = people.find(person => person.login === login)
  if (found === undefined) throw new Error(`nobody of the demo is ${login}`)
  return found
}
