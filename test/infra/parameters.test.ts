import { describe, expect, test } from 'vitest'
import { readParameters } from '../../infra/parameters.ts'
import { refuseWrongWitnesses } from '../../infra/witnesses.ts'

const certificateArn = 'arn:aws:acm:eu-west-1:123456789012:certificate/abc'

const faults = (context: Readonly<Record<string, unknown>>): readonly string[] => {
  try {
    readParameters(context)
    return []
  } catch (error) {
    return (error as Error).message.split('\n  ').slice(1)
  }
}

describe('the parameters of a deployment', () => {
  test('have a value each, so that none has to be given', () => {
    expect(readParameters({})).toMatchObject({
      name: 'Sallyport',
      target: 'aws',
      retain: true,
      leaseSeconds: 30,
      logRetentionDays: 365,
      objectLockDays: 365,
      readerSlots: 64,
      witnesses: '',
      retentionDays: 400,
      gateConcurrency: 500,
      fips: false,
      apiGatewayLogRole: true,
    })
  })

  test('are words on the command line and values in a file', () => {
    const words = readParameters({
      leaseSeconds: '45',
      retain: 'false',
      gateConcurrency: 'none',
      apiConcurrency: '7',
    })
    const values = readParameters({
      leaseSeconds: 45,
      retain: false,
      gateConcurrency: 'none',
      apiConcurrency: 7,
    })
    expect(words).toEqual(values)
    expect(words).toMatchObject({
      leaseSeconds: 45,
      retain: false,
      gateConcurrency: 'none',
      apiConcurrency: 7,
    })
  })

  test('leave alone what the CDK keeps in the same place', () => {
    expect(
      faults({ 'aws:cdk:bundling-stacks': ['**'], '@aws-cdk/core:someFlag': true, 'cli-telemetry': false }),
    ).toEqual([])
  })

  test.each([
    [{ name: '1st' }, /^name: Give letters, digits and hyphens/],
    [{ name: 'GateEdge' }, /^name: .* are for the stacks beside it, /],
    [{ name: 'default' }, /^name: .* default is the account’s event bus\.$/],
    [{ name: 'GateCdn' }, /^name: /],
    [{ target: 'azure' }, 'target: Give one of aws, localstack, ministack.'],
    [{ retain: 'perhaps' }, 'retain: Give true or false.'],
    [{ leaseSeconds: '9' }, 'leaseSeconds: Give at least 10.'],
    [{ leaseSeconds: 'long' }, 'leaseSeconds: Give a whole number from 10 to 900.'],
    [{ leaseSeconds: '10.5' }, 'leaseSeconds: Give a whole number from 10 to 900.'],
    [{ logRetentionDays: '366' }, /^logRetentionDays: Give one of 1, 3, 5, 7/],
    [{ objectLockDays: '0' }, 'objectLockDays: Give at least 1.'],
    [{ readerSlots: '2' }, 'readerSlots: Give a power of two from 4 to 1024.'],
    [{ readerSlots: '2048' }, 'readerSlots: Give a power of two from 4 to 1024.'],
    [{ readerSlots: '48' }, 'readerSlots: Give a power of two from 4 to 1024.'],
    [{ retentionDays: '183' }, 'retentionDays: Give at least 184.'],
    [{ witnesses: 'x'.repeat(2_001) }, 'witnesses: Give at most 2,000 characters.'],
    [
      { entriesTable: 'restored', entriesStreamArn: 'restored' },
      'entriesStreamArn: Give the ARN of a stream of a DynamoDB table.',
    ],
    [{ issuer: 'http://gateway.example.org' }, /^issuer: Give an https URL/],
    [{ issuer: 'https://gateway.example.org/' }, /^issuer: Give an https URL/],
    [{ alarmEmail: 'somebody' }, 'alarmEmail: Give an e-mail address.'],
    [{ alarmTopicArn: 'topic' }, 'alarmTopicArn: Give the ARN of an SNS topic.'],
    [{ gateConcurrency: 'many' }, 'gateConcurrency: Give a whole number, or none.'],
    [{ metersTable: 'meters/restored' }, 'metersTable: Give the name of a DynamoDB table.'],
    [{ entriesTable: 'me' }, 'entriesTable: Give the name of a DynamoDB table.'],
    [
      { breakGlassUsers: 'ada, boris;x' },
      'breakGlassUsers: Give names of IAM users, with a space between two.',
    ],
    [{ breakGlassUsers: 'arn:aws:iam::123456789012:root' }, /^breakGlassUsers: /],
    [{ breakGlassUsers: '*' }, /^breakGlassUsers: /],
    [{ tlsPolicy: 'TLS_1_0' }, /^tlsPolicy: Give one of TLS_1_2/],
    [{ domain: 'Gateway', certificateArn }, 'domain: Give a host name in lower case.'],
    [{ leaseSecond: '30' }, 'leaseSecond: There is no such parameter.'],
    [{ endpoint: 'http://127.0.0.1:4566' }, 'endpoint: Leave it out: only an emulator has one.'],
    [{ target: 'localstack', endpoint: 'http://127.0.0.1:4566/x' }, /^endpoint: Give an origin/],
  ])('%o is wrong, and it says what to do', (context, message) => {
    expect(faults(context)).toEqual([typeof message === 'string' ? message : expect.stringMatching(message)])
  })

  const stream = 'arn:aws:dynamodb:eu-west-1:123456789012:table/restored/stream/2026-11-27T10:00:00.000'
  const topic = 'arn:aws:sns:eu-west-1:123456789012:alarms'
  test.each([
    [
      { alarmEmail: 'a@example.org', alarmTopicArn: topic },
      'alarmTopicArn: Give this or alarmEmail, not both.',
    ],
    [{ metersTable: 'restored', entriesTable: 'restored' }, 'entriesTable: Give each table another name.'],
    [{ entriesStreamArn: stream }, 'entriesStreamArn: Give entriesTable, whose stream it is.'],
    [
      { entriesTable: 'another', entriesStreamArn: stream },
      'entriesStreamArn: Give entriesTable, whose stream it is.',
    ],
    [
      { domain: 'a.example.org' },
      'certificateArn: Give it, or the hosted zone in which one can be validated.',
    ],
    [
      { domain: 'a.example.org', certificateArn, hostedZoneId: 'Z1' },
      'hostedZoneName: Give hostedZoneId and hostedZoneName together.',
    ],
    [{ certificateArn }, 'certificateArn: Give the domain that it is for.'],
    [{ mlDsa: 'true' }, 'mlDsa: Give a domain: the key belongs to the edge stack.'],
    [
      { domain: 'a.example.org', certificateArn, cdnDomain: 'b.example.org' },
      'cdnCertificateArn: Give cdnDomain and cdnCertificateArn together.',
    ],
    [
      {
        domain: 'a.example.org',
        certificateArn,
        cdnDomain: 'b.example.org',
        cdnCertificateArn: certificateArn,
      },
      'cdnCertificateArn: CloudFront takes certificates of us-east-1 only, in the partition aws.',
    ],
  ])('%o does not fit together', (context, message) => {
    expect(faults(context)).toEqual([message])
  })

  test('a witness that is none is named before anything is made', async () => {
    const witnesses = 'https://witness.example.org\nnot a witness'
    await expect(refuseWrongWitnesses({ witnesses })).rejects.toThrow(
      'These parameters of the stack are wrong:\n  witnesses: witness 1: it reads: <url> <verifier key>',
    )
    await refuseWrongWitnesses({ witnesses: '' })
  })

  test('that are wrong are named all at once', () => {
    expect(faults({ leaseSeconds: '1', retain: 'x', nonsense: '1' })).toHaveLength(3)
  })
})
