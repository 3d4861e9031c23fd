import type { JSX } from 'preact'
import circle from './samples/circle.webp'
import heart from './samples/heart.webp'
import ring from './samples/ring.webp'
import square from './samples/square.webp'
import star from './samples/star.webp'
import triangle from './samples/triangle.webp'
import { SAMPLES_MODEL } from './samples-model.js'

/** Each file is the 16 frames of one video side by side. */
const SAMPLES: readonly (readonly [prompt: string, film: string])[] = [
  ['a yellow star rotates in the night sky with stars', star],
  ['a red circle moves right on a blue background', circle],
  ['a white triangle rises at sunset', triangle],
  ['a green heart grows on white', heart],
  ['a large orange ring shrinks on black', ring],
  ['a small pink square bounces over purple', square],
]

/** Sample videos, which move for a moment at first, and when hovered. */
export function Samples(): JSX.Element {
  return (
    <figure class="samples">
      <ul>
        {SAMPLES.map(([prompt, film]) => (
          <li key={prompt}>
            <a href={`/playground?prompt=${encodeURIComponent(prompt)}`} title={prompt}>
              <img src={film} alt={prompt} width="2048" height="128" />
            </a>
          </li>
        ))}
      </ul>
      <figcaption class="muted small">
        Videos of {SAMPLES_MODEL}, the small bundled model. Pick one to make one like it.
      </figcaption>
    </figure>
  )
}
