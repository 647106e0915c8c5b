import { userInfo } from 'node:os'

/** Who runs the command, by the operating system. A container's user often has no name. */
export function systemUser(): string {
  try {
    return userInfo().username
  } catch {
    return `uid ${process.getuid?.()}`
  }
}
