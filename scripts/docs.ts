/** `npm run docs`: the documents that are made from the code. A test fails while they differ from it. */
import { writeFile } from 'node:fs/promises'
import { alarmDefinitions } from '../infra/alarm-definitions.ts'
import { readParameters } from '../infra/parameters.ts'
import { type RefusalCode, refusals } from '../shared/domain/refusal.ts'

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

if (import.meta.main) {
  await writeFile('docs/refusals.md', refusalList())
  await writeFile('docs/alarms.md', alarmList())
}
