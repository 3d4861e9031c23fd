/** Grouped digits: `14,000`. */
const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })
const clock = new Intl.DateTimeFormat('en-GB', {
  year: 'numeric',
  month: 'short',
  day: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
})

export function count(n: number): string {
  return whole.format(n)
}

/** `1 check`, `3 checks`. */
export function plural(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`
}

/** Parts per million as a decimal, for scores and factors. */
export function ppm(value: number, digits = 4): string {
  return (value / 1_000_000).toFixed(digits)
}

/** `97.3 %`; null if `of` is 0. */
export function percent(part: number, of: number): string | null {
  return of === 0 ? null : `${Number(((100 * part) / of).toFixed(2))} %`
}

/** The beginning and end of a hotkey or hash, which people compare by eye. */
export function short(text: string, head = 6, tail = 4): string {
  return text.length <= head + tail + 1 ? text : `${text.slice(0, head)}…${text.slice(-tail)}`
}

/** A date and time in the reader's time zone. */
export function time(iso: string | number): string {
  return clock.format(new Date(iso))
}

const STEPS: readonly [number, string][] = [
  [86_400, 'd'],
  [3_600, 'h'],
  [60, 'min'],
]

/** `just now`, `42 s ago`, `3 min ago`. */
export function ago(then: number, now: number): string {
  const seconds = Math.max(0, Math.round((now - then) / 1000))
  if (seconds < 2) return 'just now'
  return `${duration(seconds)} ago`
}

/** Seconds in the largest unit that fits. */
export function duration(seconds: number): string {
  for (const [size, unit] of STEPS) {
    if (seconds >= size) return `${Math.floor(seconds / size)} ${unit}`
  }
  return `${Math.round(seconds)} s`
}
