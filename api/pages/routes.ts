import { fileURLToPath } from 'node:url'
import type { Express, RequestHandler, Response } from 'express'
import { notFound, only } from '../http/allowed-methods.js'
import { readPages, type StoredFile } from './static-files.js'

/** Where `npm run build:web` puts the pages. */
const BUILT = fileURLToPath(new URL('../../web/dist/', import.meta.url))

/** The addresses that are pages; the script that they all load shows the right one. */
const PAGES = [
  '/',
  '/provers/:hotkey',
  '/intervals',
  '/intervals/:n',
  '/judge',
  '/playground',
  '/docs',
]

/** What the pages load. */
const FILES = ['/assets/:name', '/theme.js', '/favicon.svg']

/**
 * Everything comes from here, nothing inline: markup that got into a page could load and run nothing.
 * Pictures of frames are data:, videos and frames that were checked are blob:.
 */
const POLICY = [
  "default-src 'self'",
  "img-src 'self' data: blob:",
  "media-src 'self' blob:",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ')

const NOT_BUILT =
  'The pages are not built here: run `npm run build:web`. The API is under /v1, its document at /openapi.json.\n'

/** The dashboard, the playground and `/docs`; without a build, one line that says so. */
export function mountPages(app: Express, folder = BUILT): void {
  const files = readPages(folder)
  const index = files?.get('/index.html')
  if (files === null || index === undefined) {
    const sayNotBuilt: RequestHandler = (_req, res) => void res.type('text/plain').send(NOT_BUILT)
    app.route('/').get(sayNotBuilt).all(only('GET'))
    return
  }
  for (const path of PAGES) {
    app
      .route(path)
      .get((req, res) => sendFile(req, secured(res), index))
      .all(only('GET'))
  }
  const sendStored: RequestHandler = (req, res) => {
    const file = files.get(req.path)
    if (file === undefined) throw notFound(req)
    sendFile(req, res, file)
  }
  for (const path of FILES) {
    app.route(path).get(sendStored).all(only('GET'))
  }
  app.use((req, res, next) => {
    const isPage = req.method === 'GET' || req.method === 'HEAD'
    // Programs ask for JSON or for anything; only browsers prefer a page.
    if (isPage && !req.path.startsWith('/v1/') && req.accepts(['json', 'html']) === 'html') {
      sendFile(req, secured(res).status(404), index)
    } else next()
  })
}

function secured(res: Response): Response {
  return res.set({
    'Content-Security-Policy': POLICY,
    'Referrer-Policy': 'no-referrer',
    'Cross-Origin-Opener-Policy': 'same-origin',
  })
}

function sendFile(req: Parameters<RequestHandler>[0], res: Response, file: StoredFile): void {
  // Ours, the best first: browsers list theirs in no order of preference.
  const accepted = [...file.encodings.keys()].find((name) => req.acceptsEncodings(name) !== false)
  const encoding = accepted ?? 'identity'
  res.vary('Accept-Encoding').set({
    'Content-Type': file.type,
    // A name with a hash never has other bytes; the rest is asked for again each time.
    'Cache-Control': file.immutable ? 'public, max-age=31536000, immutable' : 'no-cache',
    ETag: `"${file.sha256}-${encoding}"`,
  })
  if (encoding !== 'identity') res.set('Content-Encoding', encoding)
  if (res.statusCode === 200 && req.fresh) {
    res.status(304).end()
    return
  }
  const bytes = file.encodings.get(encoding)!
  res.set('Content-Length', String(bytes.length))
  res.end(req.method === 'HEAD' ? undefined : bytes)
}
