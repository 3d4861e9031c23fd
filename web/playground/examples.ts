/** In words that the small model has learned (engine/models/README.md), so that they come out well. */
export const EXAMPLES: readonly string[] = [
  'a red circle moves right on a blue background',
  'a yellow star rotates in the night sky with stars',
  'a green heart grows on white',
  'a small pink square bounces over purple',
  'a large orange ring shrinks on black',
  'a white triangle rises at sunset',
]
