/** Why something is not verified. Whoever forgets to look at an answer must not take it for a proof: it is thrown. */

/**
 * `malformed`: it is not what was to be verified, or nobody can say by what. `unproved`: nothing contradicts it, and
 * something that its proof needs is not there. `contradicted`: it is not what the log holds, or the log has two tales.
 */
export type FaultKind = 'malformed' | 'unproved' | 'contradicted'

export interface Fault {
  readonly kind: FaultKind
  /** In words, without a full stop. */
  readonly message: string
  /** Where there are several records: `line 17`, or `record 17`. */
  readonly place?: string
  /** The field that is wrong: `view.salt`. */
  readonly field?: string
}

export class NotVerified extends Error {
  override readonly name = 'NotVerified'
  /** The gravest of all. */
  readonly kind: FaultKind
  /** The first of them, at least one. */
  readonly faults: readonly Fault[]

  constructor(faults: readonly Fault[]) {
    super(faults.map(faultText).join('; '))
    this.faults = faults
    this.kind = gravest(faults)
  }
}

export const faultText = ({ place, field, message }: Fault): string =>
  [place, field, message].filter(Boolean).join(': ')

const gravity: readonly FaultKind[] = ['contradicted', 'malformed', 'unproved']

export const gravest = (faults: readonly Fault[]): FaultKind =>
  gravity.find(kind => faults.some(fault => fault.kind === kind)) ?? 'unproved'

export const notVerified = (kind: FaultKind, message: string, field?: string): NotVerified =>
  new NotVerified([{ kind, message, ...(field !== undefined && { field }) }])
