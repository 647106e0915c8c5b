import { isEntryId, timeOfEntry } from '../entries/id.ts'

/** The floored time that an id tells, milliseconds; `undefined` where its digits are none of an entry. */
export const entryTime = (eid: string): number | undefined => (isEntryId(eid) ? timeOfEntry(eid) : undefined)
