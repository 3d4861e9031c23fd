import type { JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import type { HistoryPoint } from '../api-types.js'
import { count, percent, plural, ppm } from '../format.js'
import { TierBadge } from '../parts/badges.js'
import { TIER_NAMES } from '../words.js'
import {
  LEFT,
  linePath,
  lowestRate,
  type Panel,
  panel,
  RIGHT,
  roundUp,
  scaleOf,
  tierBands,
} from './chart-scale.js'
import { HistoryTable } from './history-table.js'

const HEIGHT = 292
const BAND = { top: 0, height: 20 }
/** Between the two panels. */
const CHEATS_Y = 178

/** Rates and score over the settled intervals, with the tier in each. The table says the same. */
export function HistoryChart({ history }: { history: readonly HistoryPoint[] }): JSX.Element {
  const [box, width] = useWidth()
  const [chosen, setChosen] = useState<number | null>(null)
  const at = Math.min(chosen ?? history.length - 1, history.length - 1)
  const point = history[at]!
  const requests = history.map((p) => rate(p.request_successes, p.request_attempts))
  const checks = history.map((p) => rate(p.checks_passed, p.checks_judged))
  const scores = history.map((p) => p.score_ppm / 1_000_000)
  const scale = scaleOf(history, width)
  const rates = panel(34, 126, lowestRate([...requests, ...checks]), 1)
  const score = panel(196, 70, 0, roundUp(Math.max(...scores)))
  const path = (values: readonly (number | null)[], on: Panel): string =>
    linePath(values.map((v, i) => ({ x: scale.x(history[i]!.n), y: v === null ? null : on.at(v) })))
  const dots = (values: readonly (number | null)[], on: Panel, cls: string): JSX.Element[] =>
    history.length > 40
      ? []
      : values.flatMap((v, i) =>
          v === null
            ? []
            : [<circle key={i} class={cls} cx={scale.x(history[i]!.n)} cy={on.at(v)} r="2.5" />],
        )

  const move = (event: KeyboardEvent): void => {
    const step = { ArrowLeft: -1, ArrowRight: 1, Home: -history.length, End: history.length }[
      event.key
    ]
    if (step === undefined) return
    event.preventDefault()
    setChosen(Math.max(0, Math.min(history.length - 1, at + step)))
  }

  return (
    <div class="chart" ref={box}>
      <p class="readout row" role="status">
        <strong>Interval {point.n}</strong>
        <TierBadge tier={point.tier} />
        <span class="key-requests">
          requests {ratio(point.request_successes, point.request_attempts)}
        </span>
        <span class="key-checks">
          validations {ratio(point.checks_passed, point.checks_judged)}
        </span>
        <span class="key-score">score {ppm(point.score_ppm)}</span>
        {point.cheats > 0 && <span class="verdict-cheat">{plural(point.cheats, 'cheat')}</span>}
      </p>
      <div
        class="plot"
        role="slider"
        tabIndex={0}
        aria-label="Interval of the chart; the table below has all of them"
        aria-valuemin={history[0]!.n}
        aria-valuemax={history.at(-1)!.n}
        aria-valuenow={point.n}
        aria-valuetext={`Interval ${point.n}, ${TIER_NAMES[point.tier]}`}
        onKeyDown={move}
        onPointerMove={(event) => {
          const left = event.currentTarget.getBoundingClientRect().left
          setChosen(scale.nearest(event.clientX - left))
        }}
        onPointerLeave={() => setChosen(null)}
      >
        <svg width={width} height={HEIGHT} aria-hidden="true">
          {tierBands(history).map(({ tier, from, to }, i, bands) => {
            const left = i === 0 ? LEFT : scale.x(from)
            const right = i === bands.length - 1 ? width - RIGHT : scale.x(to)
            return (
              <g key={from} class={`band tier-${tier}`}>
                <rect
                  x={left}
                  y={BAND.top}
                  width={right - left}
                  height={HEIGHT - 26}
                  opacity=".06"
                />
                <rect x={left} y={BAND.top} width={right - left} height="3" />
                {right - left > 70 && (
                  <text x={left + 6} y={BAND.top + 17}>
                    {TIER_NAMES[tier]}
                  </text>
                )}
              </g>
            )
          })}
          <Grid on={rates} width={width} format={(v) => `${Math.round(v * 100)} %`} />
          <Grid on={score} width={width} format={(v) => String(Number(v.toPrecision(2)))} />
          <path class="line checks-line" d={path(checks, rates)} />
          {dots(checks, rates, 'checks-dot')}
          <path class="line requests-line" d={path(requests, rates)} />
          {dots(requests, rates, 'requests-dot')}
          <path class="line score-line" d={path(scores, score)} />
          {dots(scores, score, 'score-dot')}
          {history.some(({ cheats }) => cheats > 0) && (
            <text class="axis" x={LEFT - 7} y={CHEATS_Y + 4} text-anchor="end">
              cheats
            </text>
          )}
          {history.map(
            ({ n, cheats }) =>
              cheats > 0 && (
                <path
                  key={n}
                  class="cheat-mark"
                  d={`M${scale.x(n) - 3} ${CHEATS_Y - 3}l6 6m0 -6l-6 6`}
                />
              ),
          )}
          <line
            class="cursor"
            x1={scale.x(point.n)}
            x2={scale.x(point.n)}
            y1={rates.top}
            y2={score.top + score.height}
          />
          <text class="axis" x={LEFT} y={HEIGHT - 6}>
            interval {history[0]!.n}
          </text>
          {history.length > 1 && (
            <text class="axis" x={width - RIGHT} y={HEIGHT - 6} text-anchor="end">
              {history.at(-1)!.n}
            </text>
          )}
        </svg>
      </div>
      <details>
        <summary>As a table</summary>
        <HistoryTable history={history} />
      </details>
    </div>
  )
}

/** Lowest, middle and highest of a panel. */
function Grid(props: { on: Panel; width: number; format: (v: number) => string }): JSX.Element {
  const { on, width, format } = props
  return (
    <g>
      {[on.low, (on.low + on.high) / 2, on.high].map((v) => (
        <g key={v}>
          <line class="grid" x1={LEFT} x2={width - RIGHT} y1={on.at(v)} y2={on.at(v)} />
          <text class="axis" x={LEFT - 7} y={on.at(v) + 4} text-anchor="end">
            {format(v)}
          </text>
        </g>
      ))}
    </g>
  )
}

function rate(part: number, of: number): number | null {
  return of === 0 ? null : part / of
}

function ratio(part: number, of: number): string {
  const shown = percent(part, of)
  return shown === null ? 'none' : `${shown} (${count(part)}/${count(of)})`
}

/** The chart's width in pixels, so that its text has the same size on every screen. */
function useWidth(): [{ current: HTMLDivElement | null }, number] {
  const box = useRef<HTMLDivElement>(null)
  const [width, setWidth] = useState(600)
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => {
      const wide = Math.floor(entry!.contentRect.width)
      if (wide > 0) setWidth(wide)
    })
    observer.observe(box.current!)
    return () => observer.disconnect()
  }, [])
  return [box, width]
}
