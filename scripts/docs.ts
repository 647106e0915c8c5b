/** `npm run docs`: the documents that are made from the code. A test fails while they differ from it. */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { operations } from '../functions/api/operations.ts'
import { alarmDefinitions } from '../infra/alarm-definitions.ts'
import { readParameters } from '../infra/parameters.ts'
import { type RefusalCode, refusals } from '../shared/domain/refusal.ts'
import { type ActionName, whoDecides } from '../shared/domain/who-decides.ts'
import { viewers, whoSeesRows } from '../shared/domain/who-sees.ts'
import { breaks } from './openapi/compatibility.ts'
import { type ApiDocument, apiDocument, decidesOf } from './openapi/document.ts'

const cell = (text: string): string => text.replaceAll('|', '\\|')

/** The published list of refusals, by status and code. */
export function refusalList(): string {
  const codes = Object.keys(refusals) as RefusalCode[]
  const rows = codes
    .sort((a, b) => refusals[a].status - refusals[b].status || a.localeCompare(b))
    .map(code => {
      const { status, title, next, retry } = refusals[code]
      return `| \`${code}\` | ${status} | ${cell(title)} | ${cell(next)} | ${retry ? 'yes' : 'no'} |`
    })
  return `# Refusals

Every "no" of Sallyport carries one of these codes, the reason in a sentence, and the next step. The list is
closed; a new code is an addition. Where it stands: at the gate in \`error.sallyport\` inside the provider's own
error shape, at \`/api\` as problem details (RFC 9457), at \`/oauth\` in \`sallyport\` beside OAuth's error.

Beside the code stands what it rests on: \`rules\`, the version of the approval rules in force, and where a clause of the
agreement asks for the refusal, \`clause\` and \`agreement\` with its \`id\` and \`digest\`, which is its version. Entries of
refusals tell the same. Nothing is read for their sake: whoever is refused before the records are read, because they are
not known or the request is malformed, reads the code and the reason alone.

Made from \`shared/domain/refusal.ts\` by \`npm run docs\`.

| code | status | reason | next step | may succeed unchanged later |
|---|---|---|---|---|
${rows.join('\n')}
`
}

/** The alarms of a deployment, with the thresholds of its default parameters. */
export function alarmList(): string {
  const rows = alarmDefinitions(readParameters({})).map(
    ({ id, measures, threshold, below, periods, means, next }) => {
      const raised = `${below ? 'under' : 'at'} ${threshold}${periods > 1 ? `, ${periods} times in a row` : ''}`
      return `| \`${id}\` | ${cell(measures)}, ${raised} | ${cell(means)} | ${cell(next)} |`
    },
  )
  return `# Alarms

Each is named after its stack, \`Sallyport-…\`, and goes to the stack's topic (\`-c alarmEmail=…\`, or a topic of yours by
\`-c alarmTopicArn=…\`). Thresholds are those of the default parameters; a period is five minutes.

Made from \`infra/alarm-definitions.ts\` by \`npm run docs\`.

| alarm | raised by | what it means | what to do |
|---|---|---|---|
${rows.join('\n')}
`
}

/** Whose signatures each action takes. */
export function decisionTable(): string {
  const rows = (Object.keys(whoDecides) as ActionName[]).map(action => {
    const { seats, organisations, asks, fresh_sign_in, at_once, severe, narrowed } = decidesOf(action)
    const notes = [
      narrowed,
      asks && `may be asked for by ${asks}`,
      at_once && 'in force at once, a second person stands by it afterwards',
      severe && 'the id is asked for once more',
    ].filter(Boolean)
    const people = seats.map((seat, at) => (seats.length > 1 ? `${at + 1}. ${seat}` : seat)).join('<br>')
    const fresh = fresh_sign_in ? 'yes' : 'no'
    return `| \`${action}\` | ${cell(people)} | ${organisations} | ${fresh} | ${cell(notes.join('; '))} |`
  })
  return `# Who decides

Each numbered line is another person. "Its developer" and "the government" are those whose model it is about, or who
selected the partner together; "its own organisation" is that of the person, client or grant. Nobody approves their own
proposal, nor one that raises their own rights.

Made from \`shared/domain/who-decides.ts\` by \`npm run docs\`.

| action | decided by | organisations | fresh sign-in | beside |
|---|---|---|---|---|
${rows.join('\n')}
`
}

/** Which records each kind of organisation sees. */
export function sightTable(): string {
  const rows = whoSeesRows().map(
    row => `| ${row.noun} | ${viewers.map(viewer => cell(row[viewer])).join(' | ')} |`,
  )
  return `# Who sees what

For people, by the kind of their organisation; a consultant is one of the government's people with that role. Calls and
decisions are entries of the log. What somebody does not see is answered like what does not exist.

Made from \`shared/domain/who-sees.ts\` by \`npm run docs\`.

| | ${viewers.join(' | ')} |
|---|${viewers.map(() => '---|').join('')}
${rows.join('\n')}
`
}

const apiDocumentPath = 'docs/openapi.json'

/** The document that is checked in; none in a tree that never made it. */
export const checkedInDocument = (): ApiDocument | undefined =>
  existsSync(apiDocumentPath) ? (JSON.parse(readFileSync(apiDocumentPath, 'utf8')) as ApiDocument) : undefined

/** Refuses a document that breaks a promise of the one that is checked in, unless that is asked for. */
async function writeApiDocument(breaking: boolean): Promise<void> {
  const before = checkedInDocument()
  const document = apiDocument(operations)
  const broken = before ? breaks(before, document) : []
  if (broken.length > 0 && !breaking) {
    console.error(
      [
        `/v1 changes only by addition; ${apiDocumentPath} was left as it is.`,
        ...broken.map(what => `  ${what}`),
        'Where nobody relies on it yet: npm run docs -- --breaking',
      ].join('\n'),
    )
    process.exitCode = 1
    return
  }
  await writeFile(apiDocumentPath, JSON.stringify(document, null, 2))
  execFileSync('node_modules/.bin/biome', ['format', '--write', apiDocumentPath], { stdio: 'ignore' })
}

if (import.meta.main) {
  await writeFile('docs/refusals.md', refusalList())
  await writeFile('docs/alarms.md', alarmList())
  await writeFile('docs/who-decides.md', decisionTable())
  await writeFile('docs/who-sees.md', sightTable())
  await writeApiDocument(process.argv.includes('--breaking'))
}
