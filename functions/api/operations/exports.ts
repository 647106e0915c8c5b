import * as z from 'zod'
import type { ExportJob } from '../../../shared/domain/exports.ts'
import { Refusal } from '../../../shared/domain/refusal.ts'
import { countersignExport } from '../exports/countersign.ts'
import { createExport } from '../exports/create.ts'
import { downloadExport, ownExport } from '../exports/download.ts'
import { listRecords } from '../lists.ts'
import { forPeople, type Operation } from '../operation.ts'
import { listOf, listQuery } from '../shapes/common.ts'
import { countersignatureBody, exportBody, exportShown, showExport } from '../shapes/export.ts'

const file = z.file().meta({ description: 'A ZIP file, or the part of it that was asked for.' })

export const exportOperations: readonly Operation[] = [
  forPeople({
    id: 'createExport',
    method: 'POST',
    path: '/exports',
    tag: 'exports',
    summary: 'Ask for what a query finds, as a file that proves itself',
    description:
      'Your own copy, of what you may see when it is read: each record names its reader. The log says first that you asked. A job makes the file; see how far it is by its id.',
    creates: true,
    body: exportBody,
    answers: { 201: exportShown },
    answer: createExport,
  }),
  forPeople({
    id: 'listExports',
    method: 'GET',
    path: '/exports',
    tag: 'exports',
    summary: 'Exports that you asked for',
    query: listQuery,
    answers: { 200: listOf(exportShown) },
    answer: ({ deps, caller, query }) =>
      listRecords<ExportJob>(deps.store, {
        record: 'export',
        owner: caller.person.id,
        ...query,
        show: job => showExport(job, deps.log.origin),
      }),
  }),
  forPeople({
    id: 'getExport',
    method: 'GET',
    path: '/exports/{export}',
    tag: 'exports',
    summary: 'An export that you asked for: how far it is, and what its file is',
    answers: { 200: exportShown },
    async answer(context) {
      const job = await ownExport(context)
      return job instanceof Refusal ? job : { status: 200, body: showExport(job, context.deps.log.origin) }
    },
  }),
  forPeople({
    id: 'countersignExport',
    method: 'POST',
    path: '/exports/{export}/countersignature',
    tag: 'exports',
    summary: 'Sign that the copy is yours, before you fetch it',
    description:
      'Sign its statement, byte for byte, with the key of your session. The signature stands in the log. Once one does, it is answered with, whatever is sent.',
    body: countersignatureBody,
    answers: { 200: exportShown },
    answer: countersignExport,
  }),
  forPeople({
    id: 'downloadExport',
    method: 'GET',
    path: '/exports/{export}/content',
    tag: 'exports',
    summary: 'The file of an export, in parts of at most 4 MiB',
    description:
      'First sign that the copy is yours. Send Range: bytes=0-4194303, and go on behind what came. A range that is longer is answered in part. Each fetch is an entry.',
    ranges: true,
    byState: true,
    answers: { 200: file, 206: file },
    answer: downloadExport,
  }),
]
