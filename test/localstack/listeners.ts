import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** `address:port` of every TCP socket on which one of these processes listens. Linux only. */
export function listenersOf(pids: readonly number[]): readonly string[] {
  const sockets = new Set(pids.flatMap(pid => readdirSync(`/proc/${pid}/fd`).map(fd => target(pid, fd))))
  return ['tcp', 'tcp6']
    .flatMap(table => readFileSync(`/proc/net/${table}`, 'utf8').trimEnd().split('\n').slice(1))
    .map(line => line.trim().split(/\s+/))
    .filter(([, , , state, , , , , , inode]) => state === listening && sockets.has(`socket:[${inode}]`))
    .map(([, local = '']) => readable(local))
    .toSorted()
}

/** TCP_LISTEN. */
const listening = '0A'

function target(pid: number, fd: string): string {
  try {
    return readlinkSync(`/proc/${pid}/fd/${fd}`)
  } catch {
    return ''
  }
}

/** The kernel writes the bytes of an address in words of the machine's order; IPv4 stands at the end of IPv6. */
function readable(local: string): string {
  const [address = '', port = ''] = local.split(':')
  const mapped = /^(0{16}FFFF0000)?([0-9A-F]{8})$/.exec(address)?.[2]
  const bytes = mapped && [...Buffer.from(mapped, 'hex')].reverse().join('.')
  return `${bytes ?? address}:${Number.parseInt(port, 16)}`
}
