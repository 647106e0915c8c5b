export {
  ApiRefused,
  type Entry,
  type EntryPage,
  type EntryQuery,
  type Integrity,
  type Model,
  type Quota,
} from './api.ts'
export type { ClientKey, PrivateJwk } from './client-key.ts'
export { DiscoveryFailed } from './discovery.ts'
export { type Enrolled, type EnrolOptions, enrol, generateClientKey, type KeyAlgorithm } from './enrol.ts'
export { createGateway, type Gateway, type GatewayOptions } from './gateway.ts'
export {
  type Compared,
  type Fault,
  type FaultKind,
  NotVerified,
  type ReadLogFile,
  type Records,
  type VerifiedCheckpoint,
  type VerifiedRange,
  type VerifiedRecord,
  type VerifyCheckpointOptions,
  type VerifyRangeOptions,
  type VerifyRecordOptions,
  verifyCheckpoint,
  verifyRange,
  verifyRecord,
} from './log/index.ts'
export {
  type Answer,
  type CallOptions,
  createPersonGateway,
  type PersonGateway,
  type PersonGatewayOptions,
} from './person.ts'
export {
  type AccessToken,
  type App,
  endSession,
  type PersonSession,
  readSession,
  type TokenKeeper,
  type WrittenSession,
  writeSession,
} from './session.ts'
export { beginSignIn, type SignInBegun, type SignInOptions, SignInRefused } from './session-sign-in.ts'
export type { TokenRequest } from './token-endpoint.ts'
export { TokenRefused } from './token-refused.ts'
export type { TokenResponse } from './token-request.ts'
