/** `certification-draft.md`: what a qualified person may fill in and sign under FRE 902(13) and (14). A draft, and says so. */
import { fileNames } from './files.ts'
import type { BundleFile, Manifest } from './manifest.ts'

export interface CertifiedFacts
  extends Pick<Manifest, 'log' | 'export' | 'from' | 'to' | 'asked_at' | 'records' | 'entry'> {
  /** Those whose digests it tells: all that stand before it. */
  readonly files: readonly BundleFile[]
  readonly checkpoint: { readonly size: number; readonly root: string }
}

export const certificationText = (
  facts: CertifiedFacts,
): string => `# DRAFT: Certification of records generated and copied by an electronic process

**This is a draft made by a program. It is no legal advice, and nobody has certified anything by it.** It is meant for a
qualified person, who reads it, corrects it, strikes out what they do not know to be so, fills in what is in brackets, and
signs. Whether it meets Federal Rules of Evidence 902(11), 902(13) and 902(14), and which notice must be given to an adverse
party, is for counsel to say.

I, [name], declare:

1. I am [title] at [organisation]. I am qualified to make this certification because [training, experience, and knowledge of
   the system].

2. **The system (902(13)).** Sallyport is a gateway through which covered models are called. For each access and each decision it
   writes a record when that happens, by a process in which no person takes part, and commits to each record in an append-only
   Merkle tree (RFC 6962) whose root it signs. [How the system was tested, operated and kept accurate in the period.] The
   process produces an accurate result to the best of my knowledge.

3. **The copy (902(14)).** The system made export \`${facts.export}\`, asked for at ${facts.asked_at}, of ${facts.records.toLocaleString('en-US')} records of the log
   \`${facts.log}\`, from ${facts.from} to ${facts.to}, as the entry \`${facts.entry}\`
   had granted it. The files and their SHA-256 digests are:

${facts.files.map(({ name, bytes, sha256 }) => `   - \`${name}\` (${bytes.toLocaleString('en-US')} bytes)\n     \`${sha256}\``).join('\n')}

   I compared [each file that I received with] these digests on [date], and they are the same.

4. **Verification.** Every record is proved to be in the tree of ${facts.checkpoint.size.toLocaleString('en-US')} leaves with the root
   \`${facts.checkpoint.root}\`, signed by the log. On [date] I ran
   \`sallyport verify bundle\` with the log's key, which I had obtained from [how], and it ended with [0].

5. **What it does not say.** The records say what the system saw. They do not say that there are no others, or who sat before a
   client. Times are to ten seconds, but for those that \`${fileNames.exact}\` opens, where this export has that file.

I declare under penalty of perjury under the laws of the United States of America that the foregoing is true and correct
(28 U.S.C. § 1746).

Executed on [date] at [place].

[signature]
[name, title, address]
`
