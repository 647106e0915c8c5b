import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Browser, createBrowser, findButton } from '../../../scripts/demo/browserless-browser.ts'
import { readForms, readText } from '../../../scripts/demo/browserless-page.ts'

const url = 'http://127.0.0.1:1/sign-in/page?x=1'
const escaped = (text: string): string => text.replace(/[&<>"']/g, one => `&#${one.charCodeAt(0)};`)

describe('the forms of a page', () => {
  it('hold their fields, buttons, method and action', () => {
    const [form, other] = readForms(
      `<FORM method=POST action="/next?a=1&amp;b=2"><input type=hidden name="state" value='a"b'>
       <input name=organisation><input type="checkbox" name="no" value="1"><input type=checkbox name=yes value=1 checked>
       <input type=submit name=go value=Go><button disabled name=off>x</button>
       <button name="login" value="ada">Ada <b>Lind</b></button><button type=button name=js>no</button></FORM>
       <form><button>Search</button></form>`,
      url,
    )
    expect(form).toEqual({
      method: 'POST',
      action: 'http://127.0.0.1:1/next?a=1&b=2',
      fields: new Map([
        ['state', 'a"b'],
        ['organisation', ''],
        ['yes', '1'],
      ]),
      buttons: [
        { name: 'go', value: 'Go' },
        { name: 'login', value: 'ada' },
      ],
    })
    expect(other).toMatchObject({ method: 'GET', action: url, buttons: [{ value: '' }] })
  })

  it('are none of what stands in comments, scripts and styles', () => {
    expect(readForms('<!-- <form><button>a</button></form> --><script>"<form>"</script>', url)).toEqual([])
  })

  it('keep whatever value was written into them', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (state, login) => {
        const html = `<form method="post"><input type="hidden" name="state" value="${escaped(state)}"><button name="login" value="${escaped(login)}">x</button></form>`
        const [form] = readForms(html, url)
        expect(form?.fields.get('state')).toBe(state)
        expect(form?.buttons).toEqual([{ name: 'login', value: login }])
      }),
    )
  })

  it('are read of any text without an error, and soon', () => {
    const piece = fc.constantFrom(
      '<',
      '>',
      '"',
      "'",
      '=',
      ' ',
      '<form',
      '<input ',
      '</form>',
      '<!--',
      '&#',
      ';',
      'a',
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 400 }), pieces => {
        readForms(pieces.join(''), url)
        readText(pieces.join(''))
      }),
    )
    const began = performance.now()
    readForms(`<form ${'a="b" '.repeat(20_000)}`, url)
    readText('<'.repeat(50_000))
    expect(performance.now() - began).toBeLessThan(2_000)
  })
})

describe('the browser without a screen', () => {
  let answer: (request: IncomingMessage, response: ServerResponse) => void
  let seen: { url: string; cookie: string | undefined; body: string; method: string }[]
  let origin: string
  let browser: Browser
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request.setEncoding('utf8')) body += chunk
    seen.push({ url: request.url ?? '', cookie: request.headers.cookie, body, method: request.method ?? '' })
    answer(request, response)
  })
  beforeEach(async () => {
    seen = []
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    browser = createBrowser('http://127.0.0.1:9/callback')
  })
  afterEach(async () => {
    server.closeAllConnections()
    await new Promise(resolve => server.close(resolve))
  })
  const redirect = (response: ServerResponse, location: string, status = 303, cookies: string[] = []) =>
    response.writeHead(status, { location, 'set-cookie': cookies }).end()

  it('keeps cookies by path, forgets those that end, and sends them nowhere else', async () => {
    answer = ({ url: path = '' }, response) => {
      if (path === '/')
        redirect(response, '/a/b', 303, ['one=1; Path=/; HttpOnly', 'two=2; Path=/a', 'six=6; Path=/ab'])
      else if (path === '/a/b')
        redirect(response, '/end', 303, ['one=; Path=/; Max-Age=0', 'three=3; Path=/'])
      else response.end('done')
    }
    expect(await browser.open(`${origin}/`)).toMatchObject({
      status: 200,
      html: 'done',
      url: `${origin}/end`,
    })
    expect(seen.map(({ cookie }) => cookie)).toEqual([undefined, 'one=1; two=2', 'three=3'])
  })

  it('posts a form, and goes on with GET after 303 and with the same after 307', async () => {
    answer = ({ url: path }, response) => {
      if (path === '/one') redirect(response, '/two', 307)
      else if (path === '/two') redirect(response, '/three', 303)
      else response.end()
    }
    const form = {
      action: `${origin}/one`,
      method: 'POST',
      fields: new Map([['a', '1&2']]),
      buttons: [],
    } as const
    await browser.submit(form, { name: 'go', value: 'x' }, { b: 'ü' })
    expect(seen.map(({ method, body }) => [method, body])).toEqual([
      ['POST', 'a=1%262&b=%C3%BC&go=x'],
      ['POST', 'a=1%262&b=%C3%BC&go=x'],
      ['GET', ''],
    ])
  })

  it('stops at the application, and only at that very address', async () => {
    answer = (_, response) => redirect(response, 'http://127.0.0.1:9/callback?code=1')
    expect(await browser.open(origin)).toEqual({ arrived: 'http://127.0.0.1:9/callback?code=1' })
    const narrow = createBrowser('http://127.0.0.1:9/call')
    await expect(narrow.open(origin)).rejects.toBeInstanceOf(TypeError)
  })

  it('does not go round in circles', async () => {
    answer = (_, response) => redirect(response, '/again')
    await expect(browser.open(origin)).rejects.toThrow('More than 12 redirects')
  })

  it('says what the page said where a button is missing', async () => {
    answer = (_, response) =>
      response.writeHead(403).end('<title>x</title><h1>No &amp; never</h1><style>b{}</style>')
    const page = await browser.open(`${origin}/notice?state=secret`)
    expect(() => findButton(page, 'the notice', () => true)).toThrow(
      `${origin}/notice answered 403 without the notice: “x No & never”`,
    )
    expect(() =>
      findButton({ arrived: 'http://h/c?error=access_denied&code=secret' }, 'a page', () => true),
    ).toThrow(/a page: access_denied\.$/)
  })
})
