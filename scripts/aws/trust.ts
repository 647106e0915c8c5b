import { readFileSync } from 'node:fs'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'

/** From here on this process trusts a certificate beside those that it trusts already. */
export function trust(file: string): void {
  setDefaultCACertificates([...getCACertificates(), readFileSync(file, 'utf8')])
}
