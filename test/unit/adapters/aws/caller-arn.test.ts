import type { STSClient } from '@aws-sdk/client-sts'
import { describe, expect, test } from 'vitest'
import { callerArn } from '../../../../shared/adapters/aws/caller-arn.ts'

const answering = (answer: () => Promise<object>): Pick<STSClient, 'send'> =>
  ({ send: answer }) as unknown as Pick<STSClient, 'send'>

describe('the caller’s ARN', () => {
  test.each([
    'arn:aws:iam::123456789012:user/ada',
    'arn:aws-us-gov:sts::123456789012:assumed-role/Sallyport-BreakGlassRole/ada',
  ])('is what AWS answers: %s', async Arn => {
    expect(await callerArn(answering(async () => ({ Arn })))).toBe(Arn)
  })

  test.each([{}, { Arn: '' }, { Arn: 'ada' }, { Arn: 'arn:aws:iam::1:user/a b' }])(
    'is not anything else: %j',
    async answer => {
      await expect(callerArn(answering(async () => answer))).rejects.toThrow('there is no ARN in its answer')
    },
  )

  test('is not there where AWS cannot be asked, which says why', async () => {
    const down = answering(async () => {
      throw new Error('Could not load credentials from any providers')
    })
    await expect(callerArn(down)).rejects.toThrow(
      'AWS STS does not say who runs this, and it is recorded: Could not load credentials from any providers',
    )
  })
})
