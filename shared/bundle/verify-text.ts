/** `VERIFY.md`: how whoever holds a bundle verifies it, with a command and without. Pure. */
import { fileNames } from './files.ts'
import type { Manifest } from './manifest.ts'

export type VerifyFacts = Pick<
  Manifest,
  | 'log'
  | 'export'
  | 'kind'
  | 'query'
  | 'decided_by'
  | 'from'
  | 'to'
  | 'size'
  | 'by'
  | 'purpose'
  | 'asked_at'
  | 'records'
  | 'entry'
>

/** Words of others stand in a block of their own: they cannot end it, nor begin a heading. */
const inBlock = (text: string): string =>
  text
    .split(/\r\n|[\n\r\u2028\u2029]/)
    .map(line => `    ${line.replace(/[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, ' ')}`)
    .join('\n')

export const verifyText = (facts: VerifyFacts): string => `# How to verify this bundle

It holds ${facts.records.toLocaleString('en-US')} records of the log \`${facts.log}\`, as one reader was shown them. Export \`${facts.export}\`
was granted by the entry \`${facts.entry}\` at ${facts.asked_at}. What was asked for, from ${facts.from} to
${facts.to}:

${inBlock(`${facts.query === '' ? '(all)' : facts.query}${facts.decided_by ? ' (decided by us)' : ''}`)}

by ${facts.by.person} of ${facts.by.organisation}:

${inBlock(`${facts.by.name}, for: ${facts.purpose}`)}

## With the command
\`\`\`
sallyport verify bundle <this file>.zip --key <the log's key>
\`\`\`
It asks nobody. The key is one line of text, which the log serves at its address under \`/vkey\`. Do not take it from
\`${fileNames.keys}\` in this bundle, which was written by whoever made the bundle: get it another way, and compare. The command ends
with 0 where all is verified, and with 6 where anything is not what the log has signed.

With the bundle of another reader: \`--with <other>.zip\` tells whether both were shown the same facts.
With tokens spent: \`sallyport verify budget <this file>.zip\`

## Without it
1. \`sha256sum\` of each file is the one that \`${fileNames.manifest}\` has, and no file is there but those and the manifest itself.
2. \`${fileNames.checkpoint}\` is a signed note (c2sp.org/signed-note) whose text is \`${facts.log}\`, a size and a root; verify its Ed25519
   signature by the log's key. Cosignatures of witnesses count by keys that you have of them, not by those in \`${fileNames.keys}\`.
3. For each line of \`${fileNames.records}\`: body, salts and slot give the leaf; its hash, and the hashes of the proof of the same
   line in \`${fileNames.proofs}\`, give the root of the checkpoint (RFC 6962). How the leaf is made, byte for byte, stands in
   \`docs/log-format.md\` of Sallyport.
4. \`${fileNames.csv}\` is made of \`${fileNames.records}\`, for reading; it proves nothing by itself.
${
  facts.kind === 'evidence'
    ? `5. Each line of \`${fileNames.exact}\` opens \`seal_commit\` of the record of the same line: by it the exact times are proved.
6. \`${fileNames.custody}\` is proved by nothing. It names the entry of each step: whoever may see them asks the log for them.
`
    : ''
}
## What this shows, and what it does not
Each record stood in the log, unchanged, when the checkpoint was signed. The slot by which it is proved is that of one
reader: whoever shows this bundle shows whose copy it is. What is named as withheld was withheld from them, or taken out by them.

It does not show that there are no other records, before, between or after these: the numbers of leaves that are not here
are named by the command, and may be records that are not for this reader. It does not show that what a record tells is so.
That others are shown the same log is shown by witnesses' cosignatures, and by comparing bundles of two readers.
${facts.kind === 'evidence' ? '' : '\nOf times and latencies tens of seconds are facts, and of a call the time is either that at which it was received or that at which it\nwas completed: all else of them marks this copy, and says nothing. Nor do the dates of files in the ZIP.\n'}`
