import type { JSX } from 'preact'

/** Strokes in a 16 × 16 box; the words next to them say what they mean. */
const PATHS = {
  check: 'M3.5 8.5l3 3 6-7',
  cross: 'M4 4l8 8M12 4l-8 8',
  bang: 'M8 3v6M8 12.4v.1',
  question: 'M5.8 6.1a2.3 2.3 0 1 1 3.2 2.1c-.7.400-1 .8-1 1.6M8 12.4v.1',
  dash: 'M4 8h8',
  copy: 'M6 6h7v7H6zM3 10V3h7',
  sun: 'M8 5.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6M8 1.5v1.3M8 13.2v1.3M1.5 8h1.3M13.2 8h1.3M3.4 3.4l.9.900M11.7 11.7l.9.900M12.6 3.4l-.9.900M4.3 11.7l-.9.900',
  moon: 'M13 9.7A5.6 5.6 0 0 1 6.3 3a5.3 5.3 0 1 0 6.7 6.7z',
  system: 'M2 3h12v8H2zM6 13.5h4M8 11v2.5',
  up: 'M8 13V3.5M4 7l4-4 4 4',
  down: 'M8 3v9.5M4 9l4 4 4-4',
  key: 'M10.5 2.5a3 3 0 1 1-2 5.2L3 13.2V11h2V9.2h1.8l.9-.9',
  play: 'M5 3.5v9l7.5-4.5z',
  download: 'M8 2.5v7.5M4.8 7L8 10.2 11.2 7M3 13.3h10',
  link: 'M6 4H3v9h9v-3M9 3h4v4M13 3L7.5 8.5',
  dice: 'M3 3h10v10H3zM5.8 5.8v.1M10.2 5.8v.1M8 8v.1M5.8 10.2v.1M10.2 10.2v.1',
  clock: 'M8 2.2a5.8 5.8 0 1 0 0 11.6A5.8 5.8 0 0 0 8 2.2M8 5v3.2l2 1.3',
} as const

export type IconName = keyof typeof PATHS

export function Icon({ name }: { name: IconName }): JSX.Element {
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
      <path
        d={PATHS[name]}
        fill="none"
        stroke="currentColor"
        stroke-width="1.6"
        stroke-linecap="round"
        stroke-linejoin="round"
      />
    </svg>
  )
}

export function Mark(): JSX.Element {
  return (
    <svg viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="7" fill="var(--accent-fill)" />
      <g fill="#fff">
        <path d="M16 6l4.6 8h-9.2z" />
        <path d="M11.4 15.2l4.6 8H6.8z" />
        <path d="M20.6 15.2l4.6 8H16z" opacity=".72" />
      </g>
    </svg>
  )
}
