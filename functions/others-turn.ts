/** Long work lets whatever else this process does have its turn: there may be calls whose authority is read each second. */
export const othersTurn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))
