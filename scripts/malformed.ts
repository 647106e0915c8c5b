/** `node scripts/malformed.ts`: writes the corpus of malformed requests. A test fails while it differs. */
import { writeFile } from 'node:fs/promises'
import { pathToFileURL } from 'node:url'
import { headers, jsons } from '../test/malformed/bodies.ts'
import { proofs, tokens } from '../test/malformed/credentials.ts'
import { fields } from '../test/malformed/fields.ts'
import { http } from '../test/malformed/http.ts'
import type { Malformed } from '../test/malformed/malformed.ts'
import { apis, assertions, forms } from '../test/malformed/token.ts'

export const corpusFile = 'test/malformed/corpus.jsonl'

export const malformed: readonly Malformed[] = [
  ...http,
  ...headers,
  ...jsons,
  ...fields,
  ...tokens,
  ...proofs,
  ...forms,
  ...assertions,
  ...apis,
]

/** A request a line. */
export const corpus = (): string => malformed.map(one => `${JSON.stringify(one)}\n`).join('')

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await writeFile(corpusFile, corpus())
