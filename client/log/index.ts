/** Verifying what a log says, by its files alone: in a browser too. Nobody is asked but whoever reads the log's files. */
export { type VerifiedBundle, type VerifyBundleOptions, verifyBundle } from './bundle.ts'
export type { ReadAt } from './bundle-zip.ts'
export { type VerifiedCheckpoint, type VerifyCheckpointOptions, verifyCheckpoint } from './checkpoint.ts'
export type { Compared } from './compare.ts'
export { type Fault, type FaultKind, NotVerified } from './fault.ts'
export type { ReadLogFile } from './log-files.ts'
export { type Records, type VerifiedRange, type VerifyRangeOptions, verifyRange } from './range.ts'
export { type VerifiedRecord, type VerifyRecordOptions, verifyRecord } from './record.ts'
