/** `node upstream-process.ts --instance=<folder> <file>`: the demo's upstream, which tells its URL in the file. */
import { renameSync, writeFileSync } from 'node:fs'
import { startDemoUpstream } from '../demo/upstream.ts'

const [, , , file = ''] = process.argv
const { url } = await startDemoUpstream({ port: 0 })
// Whole at once: whoever started this looks for it.
writeFileSync(`${file}.incoming`, url)
renameSync(`${file}.incoming`, file)
