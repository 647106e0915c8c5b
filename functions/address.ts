import type { APIGatewayProxyEvent } from 'aws-lambda'

/**
 * Where a request without credentials comes from, as the name of its rate bucket; the space keeps it apart from every
 * client id. One host has a whole /64 of IPv6 to itself.
 */
export function addressOf(event: APIGatewayProxyEvent): string {
  const ip = event.requestContext.identity?.sourceIp ?? ''
  return `address ${ip.includes('.') || !ip.includes(':') ? ip : networkOf(ip)}`
}

function networkOf(ip: string): string {
  const [head = '', tail] = ip.split('::')
  const groups = (text: string): string[] => (text === '' ? [] : text.split(':'))
  const [front, back] = [groups(head), groups(tail ?? '')]
  const zeros = Array.from({ length: Math.max(0, 8 - front.length - back.length) }, () => '0')
  return [...front, ...zeros, ...back].slice(0, 4).join(':')
}
