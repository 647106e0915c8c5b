import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { listenForCallback } from '../../../client/cli/auth-callback.ts'

test('a browser that is gone before it has its page holds nobody up', async () => {
  const listener = await listenForCallback()
  const { port } = new URL(listener.redirectUri)
  const arrived = listener.wait('state')
  const browser = connect(Number(port), '127.0.0.1')
  browser.write(`GET /callback?state=state&code=code HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`)
  await arrived
  browser.destroy()
  await once(browser, 'close')
  // The other end hears of it a little later.
  await setTimeout(100)
  listener.tell(true)
  expect(await Promise.race([listener.close().then(() => 'closed'), setTimeout(3_000, 'waits')])).toBe(
    'closed',
  )
})
