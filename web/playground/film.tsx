import type { JSX } from 'preact'

/** A strip with a place for each frame, filled as they arrive. */
export function Film({
  count,
  frames,
}: {
  count: number
  frames: readonly (string | undefined)[]
}): JSX.Element | null {
  const arrived = frames.filter((frame) => frame !== undefined).length
  if (arrived === 0) return null
  return (
    <div class="film" role="img" aria-label={`${arrived} of ${count} frames have arrived`}>
      {Array.from({ length: count }, (_, i) => (
        <span key={i}>{frames[i] !== undefined && <img src={frames[i]} alt="" />}</span>
      ))}
    </div>
  )
}
