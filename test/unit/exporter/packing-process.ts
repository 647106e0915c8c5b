/** Makes the file of an export whose parts lie in a folder, and says how much memory that took at its highest, in MB. */
import { packFiles } from '../../../functions/exporter/files.ts'
import { createChunkedZip } from '../../../functions/exporter/zip.ts'
import { openFileObjects } from '../../../shared/adapters/embedded/file-objects.ts'
import { chunkBytes, chunkKey, type ExportJob } from '../../../shared/domain/exports.ts'

const [folder = ''] = process.argv.slice(2)
const objects = await openFileObjects(folder)
const text = async (key: string): Promise<string> =>
  Buffer.from((await objects.get(key))?.bytes ?? []).toString()
const job = JSON.parse(await text('job')) as ExportJob & Required<Pick<ExportJob, 'proving'>>
const zip = createChunkedZip({
  time: job.requestedAt,
  chunk: chunkBytes,
  async put(chunk, bytes) {
    await objects.put(chunkKey(job, chunk), bytes, { ifAbsent: true })
  },
})
await packFiles({ objects, log: 'log.example/log', job, proving: job.proving }, zip)
const { bytes } = await zip.end()
process.stdout.write(JSON.stringify({ bytes, megabytes: process.resourceUsage().maxRSS / 1024 }))
