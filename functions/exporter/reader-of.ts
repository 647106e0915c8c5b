import { type MonthReader, monthOf } from '../../shared/bundle/manifest.ts'
import type { ShownEntry } from '../log/show.ts'

/** The pseudonym that stands in a record, which its carrier begins with. */
export const readerOf = ({ view: { epoch, carrier } }: Pick<ShownEntry, 'view'>): MonthReader => ({
  month: monthOf(epoch),
  reader: Buffer.from(carrier, 'base64url').subarray(0, 8).toString('hex'),
})
