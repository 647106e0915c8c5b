/** `npm run docs`: the documents that are made from the code. A test fails while they differ from it. */
import { writeFile } from 'node:fs/promises'
import { pathToFileURL } from 'node:url'
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

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  await writeFile('docs/refusals.md', refusalList())
