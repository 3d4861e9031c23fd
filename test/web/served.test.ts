import assert from 'node:assert/strict'
import { readdirSync, statSync } from 'node:fs'
import { request } from 'node:http'
import { fileURLToPath } from 'node:url'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import type { Client } from '@temporalio/client'
import express from 'express'
import { mountPages } from '../../api/pages/routes.js'
import { type ApiServer, serveApi } from '../../api/server.js'
import { awayDatabase, awayTemporal, startApi } from '../api/server.js'

const DIST = fileURLToPath(new URL('../../web/dist/', import.meta.url))
/** Bytes of script, uncompressed, in all pages. */
const SCRIPT_BUDGET = 180_000

interface Got {
  status: number
  headers: Record<string, string | string[] | undefined>
  body: Buffer
}

/** As sent: fetch would unpack it. */
function get(url: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Got> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { method, headers, agent: false }, (res) => {
      const parts: Buffer[] = []
      res.on('data', (part: Buffer) => parts.push(part))
      res.once('end', () =>
        resolve({ status: res.statusCode!, headers: res.headers, body: Buffer.concat(parts) }),
      )
      res.once('error', reject)
    })
    asked.once('error', reject)
    asked.end()
  })
}

const PAGES = ['/', '/intervals', '/intervals/7', '/provers/5abc', '/playground', '/docs']

const BROWSER = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' }

describe('the pages, served', () => {
  let server: ApiServer
  let temporal: Client
  const db = awayDatabase()
  before(async () => {
    temporal = awayTemporal()
    server = await startApi({ db, temporal, verifierId: { netuid: 1, verifier: 'v' } })
  })
  after(async () => {
    await server?.close()
    await temporal?.connection.close()
    await db.close()
  })
  const at = (path: string, headers?: Record<string, string>, method?: string) =>
    get(server.url + path, headers, method)
  const asset = (ending: RegExp) =>
    `/assets/${readdirSync(`${DIST}assets`).find((name) => ending.test(name))!}`

  it('come under their addresses, asked for anew each time, with a policy that allows nothing inline', async () => {
    for (const path of PAGES) {
      const { status, headers, body } = await at(path, BROWSER)
      assert.equal(status, 200, path)
      assert.equal(headers['content-type'], 'text/html; charset=utf-8')
      assert.equal(headers['cache-control'], 'no-cache')
      assert.match(String(headers['content-security-policy']), /^default-src 'self'; /)
      assert.doesNotMatch(String(headers['content-security-policy']), /unsafe|\*/)
      assert.equal(headers['referrer-policy'], 'no-referrer')
      assert.doesNotMatch(body.toString(), /<script(?![^>]* src=)|<style| on[a-z]+=/)
    }
  })

  it('load files that never change, packed as the browser likes it', async () => {
    const path = asset(/^index-.*\.js$/)
    const plain = await at(path)
    assert.equal(plain.headers['content-encoding'], undefined)
    assert.equal(plain.headers['content-type'], 'text/javascript; charset=utf-8')
    assert.equal(plain.headers['cache-control'], 'public, max-age=31536000, immutable')
    const br = await at(path, { 'accept-encoding': 'gzip, deflate, br' })
    assert.equal(br.headers['content-encoding'], 'br')
    assert.deepEqual(brotliDecompressSync(br.body), plain.body)
    const gzip = await at(path, { 'accept-encoding': 'gzip' })
    assert.deepEqual(gunzipSync(gzip.body), plain.body)
    assert.notEqual(br.headers.etag, gzip.headers.etag)
    for (const { headers, body } of [plain, br, gzip]) {
      assert.equal(headers.vary, 'Accept-Encoding')
      assert.equal(headers['content-length'], String(body.length))
    }
    const again = await at(path, { 'if-none-match': String(plain.headers.etag) })
    assert.deepEqual([again.status, again.body.length], [304, 0])
    const head = await at(path, {}, 'HEAD')
    assert.deepEqual([head.status, head.body.length], [200, 0])
    assert.equal(head.headers['content-length'], plain.headers['content-length'])
    assert.equal((await at(asset(/\.css$/))).headers['content-type'], 'text/css; charset=utf-8')
    assert.equal((await at(asset(/\.webp$/))).headers['content-type'], 'image/webp')
    assert.equal((await at('/favicon.svg')).headers['content-type'], 'image/svg+xml')
  })

  it('say what is not there to browsers as a page, to programs as a problem', async () => {
    const page = await at('/nothing', BROWSER)
    assert.equal(page.status, 404)
    assert.equal(page.headers['content-type'], 'text/html; charset=utf-8')
    for (const [path, headers] of [
      ['/nothing', {}],
      ['/nothing', { accept: 'application/json' }],
      ['/v1/nothing', BROWSER],
      ['/assets/nothing.js', {}],
      ['/assets/..%2f..%2fpackage.json', {}],
      ['/.made-of', {}],
      ['/index.html.br', {}],
    ] as const) {
      const got = await at(path, headers)
      assert.equal(got.status, 404, path)
      assert.match(String(got.headers['content-type']), /^application\/problem\+json/, path)
    }
    const posted = await at('/playground', {}, 'POST')
    assert.deepEqual([posted.status, posted.headers.allow], [405, 'OPTIONS, HEAD, GET'])
  })

  it('have all in all less script than the budget', () => {
    const own = readdirSync(DIST, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.js'),
    )
    const bytes = own.reduce((sum, name) => sum + statSync(DIST + name).size, 0)
    assert.ok(bytes > 50_000, 'the pages are built')
    assert.ok(bytes < SCRIPT_BUDGET, `${bytes} bytes of script`)
  })

  it('are missed in one plain line where nobody built them', async () => {
    const app = express()
    mountPages(app, '/nowhere/')
    const bare = await serveApi(app, { host: '127.0.0.1', port: 0 })
    try {
      const { status, headers, body } = await get(`${bare.url}/`)
      assert.equal(status, 200)
      assert.match(String(headers['content-type']), /^text\/plain/)
      assert.match(body.toString(), /^The pages are not built here: run `npm run build:web`.*\n$/)
    } finally {
      await bare.close()
    }
  })
})
