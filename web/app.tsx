import type { JSX } from 'preact'
import { useRef, useState } from 'preact/hooks'
import lazy from 'preact-iso/lazy'
import { LocationProvider, Route, Router, useLocation } from 'preact-iso/router'
import { IntervalPage } from './intervals/interval-page.js'
import { IntervalsPage } from './intervals/intervals-page.js'
import { JudgePage } from './judge/judge-page.js'
import { NetworkPage } from './network/network-page.js'
import { Icon, type IconName, Mark } from './parts/icons.js'
import { Empty } from './parts/notice.js'
import { PageHead } from './parts/section.js'
import { useTitle } from './parts/title.js'
import { PlaygroundPage } from './playground/playground-page.js'
import { ProverPage } from './prover/prover-page.js'
import { nextTheme, setTheme, type Theme, theme } from './theme.js'

const PAGES: readonly (readonly [string, string])[] = [
  ['/', 'Network'],
  ['/intervals', 'Intervals'],
  ['/playground', 'Playground'],
  ['/docs', 'API'],
]

/** Read by few, so it is loaded only when opened. */
const DocsPage = lazy(() => import('./docs/docs-page.js').then((module) => module.DocsPage))

const THEMES: Record<Theme, readonly [IconName, string]> = {
  system: ['system', 'the system’s'],
  light: ['sun', 'light'],
  dark: ['moon', 'dark'],
}

export function App(): JSX.Element {
  const main = useRef<HTMLElement>(null)
  return (
    // Addresses outside the pages leave this app.
    <LocationProvider scope={/^\/(?!openapi|v1\/)/}>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <Top />
      <main class="main" id="main" tabIndex={-1} ref={main}>
        <Router onRouteChange={() => main.current?.focus({ preventScroll: true })}>
          <Route path="/" component={NetworkPage} />
          <Route path="/provers/:hotkey" component={ProverPage} />
          <Route path="/intervals" component={IntervalsPage} />
          <Route path="/intervals/:n" component={IntervalPage} />
          <Route path="/judge" component={JudgePage} />
          <Route path="/playground" component={PlaygroundPage} />
          <Route path="/docs" component={DocsPage} />
          <Route default component={NotFound} />
        </Router>
      </main>
      <footer class="foot">
        <span>Anybody can compute a video again and compare the bytes.</span>
        <a href="/judge">Check the judge</a>
        <a href="/docs">API document</a>
      </footer>
    </LocationProvider>
  )
}

function Top(): JSX.Element {
  const { path } = useLocation()
  const [chosen, setChosen] = useState(theme)
  const [icon, name] = THEMES[chosen]
  const isHere = (href: string): boolean =>
    href === '/' ? path === '/' || path.startsWith('/provers') : path.startsWith(href)
  return (
    <header class="top">
      <div class="top-in">
        <a class="brand" href="/">
          <Mark />
          Fractal
        </a>
        <nav class="nav" aria-label="Pages">
          {PAGES.map(([href, label]) => (
            <a key={href} href={href} aria-current={isHere(href) ? 'page' : undefined}>
              {label}
            </a>
          ))}
        </nav>
        <button
          type="button"
          class="button quiet small"
          aria-label={`Theme: ${name}. Change it`}
          title={`Theme: ${name}`}
          onClick={() => {
            const to = nextTheme(chosen)
            setTheme(to)
            setChosen(to)
          }}
        >
          <Icon name={icon} />
        </button>
      </div>
    </header>
  )
}

function NotFound(): JSX.Element {
  useTitle('Not found')
  return (
    <div class="stack">
      <PageHead title="There is no such page" />
      <Empty title="Nothing at this address">
        <p>
          <a href="/">The network</a>, <a href="/intervals">its intervals</a>, or{' '}
          <a href="/playground">the playground</a>.
        </p>
      </Empty>
    </div>
  )
}
