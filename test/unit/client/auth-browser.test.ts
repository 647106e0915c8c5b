import { describe, expect, it } from 'vitest'
import { browserCommand, startBrowser } from '../../../client/cli/browser.ts'

describe('the browser', () => {
  const url = 'http://127.0.0.1:1/oauth/authorize?a=1&b=$(touch x)'
  it('is the one of the system, and no shell reads the address', () => {
    expect(browserCommand({ env: {} }, url, 'linux')).toEqual(['xdg-open', url])
    expect(browserCommand({ env: {} }, url, 'darwin')).toEqual(['open', url])
    expect(browserCommand({ env: {} }, url, 'win32')).toEqual([
      'rundll32',
      'url.dll,FileProtocolHandler',
      url,
    ])
  })

  it('is that of SALLYPORT_BROWSER where it names one', () => {
    expect(browserCommand({ env: { SALLYPORT_BROWSER: ' node  b.ts ada ' } }, url)).toEqual([
      'node',
      'b.ts',
      'ada',
      url,
    ])
    expect(browserCommand({ env: { SALLYPORT_BROWSER: '' } }, url, 'linux')).toEqual(['xdg-open', url])
  })

  it('that is not there, or fails, says so', async () => {
    expect(await startBrowser(['sallyport-no-such-browser', url])).toBe('could not be started (ENOENT)')
    expect(await startBrowser([process.execPath, '-e', 'process.exit(3)'])).toBe('ended with 3')
    expect(await startBrowser([process.execPath, '--version'])).toBe(undefined)
  })
})
