import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { getChromium } from '../../../dev/setup/chromium.mjs'

const START_MS = 360_000

let started: Promise<Browser | string> | undefined

async function start(): Promise<Browser | string> {
  const { path, tried } = await getChromium((line) => process.stderr.write(`${line}\n`))
  if (path === null) return `no Chromium: ${tried.join('; ')}`
  // As root it has no sandbox of its own, and small machines have little shared memory.
  return chromium.launch({
    executablePath: path,
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--autoplay-policy=no-user-gesture-required'],
  })
}

// Registered on the root suite by the first test file that imports this: one browser per run.
after(async () => {
  const browser = await started
  if (typeof browser === 'object') await browser.close()
})

/** A page, and everything that went wrong on it. */
export interface Visit {
  readonly page: Page
  readonly context: BrowserContext
  /** Errors on the console and in scripts, what the policy refused, requests to anybody else. */
  readonly wrong: string[]
}

export interface VisitOptions {
  /** The only origin that a page may ask. */
  readonly origin: string
  readonly width?: number
  readonly theme?: 'light' | 'dark'
  /** Answers that are refused on purpose: their console lines are no news. */
  readonly refused?: readonly number[]
}

/**
 * Gives the surrounding suite a real browser. Where none can be had its tests are pending, except in CI,
 * where that is a failure.
 */
export function useBrowser(): (options: VisitOptions) => Promise<Visit> {
  let browser: Browser
  let shared: { readonly context: BrowserContext; readonly opener: Page } | null = null
  const origins = new Set<string>()
  before(async function () {
    this.timeout(START_MS)
    started ??= start()
    const found = await started
    if (typeof found === 'object') browser = found
    else if (process.env.CI) throw new Error(found)
    else {
      process.stderr.write(`${found}\n`)
      this.skip()
    }
  })
  afterEach(async () => {
    if (shared === null) return
    const { context, opener } = shared
    await Promise.all(context.pages().map((page) => (page === opener ? null : page.close())))
    const session = await context.newCDPSession(opener)
    for (const origin of origins) {
      await session.send('Storage.clearDataForOrigin', { origin, storageTypes: 'all' })
    }
    await session.detach()
  })
  after(() => shared?.context.close())
  return async ({ origin, width = 1440, theme = 'light', refused = [] }) => {
    origins.add(origin)
    shared ??= await openShared(browser, origin)
    const { context, opener } = shared
    const [page] = await Promise.all([
      context.waitForEvent('page'),
      opener.evaluate("void window.open('about:blank')"),
    ])
    await page.setViewportSize({ width, height: 900 })
    await page.emulateMedia({ colorScheme: theme })
    const wrong: string[] = []
    page.on('pageerror', (error) => wrong.push(`script: ${error.message}`))
    page.on('console', (message) => {
      const text = message.text()
      const expected = refused.some((status) => text.includes(`status of ${status}`))
      if (message.type() === 'error' && !expected) wrong.push(`console: ${text}`)
    })
    page.on('request', (request) => {
      const { protocol, origin: asked } = new URL(request.url())
      const own = ['blob:', 'data:'].includes(protocol) || asked === origin
      if (!own) wrong.push(`outside request: ${request.url()}`)
    })
    return { page, context, wrong }
  }
}

/**
 * One context for a suite, and a page in it that opens the tests' pages: they share its process, of which each page
 * would otherwise start two or three. What a page keeps in its tab is gone with the page.
 */
async function openShared(browser: Browser, origin: string) {
  const context = await browser.newContext()
  context.setDefaultTimeout(30_000)
  const opener = await context.newPage()
  // With the pages' own policy, or the browser would part them from it.
  const headers = { 'Cross-Origin-Opener-Policy': 'same-origin' }
  await opener.route('**', (route) =>
    route.fulfill({ contentType: 'text/html', headers, body: '' }),
  )
  await opener.goto(origin)
  return { context, opener }
}
